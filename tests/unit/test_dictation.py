"""What a dictation model writes is looked at before it is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.scores import scores
from voice.errors import HuyingError
from voice.grammar.free import FreeSpeech
from voice.mandarin.characters import COMMON
from voice.mandarin.phones import phone_set
from voice.mandarin.readings import ReadingsTable
from voice.net.loading import Net
from voice.pcm import Floats
from voice.speech import worker
from voice.speech.acoustics import FRAME_S
from voice.speech.whisper import FILES, Candidate, Passage, Transcript, Whisper, believed, invented
from voice.speech.worker import Worker, WorkerError
from voice.station.choice import Chooser, ratios, said, units_of, written
from voice.station.scribe import GIVEN_UP, Scribe, Transcripts
from voice.talk.facts import DeviceChanged, Fact, OverHeard, Transcribed


@pytest.mark.parametrize(
    ("text", "log_probability", "no_speech", "seconds", "why"),
    [
        ("地下室门被撬了,有一个男的", -0.4, 0.1, 3.0, ""),
        ("东门有人打架,请派人过来", -0.85, 0.5, 3.0, ""),
        ("电话八八八八八八八", -0.4, 0.1, 3.0, "a repeated loop"),
        ("电话88888888", -0.4, 0.1, 3.0, ""),
        ("……", -0.2, 0.1, 2.0, "no words"),
        ("好的", -0.9, 0.8, 2.0, "no speech"),
        ("东门有人打架", -1.4, 0.1, 2.0, "too unsure"),
        ("小小小小小小小小小小小小小小小小小小小小", -0.3, 0.1, 9.0, "a repeated loop"),
        ("请各单位注意观察发现走失老人马上报告情况", -0.4, 0.1, 0.8, "more than can be said in that time"),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", -0.3, 0.2, 5.0, "a phrase of its training"),
        ("为上网上习近习近习近习近", -0.6, 0.1, 4.0, "a repeated loop"),
        ("而是普通话难备靠远处", -0.6, 0.1, 4.0, "a phrase of its training"),
        ("字幕by索兰娅", -0.3, 0.2, 3.0, "a phrase of its training"),
    ],
)
def test_what_is_shown(text: str, log_probability: float, no_speech: float, seconds: float, why: str) -> None:
    assert believed(text, log_probability, no_speech, seconds) == why


@pytest.fixture(scope="module")
def readings(net: Net) -> ReadingsTable:
    return net.readings


@pytest.fixture(scope="module")
def chooser(net: Net, readings: ReadingsTable) -> Chooser:
    return Chooser(readings, "standard", FreeSpeech(replace(net.costs, filler=1.5)), COMMON)


def passage(frames: Floats, *texts: tuple[str, float] | tuple[str, float, str]) -> list[Passage]:
    """What Whisper offers: (text, log-probability, why it would not be believed)."""
    seconds = len(frames) * FRAME_S
    offered = [
        Candidate(t, p, len(t) + 1, rest[0] if rest else "", bool(invented(t, seconds))) for t, p, *rest in texts
    ]
    return [Passage(0.0, seconds, tuple(offered))]


def test_the_ear_chooses_among_texts(chooser: Chooser) -> None:
    heard = scores("- di xia shi men bei qiao le - you yi ge nan de -")
    offered = passage(heard, ("地下室门被敲了,有一个蓝的", -8.0), ("地下室门被撬了,有一个男的", -9.0))
    assert chooser.choose(offered, heard).text == "地下室门被撬了,有一个男的"


def test_places_are_taken_from_several_texts(chooser: Chooser) -> None:
    heard = scores("di xia shi men bei qiao le you yi ge nan de")
    offered = passage(heard, ("地下室门被叫了有一个男的", -8.0), ("地下思门被撬了有一个兰的", -9.0))
    assert chooser.choose(offered, heard).text == "地下室门被撬了有一个男的"


def test_what_no_text_has_is_written_as_it_sounds(chooser: Chooser) -> None:
    heard = scores("dong men you ren da jia qing pai ren guo lai", frames=3)
    found = chooser.choose(passage(heard, ("东门有人打车请派人过来", -4.0)), heard)
    assert found.text == f"东门有人打{COMMON['jia']}请派人过来"


def test_a_text_that_the_ear_contradicts_is_not_shown(chooser: Chooser) -> None:
    heard = scores("di xia shi men bei qiao le")
    found = chooser.choose(passage(heard, ("我们昨天晚上很高兴", -2.0)), heard)
    assert (found.text, found.suppressed) == ("", "nothing in common with what was heard")


def test_an_unsure_text_that_the_ear_confirms_is_shown(chooser: Chooser) -> None:
    heard = scores("di xia shi men bei qiao le")
    assert chooser.choose(passage(heard, ("地下室门被撬了", -15.0, "too unsure")), heard).text == "地下室门被撬了"
    short = scores("hao")
    assert chooser.choose(passage(short, ("好", -3.0, "too unsure")), short).suppressed == "too unsure"
    assert chooser.choose(passage(short, ("好", -0.3)), short).text == "好"


def test_what_nobody_says_is_never_shown(chooser: Chooser) -> None:
    heard = scores("qing bu lin dian zan ding yue")
    found = chooser.choose(passage(heard, ("请不吝点赞订阅", -1.0, "a phrase of its training")), heard)
    assert (found.text, found.suppressed) == ("", "a phrase of its training")


def test_silence_and_nothing_at_all_have_no_text(chooser: Chooser) -> None:
    assert chooser.choose([], scores("- -")).suppressed == "too short"
    nothing = np.zeros((0, phone_set().toneless), np.float32)
    assert chooser.choose(passage(scores("hao"), ("……", -1.0, "no words")), nothing).suppressed == "no words"


def test_half_a_minute_at_a_time(chooser: Chooser) -> None:
    """Each passage has frames of its own; one without a text leaves a gap."""
    one, two = scores("dong men you ren da jia"), scores("qing pai ren guo lai")
    first, second = passage(one, ("东门有人打架", -2.0))[0], passage(two, ("请派人过来", -2.0))[0]
    second = replace(second, start=first.end, end=first.end + second.end)
    assert chooser.choose([first, second], np.concatenate([one, two])).text == "东门有人打架请派人过来"
    assert chooser.choose([first, second], np.concatenate([one, one[::-1]])).text == "东门有人打架"


def test_a_number_is_read_as_people_say_it(readings: ReadingsTable) -> None:
    rows = [said(u) for u in units_of("12度", readings)]
    assert rows == [("yao", "er", "du"), ("yi", "er", "du"), ("shi", "er", "du")]
    assert [said(u) for u in units_of("東?", readings)] == [("dong",)]
    assert said(units_of("60%", readings)[-1]) == ("bai", "fen", "zhi", "liu", "shi")
    assert written(units_of("A区12号,😀", readings)[0]) == "A区12号,😀"


def test_ratios_do_not_depend_on_what_else_is_compared() -> None:
    heard = scores("dong men you ren")
    alone = ratios(heard, [["dong", "men", "you", "ren"]], "standard")
    among = ratios(
        heard, [["dong", "men", "you", "ren"], ["xi", "men"], [], ["dong", "men", "you", "ren", "ma", "ma"]], "standard"
    )
    assert among[0] == pytest.approx(alone[0]) and among[0] == max(among) and among[2] == -math.inf
    assert among[0] / 4 > 3
    toned = np.concatenate([heard, np.full((len(heard), 380), 9.0, np.float32)], 1)
    assert ratios(toned, [["dong", "men", "you", "ren"]], "standard") == alone


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_lacks_is_named_and_looked_for_nowhere_else(name: str, tmp_path: Path) -> None:
    for other in FILES:
        if other != name:
            (tmp_path / other).touch()
    with pytest.raises(HuyingError, match=f"{name}: is missing; run “huying models pull whisper-base”"):
        Whisper(tmp_path)


def test_a_worker_that_hangs_is_ended_after_some_of_its_usual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LEAST_S", 0.2)
    echo = Worker("tests.helpers.echo", "the echo", 60.0, 60.0, 6.0)
    try:
        assert echo.limit() == 60.0
        for _ in range(worker.KNOWN + 1):
            assert echo.ask({"seconds": 0.05}) == {"seconds": 0.05}
        usual = echo.limit()
        assert 0.3 <= usual < 60.0 and echo.limit(3.0) == 3 * usual
        first = echo.pid
        with pytest.raises(WorkerError, match=f"the echo gave no answer in {usual:.0f} s"):
            echo.ask({"seconds": 600.0})
        assert echo.limit() == min(60.0, 2 * usual), "the machine may only be busy"
        assert echo.ask({"seconds": 0.0}) and echo.pid != first, "started again"
    finally:
        echo.close()


class Dying(Worker):
    """Fails at every job."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, job: dict[str, Any], size: float = 1.0) -> dict[str, Any]:
        self.asked += 1
        raise WorkerError("dictation (whisper-base) ended unexpectedly; run “huying doctor”")

    def close(self) -> None:
        pass


def test_our_own_ear_goes_on_where_the_model_fails(net: Net, tmp_path: Path) -> None:
    def own(passages: Sequence[Passage]) -> Transcript:
        assert [p.candidates for p in passages] == [()]
        return Transcript("东门有人打架", 0.6)

    def over(number: int) -> OverHeard:
        return OverHeard(
            t=9.0, over=number, start=8.0, end=9.0, speech_start=8.0, speech_end=9.0, clip="", level_db=-20.0,
            outcome="unclear", speaker="unknown", callees=(), caller=None, to_all=False, meanings=(), text="",
            pinyin="", confidence=0.0, doubled=False,
        )  # fmt: skip

    dying, facts = Dying(), list[Fact]()
    scribe = Scribe(tmp_path / "whisper-base", net, dying)
    texts = Transcripts(scribe.engine, True, facts.append)
    for number in range(GIVEN_UP + 2):
        texts.follow(over(number), lambda: scribe.submit(np.zeros(8000, np.int16), own))
    texts.finish(9.0)
    scribe.close()
    assert [(f.over, f.engine) for f in facts if isinstance(f, Transcribed)] == [(k, "own") for k in range(5)]
    assert [f.what for f in facts if isinstance(f, DeviceChanged)] == ["no_dictation"]  # told once
    assert dying.asked == GIVEN_UP
