"""Timers and polls: who was not heard in time, and who answers first."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.helpers.command import huying
from voice.bench.air import Air, Habit
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.measure.channel import Channel
from voice.net.loading import Net
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.agenda import watches_of
from voice.station.announcer import Announcer
from voice.station.ear import Ear
from voice.station.requests import RollRequest, WatchRequest, checked, put, take
from voice.station.station import Station
from voice.talk.announcing import closing
from voice.talk.facts import Announced, Answered, Called, ExchangeClosed, Fact, Overdue, RollBegan, WatchSet
from voice.talk.rollcall import RollCall, evolve_roll, next_move
from voice.talk.welfare import WelfareTimer, evolve_timers, to_alarm, to_call

AFTERWARDS_S = 10.0
"""Behind a poll: another call would have begun."""


def called(t: float, unit: str, attempt: int = 1) -> Called:
    return Called(t=t, exchange=1, unit=unit, over=0, attempt=attempt, to_all=False, question="")


def answered(t: float, unit: str, meaning: str = "ack") -> Answered:
    return Answered(
        t=t,
        exchange=1,
        unit=unit,
        over=1,
        meaning=meaning,
        grade="slot",
        latency_s=1,
        late=False,
        confidence=1,
        text="",
        review=False,
    )


def closed(t: float, unit: str) -> ExchangeClosed:
    return ExchangeClosed(t=t, exchange=1, unit=unit, outcome="silent", reason="", waited_s=10)


def after(*facts: Fact) -> dict[str, WelfareTimer]:
    watches: dict[str, WelfareTimer] = {}
    for f in facts:
        watches = evolve_timers(watches, f)
    return watches


def test_a_unit_is_called_twice_and_then_overdue() -> None:
    begun = [WatchSet(t=0, unit="101", minutes=30), WatchSet(t=5, unit="102", minutes=10)]
    assert to_call(after(*begun), 604) == () and to_call(after(*begun), 605) == ("102",)
    assert to_call(after(*begun), 1900) == ("102", "101"), "the longest overdue first"
    once = [*begun, called(610, "102"), closed(621, "102")]
    assert to_call(after(*begun, called(610, "102")), 615) == (), "it is being waited for"
    assert to_call(after(*once), 622) == ("102",) and to_alarm(after(*once)) == ()
    twice = [*once, called(625, "102", 2), closed(636, "102")]
    assert to_call(after(*twice), 640) == () and to_alarm(after(*twice)) == ("102",)
    assert to_alarm(after(*twice, Overdue(t=640, unit="102", tries=2))) == (), "one alarm"
    assert after(*twice, answered(700, "102"))["102"] == WelfareTimer("102", 600, 1300), "a sign of life begins it anew"
    assert after(*begun, WatchSet(t=9, unit="102", minutes=0)).keys() == {"101"}


def test_a_poll_ends_with_the_first_answer_that_fits(net: Net) -> None:
    roll: RollCall | None = None
    begin = RollBegan(t=0, units=("101", "102", "103"), rounds=1, question="有没有看到", until="situation")
    for f in (
        begin,
        Announced(t=1, keyed=0, text="", purpose="opening"),
        called(2, "101"),
        answered(3, "101", "not_found"),
        called(5, "102"),
        answered(6, "102", "situation"),
    ):
        roll = evolve_roll(roll, f)
    assert roll is not None and roll.found == "102" and not roll.paused and not roll.complete
    move = next_move(roll)
    assert move is not None and move.purpose == "closing"
    assert closing(net, roll) == "询问完毕。贾岗社区治安队回答:有情况。"
    assert closing(net, RollCall((), 1, until="any")) == "询问完毕,没有单位回答。"


def run(
    ear: Ear, synthesiser: Synthesiser, habits: dict[str, Habit], seconds: float, begin: str
) -> tuple[list[Fact], list[str], Journal]:
    facts: list[Fact] = []
    told: list[str] = []
    air = Air(ear.net, synthesiser, habits, Channel(snr_db=25.0), seed=3)

    def take_fact(_event: object, fact: Fact) -> None:
        facts.append(fact)
        air.heard(fact)

    journal = Journal("sqlite://")
    transmitter = Transmitter(NoPtt(), air.play, lambda: air.now)
    station = Station(ear, journal, transmitter, Announcer(ear.net, synthesiser), take_fact, told.append)
    started = False
    for now in station.run(air, datetime(2026, 6, 5, tzinfo=UTC)):
        if not started and "watch" in begin:
            station.watch("101", 0.5)
            station.watch("102", 0.5)
        if not started and begin == "watch and poll":
            station.start_roll(("103",), 1, question="有没有发现走失儿童", until="situation")
        elif not started and begin == "poll":
            station.start_roll(("101", "102", "103"), 1, question="有没有发现走失儿童", until="any")
            station.call("102")  # its turn comes
        started = True
        if begin == "poll" and station.roll is not None and station.roll.closed:
            seconds = min(seconds, now + AFTERWARDS_S)
        if now > seconds:
            air.end()
    return facts, told, journal


def test_a_poll_on_the_bench(ear: Ear, synthesiser: Synthesiser) -> None:
    facts, _, _ = run(ear, synthesiser, {"101": "absent"}, 120, "poll")
    said = [f.text for f in facts if isinstance(f, Announced)]
    assert [f.unit for f in facts if isinstance(f, Called)] == ["101", "102"]
    assert "有没有发现走失儿童" in said[1] and said[-1].startswith("询问完毕。贾岗社区治安队回答")


def test_timers_on_the_bench(ear: Ear, synthesiser: Synthesiser) -> None:
    facts, told, journal = run(ear, synthesiser, {"101": "absent"}, 95, "watch")
    assert [f.unit for f in facts if isinstance(f, Called)][:4].count("101") == 2
    assert [f.unit for f in facts if isinstance(f, Overdue)] == ["101"] and any("省残联" in t for t in told)
    assert any(isinstance(f, Answered) and f.unit == "102" for f in facts)
    assert watches_of(journal).keys() == {"101", "102"}


def test_a_unit_that_a_timer_calls_is_waited_for(ear: Ear, synthesiser: Synthesiser) -> None:
    """Neither the next one nor a poll is called meanwhile: its answer would be taken for theirs."""
    facts, _, _ = run(ear, synthesiser, {"101": "absent", "103": "absent"}, 62, "watch and poll")
    calls = [f for f in facts if isinstance(f, Called)]
    ended = {f.exchange: f.t for f in facts if isinstance(f, Answered | ExchangeClosed)}
    assert [f.unit for f in calls][:3] == ["103", "101", "102"]
    assert all(ended[before.exchange] < after.t for before, after in pairwise(calls))
    assert not [f for f in facts if isinstance(f, Answered) and f.unit in ("101", "103")]


def test_orders(net: Net, tmp_path: Path) -> None:
    told = huying("watch", "社区", "--every", "20", "--requests", tmp_path, code=3)
    assert "no station runs" in told and take(tmp_path, net) is None, "nothing waits for a station that may come later"
    put(tmp_path, WatchRequest(20.0, ("社区",)))
    put(tmp_path, RollRequest("start", ("校园",), 1, "有没有看到走失儿童", "situation"))
    first, second = take(tmp_path, net), take(tmp_path, net)
    assert first is not None and first[0] == WatchRequest(20.0, ("社区",))
    assert second is not None and second[0] == RollRequest("start", ("校园",), 1, "有没有看到走失儿童", "situation")
    assert "no meaning" in huying("poll", "有没有", "--until", "dance", "--requests", tmp_path, code=2)
    for wrong in (WatchRequest(10, ()), WatchRequest(9999, ("101",)), RollRequest("start", question="😀")):
        with pytest.raises(HuyingError):
            checked(net, wrong)
    put(tmp_path, WatchRequest(0, ("101",)))
    last = take(tmp_path, net)
    assert last is not None and last[1] == ("101",)
