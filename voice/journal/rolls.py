"""Figures of the roll sheet: a fold over a journal's events, with manual corrections applied."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from voice.journal.event import Event
from voice.journal.overs import Overs
from voice.journal.settled import Settled, Spot, asks_review, spot_of
from voice.journal.store import Journal
from voice.talk.attendance import HERE, Attendance, Occasion, Occasions, Standing, entered, is_nameless, stand
from voice.talk.by_hand import Confirmed, Corrected, NetEntered, Undone
from voice.talk.facts import (
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    SessionBegan,
    SessionEnded,
    Transcribed,
)
from voice.time import parse_wall


@dataclass(slots=True)
class Call:
    """One exchange as shown on the sheet."""

    unit: str
    wall: str
    attempts: int
    result: Standing = "open"
    meaning: str = ""
    latency_s: float | None = None
    grade: str = ""
    text: str = ""
    review: bool = False
    reasons: tuple[str, ...] = ()
    """Why: keys of ``journal.reasons``."""
    confidence: float | None = None
    """Of the answer."""
    proxy: str | None = None
    """Who answered for it (代答); empty if unknown."""
    clip: str = ""
    said: str = ""
    """Transcript by a person who listened to the over."""
    guess: str = ""
    """Dictation of the over (≈) if it was not understood: nothing is decided on it."""


@dataclass(slots=True)
class Column:
    """One column of the sheet: a roll-call, poll or alert, or the dispatcher's calls in between."""

    occasion: Occasion
    net: str
    clock: str
    source: str
    channel: str = ""
    calls: list[Call] = field(default_factory=list)

    @property
    def began(self) -> str:
        """UTC wall time of its first event."""
        return self.occasion.wall

    @property
    def attendance(self) -> Attendance:
        """Attendance count."""
        return self.occasion.attendance

    def call_of(self, unit: str) -> Call | None:
        """The exchange that determines a unit's standing, or its last one."""
        calls = [c for c in self.calls if c.unit == unit]
        standing = self.occasion.heard.get(unit)
        return next((c for c in calls if c.result in (standing, *HERE)), calls[-1] if calls else None)


@dataclass(slots=True)
class Session:
    """One recording, or one period of monitoring."""

    source: str
    net: str
    began: str
    clock: str
    units: tuple[str, ...]
    seq: int
    """UTC wall time of its first event."""
    channel: str = ""
    calls: list[Call] = field(default_factory=list)
    overs: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    """Occasions that began in it."""

    def of(self, unit: str) -> list[Call]:
        """Exchanges of a unit."""
        return [c for c in self.calls if c.unit == unit]


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """Figures of one unit over a period, counted once per roll-call, poll and alert."""

    unit: str
    calls: int
    """Roll-calls, polls and alerts in which it was called."""
    answered: int
    """Those answered, in time or late."""
    late: int
    relayed: int
    unclear: int
    silent: int
    undetermined: int
    median_s: float | None
    """Median answer time."""
    slow_s: float | None = None
    """90th percentile of the answer times."""


class _Fold:
    """Events → sessions, per channel."""

    def __init__(self) -> None:
        self.out: list[Session] = []
        self._now: dict[str, Session] = {}
        self._occasions: dict[str, Occasions] = {}
        self._columns: dict[str, list[Column]] = {}
        self._latest: dict[str, Column] = {}
        """Column of the latest call."""
        self._running: dict[str, dict[int, Call]] = {}
        self._by_event: dict[int, Call] = {}
        self._by_over: dict[int, Call] = {}
        self._may_be: dict[int, tuple[Call, ...]] = {}
        """Number of an event that says who spoke → exchanges that it answers, if it was that unit."""
        self._before: dict[int, tuple[Call, Call]] = {}
        """Number of a person's event → the exchange, and as it stood before."""
        self._doubts: list[tuple[Call, Spot, tuple[str, ...]]] = []
        """Exchanges, where an event stands that asks for their review, and why."""
        self._overs, self._settled = Overs(), Settled()

    def take(self, e: Event) -> None:
        """Next event."""
        fact = e.fact()
        self._overs.take(fact, e.seq)
        self._settled.take(fact, e.seq)
        if isinstance(fact, NetEntered):
            self.out.append(_entered(fact, e.seq))
            return
        if isinstance(fact, SessionBegan):
            self._now[fact.channel] = Session(
                fact.source, fact.net, fact.began, fact.clock, fact.units, e.seq, fact.channel
            )
            self.out.append(self._now[fact.channel])
            self._running[fact.channel] = {}
            self._latest.pop(fact.channel, None)
        elif isinstance(fact, Corrected | Confirmed | Undone):
            self._by_hand(fact, e.seq)
        now, opened = self._now.get(fact.channel), None
        if now is not None:
            opened = self._in_session(now, self._running[fact.channel], fact, e)
            self._in_column(now, fact, e, opened)
            if e.seq in self._by_event and (over := self._overs.seq_of(fact)):
                self._by_over[over] = self._by_event[e.seq]

    def sessions(self) -> list[Session]:
        """The sessions so far; an exchange asks for review as long as anything of it is not settled."""
        for call, *_ in self._doubts:
            call.review, call.reasons = False, ()
        for call, spot, reasons in self._doubts:
            if not self._settled.covers(spot):
                call.review, call.reasons = True, (*call.reasons, *reasons)
        return self.out

    def _by_hand(self, fact: Corrected | Confirmed | Undone, seq: int) -> None:
        """Manual correction: the exchange counts as answered with the given meaning; or that is withdrawn."""
        if isinstance(fact, Undone):
            call, old = self._before.pop(fact.undoes, (None, None))
            if call is not None and old is not None:
                for name in ("result", "meaning", "grade", "text", "said"):
                    setattr(call, name, getattr(old, name))
            return
        number = fact.corrects if isinstance(fact, Corrected) else fact.confirms
        if isinstance(fact, Corrected):
            one = self._by_event.get(number)
            calls = (one,) if one else self._may_be.get(number, ())
            call = next((c for c in reversed(calls) if c.unit == fact.unit), None)
        else:
            call = self._by_over.get(number)
        if call is None:
            return
        self._before[seq] = call, replace(call)
        if isinstance(fact, Corrected):
            call.result, call.meaning, call.grade = "answered", fact.meaning, "human"
        else:
            call.text = call.said = fact.said or call.text

    def _in_column(self, now: Session, fact: Fact, e: Event, opened: Call | None) -> None:
        """Effect of the fact on its roll-call, poll or alert."""
        occasions = self._occasions.setdefault(fact.channel, Occasions())
        columns = self._columns.setdefault(fact.channel, [])
        at = occasions.take(fact, e.seq, e.wall)
        for occasion in occasions.all[len(columns) :]:
            columns.append(Column(occasion, now.net, now.clock, now.source, now.channel))
            now.columns.append(columns[-1])
        if at is None:
            return
        columns[at].occasion = occasions.all[at]
        if opened is not None:
            columns[at].calls.append(opened)
            self._latest[fact.channel] = columns[at]

    def _in_session(self, now: Session, running: dict[int, Call], fact: Fact, e: Event) -> Call | None:
        """The exchange opened by the fact, if any."""
        if asks_review(fact) and (call := running.get(getattr(fact, "exchange", None) or 0)) is not None:
            self._doubts.append((call, spot_of(fact, e.seq), fact.doubts()))
        match fact:
            case OverHeard():
                now.overs += 1
            case Called():
                if fact.exchange in running and running[fact.exchange].unit == fact.unit:
                    running[fact.exchange].attempts = fact.attempt
                else:
                    running[fact.exchange] = Call(fact.unit, e.wall, fact.attempt)
                    now.calls.append(running[fact.exchange])
                    return running[fact.exchange]
            case Answered() if fact.exchange in running:
                c = running[fact.exchange]
                c.result, c.meaning, c.grade = "late" if fact.late else "answered", fact.meaning, fact.grade
                c.latency_s, c.text, c.confidence = fact.latency_s, fact.text, fact.confidence
                c.clip = self._overs.clip_of(fact)
                self._by_event[e.seq] = c
            case ExchangeClosed() if fact.exchange in running:
                running[fact.exchange].result = stand(running[fact.exchange].result, fact)
                self._by_event[e.seq] = running[fact.exchange]
            case NotUnderstood(exchange=int(number)) if number in running:
                running[number].clip = self._overs.clip_of(fact)
                self._by_event[e.seq] = running[number]
            case Remarked() | NotUnderstood() if is_nameless(fact) and fact.channel in self._latest:
                self._may_be[e.seq] = tuple(self._latest[fact.channel].calls)
            case CalledIn(exchange=int(number)) | Remarked(exchange=int(number)) if number in running:
                self._may_be[e.seq] = (running[number],)
            case Transcribed() if (call := self._by_over.get(self._overs.seq_of(fact))) is not None and not call.text:
                call.guess = fact.text
            case Relayed(kind="proxy", exchange=int(number)) if number in running:
                running[number].proxy = fact.by or ""
                running[number].result = stand(running[number].result, fact)
            case SessionEnded():
                now.seconds = fact.t
                now.notes += fact.damage
            case _:
                pass
        return None


def _entered(fact: NetEntered, seq: int) -> Session:
    occasion = entered(fact, seq)
    calls = [
        Call(unit, fact.began, 1, occasion.heard[unit], meaning, grade="human") for unit, _, meaning in fact.results
    ]
    note = f"entered by {fact.by} 人工补录" + (f": {fact.note}" if fact.note else "")
    units = tuple(unit for unit, *_ in fact.results)
    column = Column(occasion, "", "known", note, fact.channel, calls)
    return Session(note, "", fact.began, "known", units, seq, fact.channel, calls, columns=[column])


def sessions(events: Iterable[Event]) -> list[Session]:
    """All sessions of a journal with their exchanges, corrections applied."""
    fold = _Fold()
    for e in events:
        fold.take(e)
    return fold.sessions()


BY_HAND = ("net_entered", "corrected", "confirmed", "undone")
"""Kinds of manual entries, whenever they are made."""


def sessions_between(journal: Journal, since: str | None, until: str | None) -> list[Session]:
    """Sessions in a period (wall times as in the journal), with the exchanges within it.

    A session may have begun earlier; corrections and manually entered nets count whenever they were made.
    """
    fold = _Fold()
    latest: dict[str, Event] = {}
    for e in journal.events(kind="session_began", until=since) if since else ():
        latest[e.data.get("channel", "")] = e
    for e in sorted(latest.values(), key=lambda e: e.seq):
        fold.take(e)
    for e in journal.events(since=since, until=until):
        if e.kind not in BY_HAND:
            fold.take(e)
    made = (e for kind in BY_HAND for e in journal.events(kind=kind))
    for e in sorted(made, key=lambda e: e.seq):
        if e.kind != "net_entered" or _within(e.data["began"], since, until):
            fold.take(e)
    return [s for s in fold.sessions() if s.calls or _within(s.began, since, until)]


def _within(wall: str, since: str | None, until: str | None) -> bool:
    return (since is None or wall >= since) and (until is None or wall < until)


def only(sheet: Iterable[Session], seq: int) -> list[Session]:
    """The sessions reduced to the occasion that began with an event; none if there is no such event."""
    return [replace(s, columns=[c], calls=c.calls, notes=[]) for s in sheet for c in s.columns if c.occasion.seq == seq]


def columns(sheet: Iterable[Session]) -> list[Column]:
    """All roll-calls, polls and alerts, and the calls in between, in chronological order."""
    found = [c for s in sheet for c in s.columns if c.calls or c.attendance.called]
    return sorted(found, key=lambda c: c.began)


def quantile(times: Sequence[float], share: float) -> float | None:
    """Answer time not exceeded by a ``share`` of the answers, s; None without answers."""
    if not times:
        return None
    row = sorted(times)
    return round(row[min(len(row) - 1, max(0, math.ceil(share * len(row)) - 1))], 1)


def waiting_time(sheet: list[Session]) -> float | None:
    """Proposed answer timeout in whole seconds: 97th percentile of the answer times plus one second; None with fewer
    than 20 answers."""
    times = [c.latency_s for s in sheet for c in s.calls if c.latency_s is not None]
    slow = quantile(times, 0.97)
    return None if slow is None or len(times) < 20 else float(math.ceil(slow + 1))


@dataclass(frozen=True, slots=True)
class Share:
    """Attendance over a set of calls."""

    name: str
    calls: int
    answered: int
    """Answered, in time or late."""
    median_s: float | None
    slow_s: float | None
    """90th percentile."""


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """One unit in one column, if it was called."""

    unit: str
    began: str
    standing: Standing
    times: tuple[float, ...]
    """Answer times, s."""


def unit_standings(shown: Iterable[Column]) -> Iterator[UnitStanding]:
    """Every called unit in every column."""
    for column in shown:
        times = calls_by(column.calls)
        for unit, standing in column.attendance.standings.items():
            if standing != "not_called":
                known = tuple(c.latency_s for c in times.get(unit, ()) if c.latency_s is not None)
                yield UnitStanding(unit, column.began, standing, known)


def calls_by(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """Exchanges grouped by unit."""
    out: dict[str, list[Call]] = {}
    for c in calls:
        out.setdefault(c.unit, []).append(c)
    return out


def _gathered(found: Iterable[UnitStanding], key: Callable[[UnitStanding], str]) -> dict[str, list[UnitStanding]]:
    out: dict[str, list[UnitStanding]] = {}
    for p in found:
        out.setdefault(key(p), []).append(p)
    return out


def share_of(name: str, found: Sequence[UnitStanding]) -> Share:
    """Attendance and answer times."""
    times = [t for p in found for t in p.times]
    here = sum(p.standing in HERE for p in found)
    return Share(name, len(found), here, quantile(times, 0.5), quantile(times, 0.9))


def by_month(sheet: Iterable[Session], zone: tzinfo | None = None) -> list[Share]:
    """Attendance by month, oldest first; recordings of unknown date are omitted."""

    def month(p: UnitStanding) -> str:
        return parse_wall(p.began).astimezone(zone).strftime("%Y-%m")

    months = _gathered(unit_standings(columns(s for s in sheet if s.clock == "known")), month)
    return [share_of(m, found) for m, found in sorted(months.items())]


def by_group(sheet: Iterable[Session], groups: Mapping[str, str]) -> list[Share]:
    """Attendance by group; ``groups``: unit → its group."""
    found = _gathered(unit_standings(columns(sheet)), lambda p: groups.get(p.unit, ""))
    return [share_of(g, here) for g, here in found.items()]


def unit_figures(sheet: Sequence[Session]) -> list[UnitFigures]:
    """One row per unit in roster order, including units not called."""
    order = dict.fromkeys(u for s in sheet for u in s.units)
    order |= dict.fromkeys(c.unit for s in sheet for c in s.calls)
    by_unit = _gathered(unit_standings(columns(sheet)), lambda p: p.unit)
    rows = []
    for unit in order:
        found = by_unit.get(unit, [])
        n = Counter(p.standing for p in found)
        times = [t for p in found for t in p.times]
        rows.append(
            UnitFigures(
                unit,
                len(found),
                n["answered"] + n["late"],
                n["late"],
                n["relayed"],
                n["unclear"],
                n["silent"],
                n["undetermined"] + n["open"],
                quantile(times, 0.5),
                quantile(times, 0.9),
            )
        )
    return rows
