"""The roll sheet's figures: a fold over a journal's events. Corrections by people are applied."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from voice.journal.overs import Overs
from voice.journal.store import Event, Journal
from voice.talk.by_hand import Corrected, NetEntered
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Answered,
    Called,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
    SessionEnded,
)
from voice.time import parse_wall

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
    channel: str = ""
    calls: list[Call] = field(default_factory=list)
    overs: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    cuts: list[tuple[int, str]] = field(default_factory=list)
    """(calls before it, kind): where a roll-call, poll or alert began or ended."""
    kind: str = ""
    """Of a column: ``roll``, ``poll: question``, ``alert: text``; empty: calls by the dispatcher."""

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
    slow_s: float | None = None
    """So long took the slowest tenth at least."""


class _Fold:
    """Events → sessions, for every channel by itself."""

    def __init__(self) -> None:
        self.out: list[Session] = []
        self._now: dict[str, Session] = {}
        self._running: dict[str, dict[int, Call]] = {}
        self._by_event: dict[int, Call] = {}
        self._overs = Overs()

    def take(self, e: Event) -> None:
        """The next event."""
        fact = e.fact()
        self._overs.take(fact, e.seq)
        if isinstance(fact, SessionBegan):
            self._now[fact.channel] = Session(
                fact.source, fact.net, fact.began, fact.clock, fact.units, e.seq, fact.channel
            )
            self.out.append(self._now[fact.channel])
            self._running[fact.channel] = {}
        elif isinstance(fact, Corrected):
            _correct(fact, self._by_event)
        elif isinstance(fact, NetEntered):
            self.out.append(_entered(fact, e.seq))
        elif fact.channel in self._now:
            self._in_session(self._now[fact.channel], self._running[fact.channel], fact, e)

    def _in_session(self, now: Session, running: dict[int, Call], fact: Fact, e: Event) -> None:
        match fact:
            case OverHeard():
                now.overs += 1
            case RollBegan() | RollEnded() | RollMarked(mark="start" | "end") | AlertRaised() | AlertEnded():
                now.cuts.append((len(now.calls), _kind(fact)))
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
                c.clip = self._overs.clip_of(fact)
                self._by_event[e.seq] = c
            case ExchangeClosed() if fact.exchange in running:
                running[fact.exchange].result = fact.outcome
                self._by_event[e.seq] = running[fact.exchange]
            case NotUnderstood(exchange=int(number)) if number in running:
                running[number].review = True
                running[number].clip = self._overs.clip_of(fact)
                self._by_event[e.seq] = running[number]
            case Relayed(exchange=int(number)) if number in running:
                running[number].proxy = fact.by or ""
            case Remarked(review=True, exchange=int(number)) if number in running:
                running[number].review = True
            case SessionEnded():
                now.seconds = fact.t
                now.notes += fact.damage
            case _:
                pass


def _kind(fact: Fact) -> str:
    """What begins with this fact: ``roll``, ``poll: …``, ``alert: …``; nothing if something ends with it."""
    match fact:
        case RollBegan(question=str(question), until=str(until)) if question or until:
            return f"poll: {question}"
        case RollBegan() | RollMarked(mark="start"):
            return "roll"
        case AlertRaised(text=text):
            return f"alert: {text}"
        case _:
            return ""


def _entered(fact: NetEntered, seq: int) -> Session:
    calls = [
        Call(unit, fact.began, 1, result, meaning, grade="human", text="") for unit, result, meaning in fact.results
    ]
    note = f"entered by {fact.by} 人工补录" + (f": {fact.note}" if fact.note else "")
    units = tuple(unit for unit, *_ in fact.results)
    return Session(note, "", fact.began, "known", units, seq, fact.channel, calls, cuts=[(0, "roll")])


def sessions(events: Iterable[Event]) -> list[Session]:
    """All sessions of a journal with their exchanges, corrections applied."""
    fold = _Fold()
    for e in events:
        fold.take(e)
    return fold.out


def sessions_between(journal: Journal, since: str | None, until: str | None) -> list[Session]:
    """The sessions of a stretch of time, wall times as they stand in the journal, with the exchanges that fall into it.

    A session may have begun before; corrections and nets entered by hand count whenever they were made.
    """
    fold = _Fold()
    latest: dict[str, Event] = {}
    for e in journal.events(kind="session_began", until=since) if since else ():
        latest[e.data.get("channel", "")] = e
    for e in sorted(latest.values(), key=lambda e: e.seq):
        fold.take(e)
    for e in journal.events(since=since, until=until):
        if e.kind not in ("corrected", "net_entered"):
            fold.take(e)
    for kind in ("net_entered", "corrected"):
        for e in journal.events(kind=kind):
            if kind == "corrected" or _within(e.data["began"], since, until):
                fold.take(e)
    return [s for s in fold.out if s.calls or _within(s.began, since, until)]


def _within(wall: str, since: str | None, until: str | None) -> bool:
    return (since is None or wall >= since) and (until is None or wall < until)


def columns(sheet: list[Session]) -> list[Session]:
    """The sessions cut into what is a column of the sheet: each roll-call, poll and alert, and the calls between."""
    out = []
    for s in sheet:
        cuts = [(0, ""), *s.cuts, (len(s.calls), "")]
        for (begin, kind), (end, _) in itertools.pairwise(cuts):
            calls = s.calls[begin:end]
            if calls:
                out.append(replace(s, began=calls[0].wall, calls=calls, kind=kind, cuts=[]))
    return sorted(out, key=lambda s: s.began)


def _correct(fact: Corrected, by_event: dict[int, Call]) -> None:
    """A person decided: the exchange of the corrected event counts as answered with the given meaning."""
    call = by_event.get(fact.corrects)
    if call is not None and call.unit == fact.unit:
        call.result, call.meaning, call.grade, call.review = "answered", fact.meaning, "human", False


def quantile(times: Sequence[float], share: float) -> float | None:
    """Answer time that ``share`` of the answers do not exceed, s; None without answers."""
    if not times:
        return None
    row = sorted(times)
    return round(row[min(len(row) - 1, max(0, math.ceil(share * len(row)) - 1))], 1)


def waiting_time(sheet: list[Session]) -> float | None:
    """A waiting time, whole seconds, that 97 of 100 answers had kept and a second to spare; None without 20 answers."""
    times = [c.latency_s for s in sheet for c in s.calls if c.latency_s is not None]
    slow = quantile(times, 0.97)
    return None if slow is None or len(times) < 20 else float(math.ceil(slow + 1))


@dataclass(frozen=True, slots=True)
class Share:
    """Attendance of some calls."""

    name: str
    calls: int
    answered: int
    """In time or late."""
    median_s: float | None
    slow_s: float | None
    """90th percentile."""


def calls_by(sheet: Iterable[Session], key: Callable[[Call], str]) -> dict[str, list[Call]]:
    """All exchanges, gathered by something."""
    out: dict[str, list[Call]] = {}
    for s in sheet:
        for c in s.calls:
            out.setdefault(key(c), []).append(c)
    return out


def share_of(name: str, calls: Sequence[Call]) -> Share:
    """Attendance and answer times of some calls."""
    times = [c.latency_s for c in calls if c.latency_s is not None]
    here = sum(c.result in ("answered", "late") for c in calls)
    return Share(name, len(calls), here, quantile(times, 0.5), quantile(times, 0.9))


def by_month(sheet: list[Session], zone: tzinfo | None = None) -> list[Share]:
    """Attendance month by month, oldest first; recordings whose date nobody knows are left out."""

    def month(c: Call) -> str:
        return parse_wall(c.wall).astimezone(zone).strftime("%Y-%m")

    months = calls_by([s for s in sheet if s.clock == "known"], month)
    return [share_of(m, calls) for m, calls in sorted(months.items())]


def by_group(sheet: list[Session], groups: Mapping[str, str]) -> list[Share]:
    """Attendance by group; ``groups``: unit → its group."""
    found = calls_by(sheet, lambda c: groups.get(c.unit, ""))
    return [share_of(g, calls) for g, calls in found.items()]


def outcome(column: Session) -> dict[str, int]:
    """What a poll, an alert or a roll-call came to: meaning of the answers, or result where there was none → units."""
    last = {c.unit: c for c in column.calls}
    counts = Counter(c.meaning if c.result in ("answered", "late") else c.result for c in last.values())
    return dict(counts.most_common())


def figures(sheet: list[Session]) -> list[UnitFigures]:
    """One row a unit, in the order of the rosters; every unit on a roster is there, called or not."""
    order = dict.fromkeys(u for s in sheet for u in s.units)
    order |= dict.fromkeys(c.unit for s in sheet for c in s.calls)
    rows = []
    by_unit = calls_by(sheet, lambda c: c.unit)
    for unit in order:
        calls = by_unit.get(unit, [])
        n = {r: sum(c.result == r for c in calls) for r in RESULTS}
        times = [c.latency_s for c in calls if c.latency_s is not None]
        rows.append(
            UnitFigures(
                unit,
                len(calls),
                n["answered"],
                n["late"],
                n["unclear"],
                n["silent"],
                n["undetermined"] + n["open"],
                quantile(times, 0.5),
                quantile(times, 0.9),
            )
        )
    return rows
