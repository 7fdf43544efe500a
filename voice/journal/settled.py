"""What people's words settle: corrections and confirmations, until they are undone. One rule for every view.

A confirmation settles its over. A correction settles the event that it names, and with it whatever else the same over
or the same exchange says of the unit; a correction of a roll-call, poll or alert settles the unit's exchanges in it.
What comes after a person's word is not settled by it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern

from voice.journal.store import Journal
from voice.talk.by_hand import SPOKE, Confirmed, Corrected, Undone
from voice.talk.facts import AlertRaised, Fact, RollBegan, RollMarked, SessionBegan

OCCASIONS = (RollBegan, RollMarked, AlertRaised)
"""Beginnings of what a unit is called in."""

BY_HAND = tuple(cls.KIND for cls in (Corrected, Confirmed, Undone))
BESIDES = tuple(cls.KIND for cls in (SessionBegan, *OCCASIONS))

Key = tuple[str, str, int, int]
"""Sort (event, over, exchange, occasion), channel, number of the session's first event, own number."""


def asks_review(fact: Fact) -> bool:
    """A person should look at it."""
    return bool(getattr(fact, "review", False) or fact.doubts())


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an event stands."""

    seq: int
    channel: str
    unit: str | None
    over: int
    exchange: int | None
    movable: bool = False
    """A correction may name another unit."""


def spot_of(fact: Fact, seq: int) -> Spot:
    """Where an event stands."""
    unit = getattr(fact, "unit", None)
    over, exchange = getattr(fact, "over", 0), getattr(fact, "exchange", None)
    return Spot(seq, intern(fact.channel), intern(unit) if unit else None, over, exchange, isinstance(fact, SPOKE))


class Settled:
    """What is settled. Takes every event of a journal in order, or looks up what it needs."""

    def __init__(self, remembered: int = 0) -> None:
        """``remembered``: how many recent events a correction is matched with; 0: all."""
        self.reached = 0
        """Last event looked at with ``look``."""
        self._remembered = remembered
        self._began: dict[tuple[str, str], list[int]] = {}
        """(session or occasion, channel) → numbers of the events that began one."""
        self._spots: dict[int, Spot] = {}
        self._settled: dict[Key, dict[int, str | None]] = {}
        """Key → number of a person's event → unit that it is about; None: all."""
        self._said: dict[int, dict[int, str]] = {}
        """Number of an over's event → number of a person's event → transcript."""

    def look(self, journal: Journal) -> None:
        """Take what people have said since the last look."""
        last = journal.last()
        words = list(journal.events(kind=BY_HAND, after=self.reached, before=last + 1))
        if words:
            named = {n for e in words for n in (e.data.get("corrects"), e.data.get("confirms")) if n}
            marks = journal.events(kind=BESIDES, after=self._last_mark(), before=last + 1)
            for e in (*marks, *journal.numbered(named), *words):
                self.take(e.fact(), e.seq)
        self.reached = last

    def take(self, fact: Fact, seq: int) -> None:
        """Another event."""
        if isinstance(fact, SessionBegan):
            self._begin("session", fact.channel, seq)
        elif isinstance(fact, OCCASIONS) and getattr(fact, "mark", "start") == "start":
            self._begin("occasion", fact.channel, seq)
        if isinstance(fact, Corrected | Confirmed):
            self._by_hand(fact, seq)
        elif isinstance(fact, Undone):
            for by in self._settled.values():
                by.pop(fact.undoes, None)
            for told in self._said.values():
                told.pop(fact.undoes, None)
        else:
            self._spots[seq] = spot_of(fact, seq)
            if self._remembered and len(self._spots) > self._remembered:
                del self._spots[next(iter(self._spots))]

    def covers(self, spot: Spot) -> bool:
        """Whether a person has settled it."""
        return any(
            number > spot.seq and _concerns(key[0], whose, spot.unit)
            for key in self._keys(spot)
            for number, whose in self._settled.get(key, {}).items()
        )

    def said(self, over: int) -> str:
        """What a person wrote down for the over of this event; empty if nobody has."""
        told = self._said.get(over)
        return told[max(told)] if told else ""

    @property
    def written(self) -> dict[int, str]:
        """Number of an over's event → what a person wrote down for it."""
        return {over: said for over in self._said if (said := self.said(over))}

    def _by_hand(self, fact: Corrected | Confirmed, seq: int) -> None:
        number = fact.corrects if isinstance(fact, Corrected) else fact.confirms
        found = self._spots.get(number)
        if isinstance(fact, Confirmed):
            if fact.said:
                self._said.setdefault(number, {})[seq] = fact.said
            self._settle(("event", "over"), found, number, seq, None)
            return
        began = number or self._before("occasion", fact.channel, seq)
        if began in self._began.get(("occasion", fact.channel), ()):
            self._settled.setdefault(("occasion", fact.channel, 0, began), {})[seq] = fact.unit
        elif found is None or found.movable or found.unit in (None, fact.unit):
            self._settle(("event", "over", "exchange"), found, number, seq, fact.unit)

    def _settle(self, sorts: tuple[str, ...], found: Spot | None, number: int, seq: int, unit: str | None) -> None:
        for key in self._keys(found) if found else (("event", "", 0, number),):
            if key[0] in sorts:
                self._settled.setdefault(key, {})[seq] = unit

    def _keys(self, spot: Spot) -> Iterator[Key]:
        """What it may be settled with."""
        yield "event", "", 0, spot.seq
        session = self._before("session", spot.channel, spot.seq)
        if spot.over:
            yield "over", spot.channel, session, spot.over
        if spot.exchange is not None:
            yield "exchange", spot.channel, session, spot.exchange
            yield "occasion", spot.channel, 0, self._before("occasion", spot.channel, spot.seq)

    def _begin(self, what: str, channel: str, seq: int) -> None:
        if self._before(what, channel, seq) != seq:
            insort(self._began.setdefault((what, channel), []), seq)

    def _before(self, what: str, channel: str, seq: int) -> int:
        """The last one that began before an event or with it; 0 if there is none."""
        begun = self._began.get((what, channel), [])
        at = bisect_left(begun, seq + 1)
        return begun[at - 1] if at else 0

    def _last_mark(self) -> int:
        return max((begun[-1] for begun in self._began.values()), default=0)


def _concerns(sort: str, whose: str | None, unit: str | None) -> bool:
    """Whether a person's word about ``whose`` is about what is said of ``unit``."""
    if sort == "occasion":
        return unit == whose
    return sort == "event" or whose is None or unit in (None, whose)


def settled_in(journal: Journal) -> Settled:
    """What people have settled in a journal so far."""
    out = Settled()
    out.look(journal)
    return out
