"""The voice family: which one speaks and why, clause by clause, and what happens when it fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from voice.errors import HuyingError
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Floats
from voice.speech import voices
from voice.speech.synthesiser import Synthesiser
from voice.speech.voices import ENGINES, WORD, Choice, Engine, choose, open_voice
from voice.speech.voices.kokoro import KokoroSpeaker
from voice.speech.voices.standby import Standby
from voice.speech.worker import WorkerError
from voice.station.announcer import Announcer, Unreadable
from voice.station.prompts import open_prompts


class Slow:
    """A voice that notes what it is given; a tenth of a second a syllable."""

    name, by_clause = "slow", True

    def __init__(self) -> None:
        self.said: list[list[str]] = []
        self.failing = False
        self.closed = False

    def say(self, text: str, syllables: Sequence[str]) -> tuple[Floats, int]:
        if self.failing:
            raise WorkerError("the neural voice ended unexpectedly")
        self.said.append(list(syllables))
        return np.full(len(syllables) * RATE // 10, 0.5, np.float32), RATE

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setitem(voices.ENGINES, "kokoro", Engine(lambda: "", lambda _c, _s, _p: made))
    return made


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def speaker(slow: Slow, net: Net, synthesiser: Synthesiser, told: list[str]) -> Announcer:
    return Announcer(net, synthesiser, told.append)


def test_without_extras_espeak_speaks_and_it_says_why() -> None:
    name, why = choose("auto")
    assert name == "espeak" and "kokoro: " in why and ("huying models pull" in why or "[voice]" in why)
    assert choose("espeak") == ("espeak", "as [voice] engine says")
    with pytest.raises(HuyingError, match=f"no voice engine “festival”; there is: auto, {', '.join(ENGINES)}"):
        choose("festival")


def test_a_wanted_engine_that_is_not_here_is_told_once(synthesiser: Synthesiser, tmp_path: Path) -> None:
    told: list[str] = []
    voice = open_voice(Choice("kokoro"), synthesiser, tmp_path, told.append)
    assert voice.name == "espeak f2"
    assert len(told) == 1 and "kokoro cannot speak" in told[0]


@pytest.mark.parametrize("engine", ["auto", "kokoro"])
def test_what_stands_in_for_an_engine_has_a_speaker_of_its_own(
    engine: str, synthesiser: Synthesiser, tmp_path: Path
) -> None:
    told: list[str] = []
    voice = open_voice(Choice(engine, "zf_xiaoxiao"), synthesiser, tmp_path, told.append)
    assert voice.name == "espeak f2"
    assert len(told) == 1 and "kokoro" in told[0]
    with pytest.raises(HuyingError, match="no voice “zf_xiaoxiao”; there is: f1"):
        open_voice(Choice("espeak", "zf_xiaoxiao"), synthesiser, tmp_path, told.append)


def test_a_misspelled_speaker_of_the_best_engine_is_an_error(
    monkeypatch: pytest.MonkeyPatch, synthesiser: Synthesiser, tmp_path: Path
) -> None:
    def unknown(*_: object) -> Slow:
        raise HuyingError("no voice “zf_xiaoxaio”; there is: zf_xiaoxiao")

    monkeypatch.setitem(voices.ENGINES, "kokoro", Engine(lambda: "", unknown))
    with pytest.raises(HuyingError, match="there is: zf_xiaoxiao"):
        open_voice(Choice("auto", "zf_xiaoxaio"), synthesiser, tmp_path)


def test_a_clause_at_a_time_with_words_and_marks(speaker: Announcer, slow: Slow) -> None:
    speaker.say("省残联,省残联,门前秩序是否良好?请回答。")
    assert [s[-1] for s in slow.said] == [",", ",", "?", "."]
    assert slow.said[0] == slow.said[1] == ["sheng3", "can2", "lian2", ","]
    assert WORD in slow.said[2] and slow.said[2][:2] == ["men2", "qian2"]


def test_a_long_clause_begins_with_a_short_piece(speaker: Announcer, slow: Slow) -> None:
    pieces = speaker.pieces("今天晚上八点请在东门集合带好手电筒和对讲机", 59.0)
    made = [len(p()) for p in pieces]
    assert len(pieces) == 3 and made[0] == min(made)
    assert "".join(s for row in slow.said for s in row if s not in (WORD, ".")).startswith(
        "jin1tian1wan3shang4ba1dian3"
    )


def test_figures_are_not_torn_apart(speaker: Announcer, slow: Slow) -> None:
    speaker.say("请联系电话13812345678转分机")
    rows = ["".join(s for s in row if s not in (WORD, ".", ",")) for row in slow.said]
    assert any("yao1san1ba1yao1er4san1si4wu3liu4qi1ba1" in row for row in rows), rows


def test_what_cannot_be_read_is_told_before_anything_is_said(speaker: Announcer, slow: Slow) -> None:
    with pytest.raises(Unreadable, match="☎"):
        speaker.pieces("各单位注意,请打☎", 59.0)
    assert slow.said == []


def test_what_is_known_is_made_ahead(speaker: Announcer, slow: Slow) -> None:
    speaker.prepare(["省残联,请回答。", "请打☎", "点名完毕。"])
    assert speaker._preparing is not None
    speaker._preparing.join(20)
    assert [s[-1] for s in slow.said] == [",", ".", "."]
    speaker.close()
    assert slow.closed


def test_recorded_prompts_between_clauses(
    slow: Slow, own_net: Callable[..., Path], net: Net, synthesiser: Synthesiser
) -> None:
    import soundfile

    settings = (net.folder / "net.toml").read_text("utf-8").replace("[station]", '[station]\nprompts = "prompts"', 1)
    folder = own_net(settings=settings)
    (folder / "prompts").mkdir()
    silence = np.zeros(RATE)
    soundfile.write(
        str(folder / "prompts" / "省残联.wav"), np.concatenate([silence, 0.1 * np.ones(RATE), silence]), RATE
    )
    said = Announcer(load_net(folder), synthesiser).say("省残联,请回答。")
    assert [row[-1] for row in slow.said] == ["."]
    assert RATE < len(said) < 2 * RATE


def test_a_prompt_is_found_by_figures_in_its_name(tmp_path: Path) -> None:
    for name in ("3号楼.wav", "102.wav"):
        (tmp_path / name).touch()
    assert {"三号楼", "102"} <= open_prompts(tmp_path).recordings.keys()


@pytest.mark.parametrize("damaged", [b"", b"RIFF", bytes(5000), None])
def test_a_prompt_that_cannot_be_played_is_spoken_and_told_once(
    damaged: bytes | None, slow: Slow, own_net: Callable[..., Path], net: Net, synthesiser: Synthesiser, told: list[str]
) -> None:
    import soundfile

    settings = (net.folder / "net.toml").read_text("utf-8").replace("[station]", '[station]\nprompts = "prompts"', 1)
    folder = own_net(settings=settings)
    with pytest.raises(HuyingError, match="there is no folder"):
        Announcer(load_net(folder), synthesiser)
    (folder / "prompts").mkdir()
    prompt = folder / "prompts" / "省残联.wav"
    if damaged is None:
        soundfile.write(str(prompt), np.zeros(RATE), RATE)
    else:
        prompt.write_bytes(damaged)
    speaker = Announcer(load_net(folder), synthesiser, told.append)
    for piece in [*speaker._pieces("省残联,请回答。"), *speaker._pieces("省残联,请回答。")]:
        piece()
    assert len(slow.said) == 4 and len(told) == 1 and "省残联.wav" in told[0]


def test_a_voice_that_dies_is_replaced_and_told_once(speaker: Announcer, slow: Slow, told: list[str]) -> None:
    assert isinstance(speaker.voice, Standby) and speaker.voice.name == "slow"
    slow.failing = True
    for _ in range(3):
        assert len(speaker.say("省残联,收到请回答。")) > RATE // 2  # espeak-ng says it
    assert len(told) == 1 and "slow cannot speak, espeak f2 does" in told[0]
    assert not speaker.voice.by_clause


def test_the_worker_names_what_is_wrong_with_the_model(tmp_path: Path) -> None:
    voice = KokoroSpeaker(tmp_path, "zf_xiaoxiao", 1.0, tmp_path / "cache")
    try:
        with pytest.raises(WorkerError, match=r"kokoro\.onnx: is missing; run “huying models pull kokoro-82m-zh”"):
            voice.say("收到", ["shou1", "dao4", "."])
        assert voice.worker.pid is not None  # it lives on
        os.kill(voice.worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match=r"ended unexpectedly|gave no answer"):
            voice.say("收到", ["shou1", "dao4", "."])
        with pytest.raises(WorkerError, match="is missing"):
            voice.say("收到", ["shou1", "dao4", "."])
    finally:
        voice.close()


def test_the_neural_voice_speaks(tmp_path: Path) -> None:
    """Where HUYING_KOKORO names a folder that was pulled."""
    folder = Path(os.environ.get("HUYING_KOKORO", "-"))
    if not (folder / "kokoro.onnx").is_file():
        pytest.skip("HUYING_KOKORO names no folder of the model")
    pytest.importorskip("onnxruntime")
    voice = KokoroSpeaker(folder, "zm_yunxi", 1.2, tmp_path)
    try:
        samples, rate = voice.say("省残联", ["sheng3", "can2", "lian2", ","])
        assert rate == RATE and 0.6 < len(samples) / rate < 2.0 and np.abs(samples).max() > 0.5
        voice.worker.close()
        again, _ = voice.say("省残联", ["sheng3", "can2", "lian2", ","])
        assert voice.worker.pid is None  # out of the cache
        np.testing.assert_array_equal(samples, again)
    finally:
        voice.close()
