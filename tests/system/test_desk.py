"""What makes a running station act: requests, the schedule, a roll-call that a crash has left; carrier detect."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.journals import acknowledged
from tests.helpers.rig import Rig
from tests.helpers.waiting import paced, real_time, until
from voice.audio.streams import Raw, UdpStream
from voice.bench.air import Air, Habit
from voice.errors import FilesError, HuyingError
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.mandarin.numerals import for_the_air
from voice.net.loading import Net, load_net
from voice.net.schedule import due, parse_slot
from voice.pcm import RATE, Pcm16
from voice.radio import sense as sense_module
from voice.radio.ptt import PttSettings
from voice.radio.ptt.kept import KeptPtt
from voice.radio.ptt.none import NoPtt
from voice.radio.sense import CarrierSense
from voice.radio.transmitter import TransmitSettings, Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.agenda import Agenda, give_up, open_alert, unfinished
from voice.station.announcer import Announcer
from voice.station.ear import Ear
from voice.station.requests import AlertRequest, RollRequest, WithdrawRequest, put
from voice.station.station import RETRY_S, Station
from voice.talk.alert import Alert
from voice.talk.facts import (
    AlertEnded,
    Announced,
    Called,
    Fact,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
)
from voice.talk.rollcall import RollCall, evolve_roll, next_move
from voice.talk.welfare import WelfareTimer

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def test_slots() -> None:
    assert parse_slot("10:00").days == frozenset(range(7))
    assert parse_slot("Mon-Fri 9:30") == parse_slot("周一至周五 09:30")
    assert parse_slot("Sat-Mon 8:00").days == {5, 6, 0} and parse_slot("星期天 8:00").days == {6}
    for wrong in ("25:00", "10.00", "Mum 10:00", "周八 10:00"):
        with pytest.raises(ValueError, match="“"):
            parse_slot(wrong)


def test_due_once_and_not_again_when_the_clock_is_set_back() -> None:
    slots = (parse_slot("Mon-Fri 10:00"),)
    ten = MONDAY.replace(hour=10)
    second = timedelta(seconds=1)
    assert due(slots, ten - second, ten, UTC) and not due(slots, ten, ten + second, UTC)
    assert not due(slots, ten + second, ten - timedelta(hours=1), UTC), "set back by an hour"
    assert not due(slots, ten - timedelta(hours=3), ten + timedelta(hours=1), UTC), "slept through it"
    assert not due(slots, ten - second + timedelta(days=5), ten + timedelta(days=5), UTC), "Saturday"
    midnight = (parse_slot("00:00"),)
    assert due(midnight, MONDAY - second, MONDAY + second, UTC)


def with_schedule(net: Net, slot: str) -> str:
    """The sample net's settings with this schedule."""
    return (net.folder / "net.toml").read_text("utf-8").replace("[rollcall]\n", f'[rollcall]\nschedule = ["{slot}"]\n')


def test_a_wrong_schedule_is_found_with_its_line(own_net: Callable[..., Path], net: Net) -> None:
    settings = with_schedule(net, "10 o'clock")
    with pytest.raises(FilesError, match=r"net\.toml:\d+: rollcall\.schedule.*10:00"):
        load_net(own_net(settings=settings))


@pytest.mark.parametrize(
    "written, spoken",
    [
        ("10:30在3号楼集合", "十点三十分在三号楼集合"),
        ("22:05", "二十二点零五分"),
        ("8:00到", "八点整到"),
        ("豫A12345,2辆车", "豫A12345,两辆车"),
        ("电话63521234", "电话63521234"),
        ("6月5日", "六月五日"),
        ("20%", "百分之二十"),
        ("拨打110", "拨打110"),
    ],
)
def test_figures_as_they_are_spoken(written: str, spoken: str) -> None:
    assert for_the_air(written) == spoken


def begun() -> list[Fact]:
    """A roll-call of three units, cut off while the second is called."""
    session = SessionBegan(t=0, source="", net="", net_sha256="", model="", model_sha256="", began="", clock="known")
    return [
        session,
        RollBegan(t=1, units=("101", "102", "103"), rounds=2),
        Announced(t=2, keyed=1, text="", purpose="opening"),
        Called(t=3, exchange=1, unit="101", over=0, attempt=1, to_all=False, question=""),
        acknowledged(4, exchange=1, over=1),
        Called(t=6, exchange=2, unit="102", over=0, attempt=1, to_all=False, question=""),
    ]


def test_an_interrupted_roll_call_goes_on_where_it_stood(tmp_path: Path) -> None:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(begun(), MONDAY)
        roll = unfinished(journal)
        assert roll is not None and roll.here == ("101",)
    resumed = evolve_roll(evolve_roll(roll, begun()[0]), RollMarked(t=0, mark="resume", over=0))
    move = next_move(resumed)
    assert move is not None and (move.purpose, move.unit) == ("call", "102"), "whoever was being called is called again"


@pytest.fixture
def station(ear: Ear, net: Net, synthesiser: Synthesiser) -> Iterator[tuple[Station, list[str], list[Fact]]]:
    """A station on the bench that is not run: facts are recorded, nothing is sent."""
    told: list[str] = []
    facts: list[Fact] = []
    air = Air(net, synthesiser, {})
    with Journal("sqlite://") as journal:
        yield (
            Station(
                ear,
                journal,
                Transmitter(NoPtt(), air.play, lambda: air.now),
                Announcer(net, synthesiser),
                lambda _e, f: facts.append(f),
                told.append,
            ),
            told,
            facts,
        )


def test_the_desk_carries_out_orders(station: tuple[Station, list[str], list[Fact]], tmp_path: Path) -> None:
    one, told, facts = station
    desk = Agenda(one, tmp_path, told.append)
    put(tmp_path, RollRequest("pause"))
    desk.attend(1.0)
    assert "no roll-call is running" in told[0]
    put(tmp_path, RollRequest("start", ("社区",), 3))
    desk.attend(2.0)
    assert isinstance(facts[-1], RollBegan) and facts[-1].rounds == 3 and len(facts[-1].units) < 42
    put(tmp_path, RollRequest("start"))
    desk.attend(2.1)
    assert len(told) == 1, "the folder is looked at five times a second"
    desk.attend(3.0)
    assert "a roll-call is running" in told[1]
    put(tmp_path, RollRequest("skip"))
    desk.attend(4.0)
    assert isinstance(facts[-1], RollMarked) and facts[-1].mark == "skip"
    put(tmp_path, AlertRequest("第一个", ("101",)))
    put(tmp_path, AlertRequest("第二个", ("101",)))
    desk.attend(5.0)
    desk.attend(6.0)
    assert one.alerting and len(list(tmp_path.glob("*.json"))) == 1, "the second waits in the folder"
    assert one.roll is not None
    give_up(one, one.roll, 7.0)
    assert isinstance(facts[-1], RollEnded) and not facts[-1].complete and not one.calling_roll


Reading = Callable[..., tuple[Station, list[Fact], list[float]]]


@pytest.fixture
def reading(ear: Ear, net: Net, synthesiser: Synthesiser) -> Reading:
    """``reading(path, alert, units, act, longest_s)``: a session on the bench in which ``act`` is called after every
    frame, until it says that it is over; station, facts, length of every transmission in s."""

    def run(
        path: Path,
        act: Callable[[Station, float], bool],
        alert: Alert | None = None,
        longest_s: float = 60.0,
        habits: dict[str, Habit] | None = None,
    ) -> tuple[Station, list[Fact], list[float]]:
        air = Air(net, synthesiser, habits or {}, seed=1)
        facts: list[Fact] = []
        sent: list[float] = []

        def play(pcm: Pcm16) -> None:
            sent.append(len(pcm) / RATE)
            air.play(pcm)

        def take(_event: Event, fact: Fact) -> None:
            facts.append(fact)
            air.heard(fact)

        with Journal(str(path)) as journal:
            transmitter = Transmitter(NoPtt(), play, lambda: air.now, TransmitSettings(longest_s=longest_s))
            one = Station(ear, journal, transmitter, Announcer(net, synthesiser), take, alert=alert)
            for now in one.run(air, MONDAY):
                assert now < 300
                if act(one, now):
                    air.end()
            assert list(verify(journal, clips=False)) == []
        return one, facts, sent

    return run


NAMES = ("101", "102", "103", "113", "105")
LONG = "东风路发现走失儿童,男孩,六岁,身高一米二,穿红色上衣,蓝色裤子。请各单位在门前和路口留意,发现后留住孩子,马上报告"


def test_an_alert_longer_than_the_time_out_timer_is_read_in_parts(reading: Reading, tmp_path: Path) -> None:
    def act(one: Station, now: float) -> bool:
        if one.alert is None:
            one.raise_alert(LONG, NAMES, repeat=1)
        return not one.alerting

    one, facts, sent = reading(tmp_path / "log.sqlite", act, longest_s=12.0)
    assert len(sent) > 4 and max(sent) <= 12.0 and min(sent) > 3.0
    said = [f for f in facts if isinstance(f, Announced)]
    assert [f.purpose for f in said] == ["alert", "closing_alert"], "one announcement, with all of its words"
    assert said[0].text.count(LONG) == 2 and said[0].t - said[0].keyed == pytest.approx(sum(sent[:-1]), abs=1.0)
    assert one.alert is not None and len(one.alert.answers) >= 4


def test_where_a_long_announcement_is_cut(net: Net, synthesiser: Synthesiser) -> None:
    speaker = Announcer(net, synthesiser)
    text = f"各单位注意,{LONG}。"
    whole = speaker.say(text)
    assert len(speaker.parts(text, len(whole) / RATE + 1)) == 1
    parts = speaker.parts(text, 12.0)
    assert all(len(p) <= 12.0 * RATE for p in parts) and 2 <= len(parts) <= 4
    assert sum(map(len, parts)) == pytest.approx(len(whole), rel=0.2)
    assert all(len(p) <= 2.0 * RATE for p in speaker.parts("一二三四五六七八九十" * 3, 2.0)), "without a mark"


def test_an_alert_is_withdrawn_through_the_folder(reading: Reading, tmp_path: Path) -> None:
    desks: list[Agenda] = []
    told: list[str] = []

    def act(one: Station, now: float) -> bool:
        if not desks:
            desks.append(Agenda(one, tmp_path / "requests", told.append))
            put(tmp_path / "requests", WithdrawRequest(by="王"))
        desks[0].attend(now)
        if told and one.alert is None:
            one.raise_alert("请加强夜间巡逻", NAMES)
        if one.alert is not None and one.alert.read and one.alerting:
            put(tmp_path / "requests", WithdrawRequest(by="王"), "again")
        return one.alert is not None and one.alert.closed and now > 60

    _, facts, _ = reading(tmp_path / "log.sqlite", act, habits=dict.fromkeys(NAMES, "absent"))
    assert "no alert is being read" in told[0] and len(told) == 1
    (ended,) = [f for f in facts if isinstance(f, AlertEnded)]
    assert ended.by == "王" and len(ended.silent) == 5
    assert sum(isinstance(f, Announced) for f in facts) == 1, "neither read again nor counted aloud"


def test_an_alert_that_a_crash_has_left_is_read_to_those_who_have_not_answered(
    reading: Reading, tmp_path: Path
) -> None:
    log = tmp_path / "log.sqlite"

    def crash(one: Station, now: float) -> bool:
        if one.alert is None:
            one.raise_alert("请加强夜间巡逻", NAMES[:3])
        return len(one.alert.answers) == 1 if one.alert else False

    one, *_ = reading(log, crash)
    assert one.alert is not None
    (answered,) = one.alert.answers
    with Journal(str(log)) as journal:
        assert open_alert(journal, "二号") is None
        found = open_alert(journal)
    assert found is not None
    alert, raised = found
    assert alert.answers.keys() == {answered} and raised >= MONDAY and alert.interrupted

    def go_on(one: Station, now: float) -> bool:
        if now > 3 and one.alert is not None and one.alert.interrupted:
            one.resume_alert()
        return not one.alerting

    one, facts, _ = reading(log, go_on, alert)
    said = [f for f in facts if isinstance(f, Announced)]
    assert said[0].keyed > 3 and set(said[0].units) == set(NAMES[:3]) - {answered}
    assert [f for f in facts if isinstance(f, AlertEnded)] == [
        AlertEnded(t=said[-1].t, alert=alert.id, answered=3, silent=())
    ]
    with Journal(str(log)) as journal:
        assert open_alert(journal) is None


def test_a_folder_that_cannot_be_used_is_told_once(
    station: tuple[Station, list[str], list[Fact]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, told, _ = station
    desk = Agenda(one, tmp_path, told.append)
    put(tmp_path, AlertRequest("通知", ("101",)))

    def refused(*_: object) -> Path:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as m:
        m.setattr(Path, "replace", refused)
        for k in range(5):
            desk.attend(float(k))
    assert len(told) == 1 and "Permission denied" in told[0] and not one.alerting, "never carried out again and again"
    desk.attend(6.0)
    assert one.alerting


def test_what_names_units_that_the_roster_has_lost(ear: Ear, net: Net, synthesiser: Synthesiser) -> None:
    """A roll-call, an alert and a timer from before the roster was edited: those units are left out, and told."""
    told: list[str] = []
    air = Air(net, synthesiser, {}, seed=1)
    roll = RollCall(units=("998", "101"), rounds=1, opened=True)
    alert = Alert(1, "请加强夜间巡逻", ("997", "102"), 1, True, False)
    with Journal("sqlite://") as journal:
        one = Station(
            ear,
            journal,
            Transmitter(NoPtt(), air.play, lambda: air.now),
            Announcer(net, synthesiser),
            lambda _e, f: air.heard(f),
            told.append,
            roll=roll,
            alert=alert,
            watches={"999": WelfareTimer("999", 60, 0)},
        )
        for now in one.run(air, MONDAY):
            assert now < 200
            if now < 1:
                one.resume_alert()
                one.mark(RollMarked(t=now, mark="resume", over=0))
            if one.roll is not None and one.roll.closed:
                air.end()
        facts = [e.fact() for e in journal.events()]
    assert "997、998、999" in told[0]
    (ended,) = [f for f in facts if isinstance(f, RollEnded)]
    assert ended.complete and ended.missing == ()
    assert {f.unit for f in facts if isinstance(f, Called)} == {"101", "102"}


def test_the_schedule_starts_a_roll_call_once(
    own_net: Callable[..., Path], net: Net, ear: Ear, synthesiser: Synthesiser
) -> None:
    settings = with_schedule(net, "10:00")
    mine = load_net(own_net(settings=settings))
    wall = [datetime(2026, 6, 5, 1, 59, 59, tzinfo=UTC)]  # 9:59:59 in the net's zone
    facts: list[Fact] = []
    air = Air(mine, synthesiser, {})
    with Journal("sqlite://") as journal:
        one = Station(
            ear,
            journal,
            Transmitter(NoPtt(), air.play, lambda: 0.0),
            Announcer(mine, synthesiser),
            lambda _e, f: facts.append(f),
        )
        one.net = mine
        desk = Agenda(one, None, lambda _t: None, lambda: wall[0])
        for k, at in enumerate((0, 2, 4, -3600, 30)):
            wall[0] = datetime(2026, 6, 5, 1, 59, 59, tzinfo=UTC) + timedelta(seconds=at)
            desk.attend(float(k))
    assert [type(f) for f in facts] == [RollBegan]


def test_a_fault_of_the_line_leaves_the_log_running(ear: Ear, net: Net, synthesiser: Synthesiser) -> None:
    """The transmitter fails twice: it is told, tried again, and the roll-call is called to its end."""
    told: list[str] = []
    air = Air(net, synthesiser, {}, seed=1)
    faults = [2]

    class Broken(NoPtt):
        def key(self) -> None:
            if faults[0]:
                faults[0] -= 1
                raise HuyingError("the cable is out")

    with Journal("sqlite://") as journal:
        one = Station(
            ear,
            journal,
            Transmitter(Broken(), air.play, lambda: air.now),
            Announcer(net, synthesiser),
            lambda _e, f: air.heard(f),
            told.append,
        )
        started = False
        for now in one.run(air, MONDAY):
            if not started:
                one.start_roll(("101",))
                started = True
            assert one.roll is not None and now < 200
            if one.roll.closed:
                air.end()
        assert one.roll is not None and one.roll.here == ("101",) and now > 2 * RETRY_S
    assert [t for t in told if "the cable is out" in t] == told and len(told) == 2


def test_a_voice_that_is_not_there_is_named(own_net: Callable[..., Path], net: Net, synthesiser: Synthesiser) -> None:
    settings = (net.folder / "net.toml").read_text("utf-8").replace('variant = "f2"', 'variant = "nobody"')
    with pytest.raises(HuyingError, match=r"no voice “nobody”; there is: .*f2"):
        Announcer(load_net(own_net(settings=settings)), synthesiser)


def test_carrier_detect_of_a_rig(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hamlib's dummy rig says busy and clear in turn; one that is away is busy, for a time."""
    monkeypatch.setattr(sense_module, "UNKNOWN_S", 1.5)
    settings = PttSettings("rigctld", rig.settings.device, carrier="rigctld")
    faults: list[str] = []
    line = KeptPtt(settings)
    sense = CarrierSense(line, faults.append)
    try:
        seen = set()
        assert until(lambda: seen.add(sense.busy()) or seen == {True, False})  # type: ignore[func-returns-value]
        rig.stop()
        assert until(lambda: bool(faults)) and sense.busy()
        assert "rigctld" in faults[0] or "keeper" in faults[0]
        assert until(lambda: not sense.busy()) and len(faults) == 1, "told once; then the sound says who talks"
        rig.start()
        assert until(lambda: len(faults) == 2) and "again" in faults[1]
        seen.clear()
        assert until(lambda: seen.add(sense.busy()) or seen == {True, False})  # type: ignore[func-returns-value]
    finally:
        sense.close()
        line.close()


def test_udp_audio_and_the_silence_between() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = UdpStream(port, raw=Raw(48000))

    def send() -> None:
        real_time(0.5)
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(24000) / 48000)).astype("<i2").tobytes()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for k in paced(range(0, len(tone), 960), 0.004):
                out.sendto(tone[k : k + 960], ("127.0.0.1", port))
        real_time(0.6)
        source.ended = True

    sender = threading.Thread(target=send)
    sender.start()
    pcm = np.concatenate([f.pcm for f in source.frames()])
    sender.join()
    loud = np.abs(pcm) > 4000
    assert 0.3 * RATE < loud.argmax() < 1.2 * RATE, "time goes on before the sender begins"
    assert len(pcm) - len(loud) + loud[::-1].argmax() > 0.3 * RATE and not pcm[-800:].any()
    assert np.abs(pcm).max() == pytest.approx(8000, rel=0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        with pytest.raises(HuyingError, match="in use"):
            next(UdpStream(port).frames())


def test_what_cannot_be_said_does_not_hold_up_the_rest(
    ear: Ear, net: Net, synthesiser: Synthesiser, tmp_path: Path
) -> None:
    """A reply, an alert and a question with a letter that nobody can read: left out, told; the rest is said."""
    told: list[str] = []
    air = Air(net, synthesiser, {}, seed=1)
    with Journal("sqlite://") as journal:
        one = Station(
            ear,
            journal,
            Transmitter(NoPtt(), air.play, lambda: air.now),
            Announcer(net, synthesiser),
            lambda _e, f: air.heard(f),
            told.append,
        )
        units = tuple(replace(u, question="是否Ω正常") if u.id == "102" else u for u in net.units)
        one.net = replace(net, units=units)
        for now in one.run(air, MONDAY):
            assert now < 200
            if one.roll is None:
                one.say("请Ω讲")
                one.say("测试")
                one.raise_alert("发现Ω", ("101",))
                one.start_roll(("101", "102"), 1)
            elif one.roll.closed:
                air.end()
        facts = [e.fact() for e in journal.events()]
    assert len(told) == 3 and all("cannot be said" in t and "Ω" in t for t in told)
    said = [f.text for f in facts if isinstance(f, Announced)]
    assert said[0] == "测试" and "省残联" in said[2] and len(said) == 4
    assert [f.by for f in facts if isinstance(f, AlertEnded)]
    assert one.roll is not None and one.roll.results == {"101": "answered"} and one.roll.skipped == ("102",)
