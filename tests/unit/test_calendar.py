"""Summer time, leap days, and a machine whose zone is not the net's: wall times, schedules, sheets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from voice.journal.lines import lines
from voice.journal.rolls import by_month, sessions, sessions_between
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.journal.wording import clock, utc
from voice.net.schedule import due, parse_slot
from voice.station.clock import ClockWatch
from voice.talk.facts import Answered, Called, ExchangeClosed, Fact, SessionBegan

BEIJING = timezone(timedelta(hours=8))
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
"""Without a time zone database: summer time from the last Sunday of March to that of October."""

Zone = Callable[[str], None]


@pytest.fixture
def machine_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """Sets the zone of this machine."""

    def choose(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


def hits(slot: str, begin: datetime, end: datetime) -> list[datetime]:
    """When a station that looks once a second calls the roll, in UTC; its zone is the machine's."""
    out, before, now = [], begin.astimezone(), begin
    while now < end:
        now += timedelta(seconds=1)
        local = now.astimezone()
        if due((parse_slot(slot),), before, local, None):
            out.append(now)
        before = max(before, local)
    return out


@pytest.mark.parametrize(
    ("slot", "day", "called"),
    [
        ("02:30", "2026-03-29", ["01:30"]),  # left out: as long after 02:00, which is 03:30 there
        ("02:30", "2026-10-25", ["00:30"]),  # comes twice: the first
        ("03:00", "2026-03-29", ["01:00"]),
        ("08:00", "2026-03-28", ["07:00"]),
        ("08:00", "2026-03-29", ["06:00"]),
        ("Sun 08:00", "2026-10-25", ["07:00"]),
        ("Mon-Sat 08:00", "2026-10-25", []),
    ],
)
def test_a_roll_call_is_due_once_on_days_that_summer_time_cuts_or_stretches(
    slot: str, day: str, called: list[str], machine_in: Zone
) -> None:
    machine_in(BERLIN)
    begin = datetime.fromisoformat(f"{day}T00:00").astimezone(UTC) - timedelta(seconds=1)
    assert [f"{t:%H:%M}" for t in hits(slot, begin, begin + timedelta(hours=9, minutes=1))] == called


@pytest.mark.parametrize("moment", ["2026-03-29T00:59:58+00:00", "2026-10-25T00:59:58+00:00"])
def test_summer_time_is_no_set_clock(moment: str, machine_in: Zone) -> None:
    machine_in(BERLIN)
    watch, began = ClockWatch(), datetime.fromisoformat(moment)
    for t in range(10):
        assert watch.look((began + timedelta(seconds=t)).astimezone(), 50.0 + t, float(t)) is None


def call(t: float, exchange: int, unit: str, answer_s: float) -> list[Fact]:
    return [
        Called(t=t, exchange=exchange, unit=unit, over=0, attempt=1, to_all=False, question=""),
        Answered(
            t=t + answer_s,
            exchange=exchange,
            unit=unit,
            over=1,
            meaning="ack",
            grade="slot",
            latency_s=answer_s,
            late=False,
            confidence=0.9,
            text="",
            review=False,
        ),
        ExchangeClosed(t=t + answer_s, exchange=exchange, unit=unit, outcome="answered", reason="", waited_s=answer_s),
    ]


def began(wall: datetime) -> SessionBegan:
    told = wall.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return SessionBegan(
        t=0,
        source="live",
        net="n",
        net_sha256="",
        model="",
        model_sha256="",
        began=told,
        clock="known",
        units=("1", "2"),
    )


def test_a_roll_call_across_the_change_to_winter_time(tmp_path: Path, machine_in: Zone) -> None:
    """The clock on the wall shows 02:59:50, then 02:00:10: the journal's order and answer times do not care."""
    machine_in(BERLIN)
    start = datetime.fromisoformat("2026-10-25T02:59:50+02:00")
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append([began(start), *call(5, 1, "1", 3), *call(20, 2, "2", 4)], start)
        walls = [x["wall"] for x in lines(journal.events())]
        assert walls == sorted(walls)
        assert [clock(w, None) for w in (walls[1], walls[-1])] == ["02:59:55", "02:00:14"]
        answers = [c.latency_s for s in sessions(journal.events()) for c in s.calls]
        assert answers == [3, 4] and list(verify(journal)) == []


def test_a_leap_day_has_a_roll_of_its_own(tmp_path: Path) -> None:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        for day in ("2028-02-28", "2028-02-29", "2028-03-01"):
            start = datetime.fromisoformat(f"{day}T08:30:00+08:00")
            journal.append([began(start), *call(5, 1, "1", 2)], start)
        leap = sessions_between(journal, utc("2028-02-29", BEIJING), utc("2028-03-01", BEIJING))
        assert [s.began for s in leap] == ["2028-02-29T00:30:00.000Z"]
        assert [(m.name, m.calls) for m in by_month(sessions(journal.events()), BEIJING)] == [
            ("2028-02", 2),
            ("2028-03", 1),
        ]
    slot = (parse_slot("Tue 08:30"),)
    half = datetime(2028, 2, 29, 8, 30, tzinfo=BEIJING)
    assert date(2028, 2, 29).weekday() == 1 and due(slot, half - timedelta(seconds=1), half, BEIJING)


@pytest.mark.parametrize("zone", ["UTC0", "CST-8", BERLIN])
def test_a_day_is_one_of_the_net_wherever_the_machine_is(zone: str, machine_in: Zone) -> None:
    machine_in(zone)
    assert utc("2026-06-06", BEIJING) == "2026-06-05T16:00:00.000Z"
    assert utc("2026-06-06T07:30", BEIJING) == "2026-06-05T23:30:00.000Z"
    assert utc("2026-06-06T07:30+02:00", BEIJING) == "2026-06-06T05:30:00.000Z"
    here = {"UTC0": "07:30", "CST-8": "23:30", BERLIN: "05:30"}[zone]
    assert str(utc("2026-06-06T07:30", None))[11:16] == here
