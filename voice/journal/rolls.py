"""The roll sheet's figures: a fold over a journal's events. Corrections by people are applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from voice.journal.store import Event
from voice.net.facts import (
    Answered,
    Called,
    Corrected,
    ExchangeClosed,
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    SessionBegan,
    SessionEnded,
)

RESULTS = ("answered", "late", "unclear", "silent", "undetermined", "open")


@dataclass(slots=True)
class Call:
    """One exchange, as the sheet shows it."""

    unit: str
    wall: str
    attempts: int
    result: str = "open"
    """One of RESULTS."""
    meaning: str = ""
    latency_s: float | None = None
    grade: str = ""
    text: str = ""
    review: bool = False
    proxy: str | None = None
    """Name of who answered for it (代答), empty string if not known."""
    clip: str = ""


@dataclass(slots=True)
class Session:
    """One recording or one stretch of listening."""

    source: str
    net: str
    began: str
    clock: str
    units: tuple[str, ...]
    seq: int
    """Of its first event."""
    calls: list[Call] = field(default_factory=list)
    overs: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def of(self, unit: str) -> list[Call]:
        return [c for c in self.calls if c.unit == unit]

    def count(self, result: str) -> int:
        return sum(c.result == result for c in self.calls)


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """What a period says about one unit."""

    unit: str
    calls: int
    answered: int
    late: int
    unclear: int
    silent: int
    undetermined: int
    median_s: float | None
    """Median answer time."""


def sessions(events: Iterable[Event]) -> list[Session]:
    """All sessions of a journal with their exchanges, corrections applied."""
    out: list[Session] = []
    running: dict[int, Call] = {}
    by_event: dict[int, Call] = {}
    clips: dict[int, str] = {}
    for e in events:
        fact = e.fact()
        if isinstance(fact, SessionBegan):
            out.append(Session(fact.source, fact.net, fact.began, fact.clock, fact.units, e.seq))
            running, clips = {}, {}
            continue
        if isinstance(fact, Corrected):
            _correct(fact, by_event)
            continue
        if not out:
            continue
        now = out[-1]
        match fact:
            case OverHeard():
                now.overs += 1
                clips[fact.over] = fact.clip
            case Called():
                if fact.exchange in running and running[fact.exchange].unit == fact.unit:
                    running[fact.exchange].attempts = fact.attempt
                else:
                    running[fact.exchange] = Call(fact.unit, e.wall, fact.attempt)
                    now.calls.append(running[fact.exchange])
            case Answered() if fact.exchange in running:
                c = running[fact.exchange]
                c.result, c.meaning, c.grade = "late" if fact.late else "answered", fact.meaning, fact.grade
                c.latency_s, c.text, c.review = fact.latency_s, fact.text, c.review or fact.review
                c.clip = clips.get(fact.over, "")
                by_event[e.seq] = c
            case ExchangeClosed() if fact.exchange in running:
                running[fact.exchange].result = fact.outcome
                by_event[e.seq] = running[fact.exchange]
            case NotUnderstood(exchange=int(number)) if number in running:
                running[number].review = True
                running[number].clip = clips.get(fact.over, "")
                by_event[e.seq] = running[number]
            case Relayed(exchange=int(number)) if number in running:
                running[number].proxy = fact.by or ""
            case Remarked(review=True, exchange=int(number)) if number in running:
                running[number].review = True
            case SessionEnded():
                now.seconds = fact.t
                now.notes += fact.damage
            case _:
                pass
    return out


def _correct(fact: Corrected, by_event: dict[int, Call]) -> None:
    """A person decided: the exchange of the corrected event counts as answered with the given meaning."""
    call = by_event.get(fact.corrects)
    if call is not None and call.unit == fact.unit:
        call.result, call.meaning, call.grade, call.review = "answered", fact.meaning, "human", False


def figures(sheet: list[Session]) -> list[UnitFigures]:
    """One row a unit, in the order of the rosters; every unit on a roster is there, called or not."""
    order = dict.fromkeys(u for s in sheet for u in s.units)
    order |= dict.fromkeys(c.unit for s in sheet for c in s.calls)
    rows = []
    for unit in order:
        calls = [c for s in sheet for c in s.of(unit)]
        n = {r: sum(c.result == r for c in calls) for r in RESULTS}
        times = [c.latency_s for c in calls if c.latency_s is not None]
        rows.append(
            UnitFigures(
                unit, len(calls), n["answered"], n["late"], n["unclear"], n["silent"],
                n["undetermined"] + n["open"], round(median(times), 1) if times else None,
            )
        )  # fmt: skip
    return rows
