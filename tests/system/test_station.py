"""A whole automatic roll-call on the bench: synthetic units, a simulated radio, the shipped model, a real journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voice.bench.air import Air, Habit
from voice.journal.by_hand import correction, undoing
from voice.journal.codec import from_json, kind_of, to_json
from voice.journal.event import Event
from voice.journal.rolls import Session, sessions
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.measure.channel import Channel
from voice.net.loading import Net
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import Ear
from voice.station.station import Station
from voice.talk.facts import Announced, ExchangeClosed, Fact, RollEnded, RollMarked
from voice.talk.rollcall import RollCall, evolve_roll

UNITS = ("101", "102", "113", "103", "109")


@dataclass
class Played:
    """What a roll-call left behind."""

    roll: RollCall
    session: Session
    facts: list[Fact]
    told: list[str]
    faults: list[str]

    @property
    def said(self) -> list[str]:
        return [f.text for f in self.facts if isinstance(f, Announced)]


Play = Callable[..., Played]


@pytest.fixture
def play(ear: Ear, net: Net, synthesiser: Synthesiser) -> Play:
    """``play(habits, resume=False, orders={})``: run a roll-call of UNITS to its end.

    ``orders``: after so many announcements the dispatcher says this.
    """

    def run(habits: dict[str, Habit], resume: bool = False, orders: dict[int, str] | None = None) -> Played:
        facts: list[Fact] = []
        told: list[str] = []
        air = Air(net, synthesiser, habits, Channel(snr_db=25.0), seed=1)

        def take(_event: Event, fact: Fact) -> None:
            facts.append(fact)
            order = (orders or {}).get(sum(isinstance(f, Announced) for f in facts))
            if isinstance(fact, Announced) and order:
                air.say(order)
            air.heard(fact)

        with Journal("sqlite://") as journal:
            transmitter = Transmitter(NoPtt(), air.play, lambda: air.now)
            station = Station(ear, journal, transmitter, Announcer(net, synthesiser), take, told.append)
            started = False
            for now in station.run(air, datetime(2026, 6, 5, 0, 30, tzinfo=UTC)):
                if not started:
                    station.start_roll(UNITS)
                    started = True
                assert station.roll is not None and now < 600
                if resume and station.roll.paused:
                    station.mark(RollMarked(t=now, mark="resume", over=0))
                if station.roll.closed or (station.roll.paused and not resume):
                    air.end()
            (session,) = sessions(journal.events())
            assert station.roll is not None
            return Played(station.roll, session, facts, told, [str(f) for f in verify(journal, clips=False)])

    return run


def test_everybody_answers(play: Play) -> None:
    done = play({})
    assert done.roll.here == UNITS and done.roll.complete
    assert done.said[0].startswith("各单位注意") and done.said[-1] == "点名完毕。应到五,实到五。"
    assert [c.result for c in done.session.calls] == ["answered"] * 5 and done.faults == []
    assert all(0.3 < (c.latency_s or 0) < 3.5 for c in done.session.calls), "counted from the drop of our carrier"


def test_the_absent_are_called_twice_and_named(play: Play) -> None:
    done = play({"113": "absent", "102": "second"})
    assert done.roll.missing == ("113",) and done.roll.results["102"] == "answered"
    assert sum("财经大学,财经大学" in s for s in done.said) == 2
    assert done.said[-1] == "点名完毕。应到五,实到四,未应答一个:财经大学。"


def test_what_is_set_right_at_the_desk_counts_in_the_spoken_closing(
    ear: Ear, net: Net, synthesiser: Synthesiser, tmp_path: Path
) -> None:
    """The console, a process of its own, marks one silent unit present, and another whose mark is taken back."""
    path = str(tmp_path / "log.sqlite")
    said: list[str] = []
    air = Air(net, synthesiser, {"101": "absent", "102": "absent"}, seed=1)
    with Journal(path) as journal, Journal(path) as console:

        def take(event: Event, fact: Fact) -> None:
            if isinstance(fact, Announced):
                said.append(fact.text)
            if isinstance(fact, ExchangeClosed) and fact.unit in ("101", "102"):
                seq = console.enter(correction(console, event.seq, fact.unit, "present", "王"))
                if fact.unit == "102":
                    console.enter(undoing(console, seq, "王"))
            air.heard(fact)

        station = Station(
            ear, journal, Transmitter(NoPtt(), air.play, lambda: air.now), Announcer(net, synthesiser), take
        )
        started = False
        for now in station.run(air, datetime(2026, 6, 5, 0, 30, tzinfo=UTC)):
            if not started:
                station.start_roll(("101", "102"), rounds=1)
                started = True
            assert station.roll is not None and now < 200
            if station.roll.closed:
                air.end()
        (ended,) = [e.fact() for e in journal.events(kind="roll_ended")]
    assert said[-1] == "点名完毕。应到二,实到一,未应答一个:贾岗社区治安队。"
    assert isinstance(ended, RollEnded) and ended.missing == ("102",)


def test_a_late_answer_counts_and_ends_the_search(play: Play) -> None:
    done = play({"101": "slow"})
    assert done.roll.results["101"] == "late" and sum("省残联,省残联" in s for s in done.said) == 1


def test_another_units_answer_is_not_taken_for_the_called_one(play: Play) -> None:
    """Nor is the called one silent then: its call sign may have been heard wrongly."""
    done = play({"102": "wrong"})
    assert "102" not in done.roll.here and done.roll.unclear == ("102",)


def test_an_incident_pauses_the_roll_and_tells_the_dispatcher(play: Play) -> None:
    done = play({"113": "report"})
    assert done.roll.paused and not done.roll.closed and any("paused" in t for t in done.told)
    done = play({"113": "report"}, resume=True)
    assert done.roll.closed and set(done.roll.here) == set(UNITS)


def test_the_dispatchers_words_on_the_air_are_obeyed(play: Play) -> None:
    done = play({}, orders={1: "暂停点名"}, resume=True)
    assert any(isinstance(f, RollMarked) and f.mark == "pause" and f.over for f in done.facts)
    assert done.roll.closed and set(done.roll.here) == set(UNITS)


def test_the_journal_alone_tells_where_the_roll_stood(play: Play) -> None:
    done = play({"113": "absent"})
    roll: RollCall | None = None
    for fact in done.facts:
        roll = evolve_roll(roll, from_json(kind_of(fact), to_json(fact)))
    assert roll is not None and done.roll is not None
    roll = replace(roll, since=done.roll.since)  # the number of the event, which facts alone do not have
    assert roll == done.roll
