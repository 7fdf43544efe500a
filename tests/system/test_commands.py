"""The dispatcher tells the assistant what to do, by voice: read back, cancelled, carried out, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from voice.bench.air import Air, Habit
from voice.errors import FilesError
from voice.journal.event import Event
from voice.journal.rolls import sessions
from voice.journal.store import Journal
from voice.measure.channel import Channel
from voice.measure.simulate import PerfectEar
from voice.net.loading import Net, load_net
from voice.pcm import Frame
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import Ear, open_ear
from voice.station.microphone import Microphone
from voice.station.station import Station
from voice.talk.by_hand import Corrected
from voice.talk.commands import (
    ANSWERED,
    READ_BACK,
    answer,
    code_of_the_day,
    code_words,
    obstacle,
    read_back,
    unauthorised,
)
from voice.talk.control import command_heard
from voice.talk.facts import Announced, Called, Commanded, Fact, OverHeard, RollBegan
from voice.talk.rollcall import RollCall

ROSTER = (
    "编号,名称,呼号,组别,位置,责任民警,电话\n101,省残联,省残联,机构,,社区民警一,\n"
    "102,贾岗社区治安队,贾岗社区治安队;贾岗社区,社区,,,\n103,警察学院,警察学院,校园,,,\n"
)
NOON = datetime(2026, 6, 5, 4, 5, tzinfo=UTC)


def three_units(folder: Path, settings: str) -> Net:
    (folder / "net.toml").write_text(settings, "utf-8")
    (folder / "roster.csv").write_text(ROSTER, "utf-8")
    return load_net(folder)


@pytest.fixture(scope="module")
def obeying(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Net:
    """A net of three units whose assistant answers to 呼应助手."""
    settings = (net.folder / "net.toml").read_text("utf-8")
    settings = settings.replace("[timing]", 'assistant = "呼应助手"\n[timing]')
    return three_units(tmp_path_factory.mktemp("obeying"), settings)


@pytest.fixture(scope="module")
def obeying_ear(obeying: Net) -> Ear:
    return open_ear(obeying)


@pytest.mark.parametrize(
    "said, command, unit",
    [
        ("呼应助手,开始点名", "roll_start", None),
        ("呼应助手,暂停点名", "roll_pause", None),
        ("呼应助手,继续点名", "roll_resume", None),
        ("呼应助手,停止点名", "roll_end", None),
        ("呼应助手,点名结束", "roll_end", None),
        ("呼应助手,点名暂停", "roll_pause", None),
        ("呼应助手,跳过", "roll_skip", None),
        ("呼应助手,呼叫贾岗社区", "call_unit", "102"),
        ("呼应助手,重新呼叫未应答单位", "call_missing", None),
        ("呼应助手,谁没有应答", "who_is_missing", None),
        ("呼应助手,播报警情", "read_alert", None),
        ("呼应助手,播报,今晚八点到派出所开会,收到请回答", "own_words", None),
        ("呼应助手,播报,明天十点开始点名", "own_words", None),
        ("呼应助手,重复一遍", "repeat_last", None),
        ("呼应助手,省残联记为已到", "mark_present", "101"),
        ("呼应助手,现在几点", "tell_time", None),
        ("呼应助手,省残联的负责人是谁", "tell_officer", "101"),
        ("呼应助手,省残联的社区民警是哪位", "tell_officer", "101"),
        ("呼应助手,省残联民警的电话是多少", "tell_phone", "101"),
        ("呼应助手,省残联的电话号码是多少", "tell_phone", "101"),
        ("呼应助手,呼叫省残联附近的单位", "call_near", "101"),
        ("呼应助手,呼叫省残联周围的单位", "call_near", "101"),
        ("呼应助手,谁没应答", "who_is_missing", None),
        ("呼应助手,取消", "cancel", None),
        ("呼应助手,晚上打羽毛球", "", None),
    ],
)
def test_commands_are_understood_after_our_call_sign(obeying: Net, said: str, command: str, unit: str | None) -> None:
    perfect = PerfectEar(obeying)
    message = perfect._interpreter.interpret(perfect.hypothesis(said, 0, 3))
    assert message.addressed and message.understood
    assert (message.acts[0].meaning if message.acts else "") == command
    assert (message.acts[0].slots.get("unit") if message.acts else None) == unit


def test_without_our_call_sign_nothing_is_a_command(obeying: Net, net: Net) -> None:
    perfect = PerfectEar(obeying)
    for said in ("取消", "重新呼叫未应答单位", "省残联记为已到"):
        message = perfect._interpreter.interpret(perfect.hypothesis(said, 0, 3))
        assert not message.addressed and not message.acts
    at_the_desk = perfect._interpreter.interpret(perfect.hypothesis("取消", 0, 3), addressed=True)
    assert at_the_desk.acts[0].meaning == "cancel"
    assert not any("取消" in t.pieces for t in net.lexicon.templates), "a net without assistant has no such phrases"


def test_what_is_read_back_and_answered(obeying: Net) -> None:
    assert read_back(obeying, "roll_start") == "收到,开始点名。"
    assert read_back(obeying, "mark_present", ("102",)) == "收到,贾岗社区治安队记为已到。"
    assert read_back(obeying, "call_unit", ("101", "102")) == "收到,呼叫省残联、贾岗社区治安队。"
    assert answer(obeying, "tell_time", (), None, "", datetime(2026, 6, 5, 10, 30)) == "现在时间十点三十分。"
    assert answer(obeying, "tell_officer", ("101",), None, "", NOON) == "省残联的负责人是社区民警一。"
    assert answer(obeying, "tell_officer", ("103",), None, "", NOON) == "警察学院没有登记负责人。"
    roll = RollCall(
        ("101", "102", "103"), 1, results={"101": "answered", "102": "silent", "103": "silent"}, closed=True
    )
    assert answer(obeying, "who_is_missing", (), roll, "", NOON) == "未应答两个:贾岗社区治安队、警察学院。"
    assert answer(obeying, "repeat_last", (), None, "点名完毕。", NOON) == "点名完毕。"
    for text in (
        *(read_back(obeying, c, ("101",)) for c in READ_BACK),
        *(answer(obeying, c, ("101",), roll, "", NOON) for c in ANSWERED),
    ):
        assert obeying.readings.read(text), "can be spoken"


def test_what_cannot_be_done_now_is_said() -> None:
    running, done = RollCall(("1",), 1), RollCall(("1",), 1, results={"1": "answered"}, closed=True)
    assert obstacle("roll_pause", (), done, "") == "现在没有点名"
    assert obstacle("roll_start", (), running, "") == "正在点名" and obstacle("roll_start", (), done, "") is None
    assert obstacle("call_missing", (), done, "") == "没有未应答单位"
    assert obstacle("call_unit", (), None, "") == "没有听清单位"
    assert obstacle("read_alert", (), None, "") == "没有通知"


Run = Callable[..., tuple[Station, list[Fact], list[str]]]


@pytest.fixture
def run(obeying: Net, obeying_ear: Ear, synthesiser: Synthesiser) -> Run:
    """``run(orders, seconds, habits)``: the dispatcher says each of ``orders`` (time, words) on the air."""

    def go(
        orders: list[tuple[float, str]],
        seconds: float,
        habits: dict[str, Habit] | None = None,
        ear: Ear = obeying_ear,
    ) -> tuple[Station, list[Fact], list[str]]:
        facts: list[Fact] = []
        told: list[str] = []
        air = Air(obeying, synthesiser, habits or {}, Channel(snr_db=25.0), seed=2)

        def take(_event: Event, fact: Fact) -> None:
            facts.append(fact)
            air.heard(fact)

        with Journal("sqlite://") as journal:
            station = Station(
                ear,
                journal,
                Transmitter(NoPtt(), air.play, lambda: air.now),
                Announcer(obeying, synthesiser),
                take,
                told.append,
                wall=lambda: NOON + timedelta(seconds=air.now),
            )
            left = sorted(orders)
            for now in station.run(air, NOON):
                while left and now >= left[0][0]:
                    air.say(left.pop(0)[1], 0.0)
                if now > seconds:
                    air.end()
            station.sheet = list(sessions(journal.events()))  # type: ignore[attr-defined]
        return station, facts, told

    return go


def outcomes(facts: list[Fact]) -> list[tuple[str, str | None, str]]:
    return [(f.command, f.unit, f.status) for f in facts if isinstance(f, Commanded)]


def said(facts: list[Fact]) -> list[str]:
    return [f.text for f in facts if isinstance(f, Announced)]


def test_a_roll_call_by_voice(run: Run) -> None:
    station, facts, _ = run([(1.0, "呼应助手,开始点名")], 75, {"103": "absent"})
    assert outcomes(facts) == [("roll_start", None, "heard"), ("roll_start", None, "done")]
    assert said(facts)[0] == "收到,开始点名。" and station.roll is not None and station.roll.here == ("101", "102")
    began = next(k for k, f in enumerate(facts) if isinstance(f, RollBegan))
    reply = next(k for k, f in enumerate(facts) if isinstance(f, Announced))
    assert facts[began].t - facts[reply].t >= 3.0 - 1e-6, "time to cancel"


@pytest.mark.parametrize("words", ["呼应助手,取消", "取消,取消"])
def test_a_command_is_cancelled_in_time(run: Run, words: str) -> None:
    _, facts, _ = run([(1.0, "呼应助手,呼叫贾岗社区"), (8.2, words)], 25)
    assert outcomes(facts) == [
        ("call_unit", "102", "heard"),
        ("cancel", None, "heard"),
        ("call_unit", "102", "cancelled"),
    ]
    assert said(facts) == ["收到,呼叫贾岗社区治安队。", "已取消。"] and not any(isinstance(f, Called) for f in facts)


def test_calling_a_unit_and_marking_it(run: Run) -> None:
    orders = [(1.0, "呼应助手,呼叫警察学院"), (40.0, "呼应助手,警察学院记为已到"), (60.0, "呼应助手,现在几点")]
    station, facts, _ = run(orders, 75, {"103": "absent"})
    assert [f.unit for f in facts if isinstance(f, Called)] == ["103"]
    (corrected,) = (f for f in facts if isinstance(f, Corrected))
    assert corrected.unit == "103" and corrected.corrects > 0
    (session,) = station.sheet  # type: ignore[attr-defined]
    assert [(c.unit, c.result, c.grade) for c in session.calls] == [("103", "answered", "human")]
    assert said(facts)[-1] == "现在时间十二点零六分。"


def test_an_order_to_two_units_is_carried_out_for_both(run: Run) -> None:
    orders = [(1.0, "呼应助手,呼叫贾岗社区和警察学院"), (40.0, "呼应助手,省残联记为已到")]
    _, facts, _ = run(orders, 60)
    assert said(facts)[0] == "收到,呼叫贾岗社区治安队、警察学院。"
    assert [f.unit for f in facts if isinstance(f, Called)] == ["102", "103"]
    assert said(facts)[-1] == "没有呼叫过省残联。" and not any(isinstance(f, Corrected) for f in facts)


def test_the_dispatchers_own_words_are_passed_on_as_they_were_said(obeying: Net, run: Run) -> None:
    """Read back with their figures, kept with the journal, transmitted as sound behind our own call to everybody."""
    perfect = PerfectEar(obeying)
    heard = command_heard(
        perfect._interpreter.interpret(perfect.hypothesis("呼应助手,播报,今晚八点开会", 0, 3)), 0.0, 1
    )
    assert heard.figures == ("今天晚上8:00",) and 1.2 < heard.begins < 2.2 and heard.ends == 0.0
    assert read_back(obeying, "own_words", (), heard.figures) == "收到,播报原话,今天晚上8:00。"
    _, facts, told = run([(1.0, "呼应助手,播报,今晚请各位把门窗关好")], 45)
    assert [(c, s) for c, _, s in outcomes(facts)] == [("own_words", "heard"), ("own_words", "done")]
    assert not told
    first, passed_on = (f for f in facts if isinstance(f, Announced))
    assert first.text.startswith("收到,播报原话") and (passed_on.purpose, passed_on.text) == ("words", "各单位注意。")
    (over,) = (f for f in facts if isinstance(f, OverHeard))
    assert passed_on.clip and passed_on.clip != over.clip
    assert 2.0 < passed_on.t - passed_on.keyed < 8.0


def test_own_words_that_were_not_said(run: Run) -> None:
    _, facts, _ = run([(1.0, "呼应助手,播报")], 15)
    assert outcomes(facts)[-1][2] == "refused" and said(facts) == ["没有听到要播报的话。"]


def test_an_answer_is_repeated(run: Run) -> None:
    _, facts, _ = run([(1.0, "呼应助手,省残联的民警是谁"), (14.0, "呼应助手,再说一遍")], 26)
    assert said(facts) == ["省残联的负责人是社区民警一。"] * 2


def test_refusals_and_other_talk(run: Run) -> None:
    orders = [(1.0, "呼应助手,暂停点名"), (14.0, "呼应助手,晚上一起去打羽毛球吧"), (26.0, "昨天仓库已经清点过了")]
    _, facts, _ = run(orders, 40)
    assert outcomes(facts)[:2] == [("roll_pause", None, "heard"), ("roll_pause", None, "refused")]
    assert said(facts) == ["现在没有点名。", "没听懂,请再说一遍。"]
    assert all(status in ("heard", "refused") for _, _, status in outcomes(facts))


def test_the_sample_file_shows_how(own_net: Callable[..., Path]) -> None:
    text = (own_net() / "net.toml").read_text("utf-8")
    assert "assistant" in text and "[station]" in text and "schedule" in text


def test_the_dispatchers_own_microphone(obeying: Net, obeying_ear: Ear, synthesiser: Synthesiser) -> None:
    """No call sign is needed there; what is no command leaves nothing."""
    air = Air(obeying, synthesiser, {}, Channel(snr_db=30.0, tail_s=0.0), seed=3)
    air.say("晚上一起去打羽毛球吧", 0.5)
    air.say("暂停点名", 6.0)
    air.say("省残联记为已到", 12.0)

    class Until:
        """Ends the source by itself."""

        name, damage = air.name, air.damage
        began: datetime | None = None
        duration: float | None = None

        def frames(self) -> Iterator[Frame]:
            for frame in air.frames():
                if air.now > 18:
                    air.end()
                yield frame

    microphone = Microphone(obeying_ear, Until(), air.end)
    microphone._thread.join(60)
    commands = [(m.acts[0].meaning, m.acts[0].slots) for m, _ in microphone.messages()]
    microphone.close()
    assert commands == [("roll_pause", {}), ("mark_present", {"unit": "101"})]


@pytest.fixture(scope="module")
def guarded(obeying: Net, tmp_path_factory: pytest.TempPathFactory) -> Net:
    """The same net, but its assistant asks for the code of the day."""
    settings = (obeying.folder / "net.toml").read_text("utf-8")
    settings = settings.replace("[station]", '[station]\ncommands = "code"\ncode_key = "a secret"')
    return three_units(tmp_path_factory.mktemp("guarded"), settings)


@pytest.fixture(scope="module")
def guarded_ear(guarded: Net) -> Ear:
    return open_ear(guarded)


def code_on(net: Net, day: date) -> str:
    return code_of_the_day(code_words(net), "a secret", day)


def test_a_command_with_the_code_of_the_day(run: Run, guarded: Net, guarded_ear: Ear) -> None:
    today = code_on(guarded, date(2026, 6, 5))
    _, facts, _ = run([(1.0, f"呼应助手,呼叫贾岗社区,{today}")], 25, ear=guarded_ear)
    assert outcomes(facts)[-1] == ("call_unit", "102", "done"), [f for f in facts if isinstance(f, Commanded)]
    assert [f.unit for f in facts if isinstance(f, Called)] == ["102"]


@pytest.mark.parametrize("yesterday", [False, True], ids=["no code", "that of yesterday"])
def test_without_the_code_nothing_is_done(run: Run, guarded: Net, guarded_ear: Ear, yesterday: bool) -> None:
    spoken = "," + code_on(guarded, date(2026, 6, 4)) if yesterday else ""
    _, facts, _ = run([(1.0, f"呼应助手,呼叫贾岗社区{spoken}")], 20, ear=guarded_ear)
    assert outcomes(facts) == [("call_unit", "102", "heard"), ("call_unit", "102", "refused")]
    assert said(facts) == ["口令不对。"] and not any(isinstance(f, Called) for f in facts)


def test_only_the_dispatchers_own_microphone_is_obeyed() -> None:
    assert unauthorised("microphone", True, "呼应助手 开始点名", "") == "只听本地话筒"
    assert unauthorised("microphone", False, "开始点名", "") == ""
    assert unauthorised("code", False, "开始点名", "风调雨顺") == ""
    assert unauthorised("air", True, "呼应助手 开始点名", "") == ""


def test_codes_of_the_day(guarded: Net, obeying: Net, own_net: Callable[..., Path]) -> None:
    codes = [code_on(guarded, date(2026, 1, 1) + timedelta(days=k)) for k in range(366)]
    assert not any(codes[k] in codes[max(0, k - 12) : k] for k in range(366))
    assert len(set(codes)) == len(code_words(guarded)) == 24
    assert code_words(obeying) == (), "a net that asks for no code does not listen for them"
    others = [code_of_the_day(code_words(guarded), "other", date(2026, 1, 1) + timedelta(days=k)) for k in range(366)]
    assert others != codes
    settings = (guarded.folder / "net.toml").read_text("utf-8")
    with pytest.raises(FilesError, match="needs a code_key"):
        load_net(own_net(settings=settings.replace('code_key = "a secret"', "")))
