"""Incidents: whatever units report, in any context, until a person acknowledges it. A pure fold over facts.

有情况, 请求支援 and similar open one incident, whether heard as a call-in, in a roll-call or poll, in answer to an
alert, or from an unidentified speaker. A repeat by the same unit shortly after is the same incident.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from voice.grammar.meanings import URGENT
from voice.talk.by_hand import Acknowledged, Confirmed, Corrected, Undone
from voice.talk.facts import (
    Answered,
    CalledIn,
    ControlReplied,
    Fact,
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    SessionBegan,
    Transcribed,
)
from voice.time import parse_wall

SAME_WITHIN = timedelta(minutes=10)
"""A repeat by the same unit within this time, while unacknowledged, is the same incident."""

OPEN_FOR = timedelta(hours=2)
"""An arrival counts towards the latest incident no older than this."""

REMEMBERED = 20_000
"""How many recent events can still be corrected."""

Reports = Answered | CalledIn | Remarked | Relayed


@dataclass(slots=True)
class Incident:
    """A report and the responses to it."""

    seq: int
    """Sequence number of the event that reported it."""
    wall: str
    unit: str | None
    text: str
    """As it was recognised."""
    meaning: str = "situation"
    pinyin: str = ""
    clip: str = ""
    channel: str = ""
    events: list[int] = field(default_factory=list)
    """Number of reports, including the first."""
    on_the_way: dict[str, float] = field(default_factory=dict)
    """Unit → seconds after the report."""
    arrived: dict[str, float] = field(default_factory=dict)
    acknowledged: str = ""
    """Who acknowledged it; ``air``: net control answered the unit on the air; empty: nobody yet."""
    withdrawn: bool = False
    """A person corrected the report to something else."""
    guess: str = ""
    """Dictation of its over (≈): for people only, nothing is decided on it."""
    over: int = 0
    """Sequence number of its over's event."""
    typed: str = ""
    """What a person wrote down for that over."""

    @property
    def open(self) -> bool:
        """Still needs a person's attention."""
        return not (self.acknowledged or self.withdrawn)

    @property
    def words(self) -> str:
        """What a person wrote down; otherwise what was recognised."""
        return self.typed or self.text

    def times(self, meaning: str) -> dict[str, float]:
        """``on_the_way`` or ``arrived``."""
        return self.arrived if meaning == "arrived" else self.on_the_way


@dataclass(frozen=True, slots=True)
class _Said:
    """What an event says of a unit."""

    wall: str
    unit: str | None
    text: str
    channel: str
    over: int


class Incidents:
    """All incidents, folded from the facts of a journal in order."""

    def __init__(self) -> None:
        self.all: list[Incident] = []
        self.open: tuple[Incident, ...] = ()
        """Unacknowledged incidents, oldest first; a new tuple whenever one of them changes."""
        self._undo: dict[int, Callable[[], None]] = {}
        """Number of a person's event → takes it back."""
        self._of_over: dict[tuple[str, int], Incident] = {}
        """Channel and number of an over of the running session → the incident that it reports."""
        self._overs: dict[tuple[str, int], int] = {}
        """Channel and number of an over of the running session → number of its event."""
        self._typed: dict[int, dict[int, str]] = {}
        """Number of an over's event → number of a person's event → what was written down."""
        self._said: dict[int, _Said] = {}
        """Recent events that a person may correct."""
        self._moved: dict[int, tuple[Incident, str, str, float]] = {}
        """Number of such an event → what it counted as: incident, meaning, unit, seconds."""

    def take(self, fact: Fact, seq: int = 0, wall: str = "") -> Incident | None:
        """Next fact with its event's number and time; returns the incident it opens, if any."""
        new = self._take(fact, seq, wall)
        if isinstance(fact, Acknowledged | Confirmed | Corrected | Undone | ControlReplied | Transcribed):
            self.open = tuple(i for i in self.all if i.open)
        return new

    def _take(self, fact: Fact, seq: int, wall: str) -> Incident | None:
        match fact:
            case Acknowledged(acknowledges=number):
                if (found := self._of_event(number)) is not None:
                    self._undo[seq] = partial(setattr, found, "acknowledged", found.acknowledged)
                    found.acknowledged = fact.by or "?"
            case Corrected():
                return self._corrected(fact, seq)
            case Confirmed(confirms=over, said=said) if said:
                self._typed.setdefault(over, {})[seq] = said
                self._undo[seq] = partial(self._untyped, over, seq)
                self._write(over)
            case Undone(undoes=number) if number in self._undo:
                self._undo.pop(number)()
            case ControlReplied(unit=str(unit), doubt=False):
                for i in self.open:
                    if (i.channel, i.unit) == (fact.channel, unit):
                        i.acknowledged = "air"
            case Transcribed(channel=channel, over=over) if (channel, over) in self._of_over:
                self._of_over[channel, over].guess = fact.text
            case SessionBegan(channel=channel):
                self._of_over = {k: i for k, i in self._of_over.items() if k[0] != channel}
                self._overs = {k: number for k, number in self._overs.items() if k[0] != channel}
            case OverHeard():
                self._overs[fact.channel, fact.over] = seq
                if len(self._overs) > REMEMBERED:
                    del self._overs[next(iter(self._overs))]
            case NotUnderstood():
                self._remember(seq, _Said(wall, fact.unit, f"[{fact.pinyin}]", fact.channel, self._over_of(fact)))
            case Answered() | CalledIn() | Remarked() | Relayed():
                self._remember(seq, _Said(wall, fact.unit, fact.text, fact.channel, self._over_of(fact)))
                return self._reported(fact, seq, wall)
            case _:
                pass
        return None

    def _over_of(self, fact: Reports | NotUnderstood) -> int:
        return self._overs.get((fact.channel, fact.over), 0)

    def _write(self, over: int) -> None:
        """What was last written down for an over stands on its incidents."""
        told = self._typed.get(over, {})
        for i in self.all:
            if i.over == over:
                i.typed = told[max(told)] if told else ""

    def _untyped(self, over: int, seq: int) -> None:
        self._typed[over].pop(seq, None)
        self._write(over)

    def _remember(self, seq: int, said: _Said) -> None:
        self._said[seq] = said
        if len(self._said) > REMEMBERED:
            oldest = next(iter(self._said))
            self._moved.pop(oldest, None)
            del self._said[oldest]

    def _of_event(self, number: int) -> Incident | None:
        return next((i for i in self.all if number in i.events), None)

    def _reported(self, fact: Reports, seq: int, wall: str) -> Incident | None:
        if fact.meaning in URGENT:
            last = next((i for i in reversed(self.all) if (i.unit, i.channel) == (fact.unit, fact.channel)), None)
            if last and fact.unit and last.open and parse_wall(wall) - parse_wall(last.wall) <= SAME_WITHIN:
                last.events.append(seq)
                return None
            new = Incident(seq, wall, fact.unit, fact.text, fact.meaning, channel=fact.channel, events=[seq])
            new.over = self._said[seq].over
            self.all.append(new)
            self.open = (*self.open, new)
            self._of_over[fact.channel, fact.over] = new
            return new
        self._count(seq, self._said[seq], fact.unit, fact.meaning)
        return None

    def _count(self, seq: int, said: _Said, unit: str | None, meaning: str) -> None:
        """An event says that a unit has set out or arrived: counted for the latest incident before it."""
        if unit is None or meaning not in ("on_the_way", "arrived"):
            return
        here = [i for i in self.all if i.channel == said.channel and not i.withdrawn and i.seq < seq]
        if not here or (took := parse_wall(said.wall) - parse_wall(here[-1].wall)) > OPEN_FOR:
            return
        times = here[-1].times(meaning)
        if unit not in times:
            times[unit] = took.total_seconds()
            self._moved[seq] = here[-1], meaning, unit, times[unit]

    def _uncount(self, seq: int) -> None:
        if seq in self._moved:
            incident, meaning, unit, _ = self._moved.pop(seq)
            incident.times(meaning).pop(unit, None)

    def _corrected(self, fact: Corrected, seq: int) -> Incident | None:
        """A person says what an event was: another unit's report, none, or a report or an arrival after all."""
        number, found = fact.corrects, self._of_event(fact.corrects)
        if found is not None:
            before = found.acknowledged, found.withdrawn, found.unit, found.meaning

            def restore() -> None:
                found.acknowledged, found.withdrawn, found.unit, found.meaning = before

            self._undo[seq] = restore
            if fact.meaning in URGENT:
                found.acknowledged = found.acknowledged or fact.by
                found.unit, found.meaning = fact.unit, fact.meaning
            else:
                found.withdrawn = True
            return None
        said = self._said.get(number)
        if said is None:
            return None
        if fact.meaning in URGENT:
            new = Incident(number, said.wall, fact.unit, said.text, fact.meaning, channel=said.channel, events=[number])
            new.acknowledged, new.over = fact.by or "?", said.over
            self._undo[seq] = partial(setattr, new, "withdrawn", True)
            insort(self.all, new, key=lambda i: i.seq)
            self._write(said.over)
            return new
        counted = self._moved.get(number)

        def count_again() -> None:
            self._uncount(number)
            if counted is not None:
                self._moved[number] = counted
                counted[0].times(counted[1])[counted[2]] = counted[3]

        self._undo[seq] = count_again
        self._uncount(number)
        self._count(number, said, fact.unit, fact.meaning)
        return None
