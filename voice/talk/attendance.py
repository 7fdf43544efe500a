"""Attendance: one rule for a unit's standing, one count for every view.

An *occasion* is one roll-call, poll or alert, or the dispatcher's calls in between. Command line, board, sheets,
exports, API and the spoken closing all show ``Attendance``; nothing else counts units. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from voice.talk.by_hand import SPOKE, Corrected, NetEntered, Undone
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Relayed,
    Remarked,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
    SessionEnded,
)

Standing = Literal["answered", "late", "relayed", "unclear", "silent", "undetermined", "open", "not_called"]
"""A unit's standing in an occasion, exactly one of these. ``relayed``: no answer of its own, but another unit
answered for it (代答). ``undetermined``: unknown, because the receiver was dead, the recording ended, or an answer
without a call sign may have been its own."""

STANDINGS: tuple[Standing, ...] = get_args(Standing)
"""Strongest first: a unit that answered once is present, and silence never overrides what was heard."""

HERE: tuple[Standing, ...] = ("answered", "late")

OccasionKind = Literal["roll", "poll", "alert", "calls"]

Said = Answered | ExchangeClosed | NotUnderstood | Relayed | CalledIn | Remarked

CALM_S = 1800.0
"""A dispatcher's call this long after the previous one begins a new occasion."""


def stand(before: Standing, fact: Fact) -> Standing:
    """A unit's standing after a fact of its exchange."""
    now: Standing
    match fact:
        case Called():
            now = "open"
        case Answered(late=late):
            now = "late" if late else "answered"
        case Relayed(kind="proxy"):
            now = "relayed"
        case ExchangeClosed(outcome=outcome):
            now = outcome
        case _:
            return before
    return min(before, now, key=STANDINGS.index)


def is_nameless(fact: Fact) -> bool:
    """It may be the answer of any unit that was called."""
    match fact:
        case Remarked(kind="unattributed" | "contested") | NotUnderstood(exchange=None):
            return True
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Attendance:
    """Count of one occasion: every unit has exactly one standing, in roster order."""

    standings: Mapping[str, Standing]

    def of(self, *standings: Standing) -> tuple[str, ...]:
        """Units with this standing."""
        return tuple(u for u, s in self.standings.items() if s in standings)

    @property
    def units(self) -> tuple[str, ...]:
        """Expected (应到)."""
        return tuple(self.standings)

    @property
    def called(self) -> tuple[str, ...]:
        """All except those not called."""
        return tuple(u for u, s in self.standings.items() if s != "not_called")

    @property
    def answered(self) -> tuple[str, ...]:
        """Present (实到): answered themselves, in time or late."""
        return self.of(*HERE)

    @property
    def late(self) -> tuple[str, ...]:
        """Subset of ``answered`` that answered late."""
        return self.of("late")

    @property
    def relayed(self) -> tuple[str, ...]:
        """Another unit answered for them (代答)."""
        return self.of("relayed")

    @property
    def unclear(self) -> tuple[str, ...]:
        """Heard but not understood (听不清): never counted as silent."""
        return self.of("unclear")

    @property
    def silent(self) -> tuple[str, ...]:
        """Nothing was heard of them (未答)."""
        return self.of("silent")

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Undetermined (未定): see ``Standing``."""
        return self.of("undetermined")

    @property
    def not_called(self) -> tuple[str, ...]:
        """On the roster but not called (未呼叫)."""
        return self.of("not_called")

    @property
    def settled(self) -> tuple[str, ...]:
        """No answer is outstanding in this round."""
        return tuple(u for u, s in self.standings.items() if s not in ("open", "not_called"))

    def counts(self) -> dict[str, int]:
        """As returned by the API."""
        return {
            "units": len(self.units), "called": len(self.called), "answered": len(self.answered),
            "late": len(self.late), "relayed": len(self.relayed), "unclear": len(self.unclear),
            "silent": len(self.silent), "undetermined": len(self.of("undetermined", "open")),
            "not_called": len(self.not_called),
        }  # fmt: skip


def attendance(units: Iterable[str], standings: Mapping[str, Standing]) -> Attendance:
    """The count. ``units``: those expected, in order; others are ignored."""
    return Attendance({u: standings.get(u, "not_called") for u in units})


@dataclass(frozen=True, slots=True)
class Occasion:
    """A roll-call, poll or alert, or a run of dispatcher's calls in between."""

    kind: OccasionKind
    units: tuple[str, ...]
    """Units expected."""
    seq: int = 0
    """Sequence number of its first event."""
    wall: str = ""
    """UTC time of its first event."""
    words: str = ""
    """Question of a poll or text of an alert."""
    heard: Mapping[str, Standing] = field(default_factory=dict)
    """Standing as heard."""
    by_hand: Mapping[str, str] = field(default_factory=dict)
    """Unit → meaning set by a person: counts as answered."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Unit → meaning of its latest answer."""
    ended: bool = False

    @property
    def attendance(self) -> Attendance:
        """The count with manual corrections applied."""
        return attendance(self.units, {**self.heard, **dict.fromkeys(self.by_hand, HERE[0])})

    def outcome(self) -> dict[str, int]:
        """Meaning of the answer, or standing if there was none → number of units, most frequent first."""
        counts: dict[str, int] = {}
        said = {**self.answers, **self.by_hand}
        for unit, standing in self.attendance.standings.items():
            key = said.get(unit, "") if standing in HERE else standing
            counts[key] = counts.get(key, 0) + 1
        counts.pop("not_called", None)
        return dict(sorted(counts.items(), key=lambda kv: -kv[1]))


class Occasions:
    """Occasions of one channel, folded from its facts in order. An exchange belongs to the occasion that opened it,
    so a late answer counts there whenever it arrives."""

    def __init__(self, remembered: int = 0) -> None:
        """``remembered``: how many recent events can still be corrected; 0: all."""
        self.all: list[Occasion] = []
        self._remembered = remembered
        self._roster: tuple[str, ...] = ()
        self._roll: int | None = None
        self._interrupted: int | None = None
        self._alert: int | None = None
        self._calls: int | None = None
        self._called_at = 0.0
        self._last: int | None = None
        """Occasion of the latest call."""
        self._reading = False
        """Our latest announcement was an alert."""
        self._exchanges: dict[int, tuple[int, str]] = {}
        self._events: dict[int, tuple[int, str | None]] = {}
        self._set: dict[int, tuple[int, str, str]] = {}
        """Number of a correction → (occasion, unit, what a person had set before)."""

    @property
    def latest(self) -> Occasion | None:
        """The running roll-call, poll or alert, else the last one; a dispatcher's calls if there was none."""
        if self._alert is not None:
            return self.all[self._alert]
        return next((o for o in reversed(self.all) if o.kind != "calls"), self.all[-1] if self.all else None)

    def concerns(self, fact: Fact, at: int | None) -> tuple[bool, bool]:
        """Whether a roll-call (or poll), and whether an alert, is to heed a fact that changed occasion ``at``: a
        person's correction is of one of them, or of none."""
        alert = at is not None and self.all[at].kind == "alert"
        return (at is not None and not alert, alert) if isinstance(fact, Corrected) else (True, True)

    def take(self, fact: Fact, seq: int = 0, wall: str = "") -> int | None:
        """Next fact with its event's number and time; returns the index of the occasion it changed."""
        match fact:
            case SessionBegan():
                self._begin(fact)
            case SessionEnded():
                self._calls = None
            case Announced():
                self._reading = fact.purpose == "alert"
            case RollBegan(question=question, until=until):
                self._end("_roll")
                kind: OccasionKind = "poll" if question or until else "roll"
                self._roll = self._open(Occasion(kind, fact.units, seq, wall, question))
                return self._roll
            case RollMarked(mark="start") if self._roll is None:
                self._roll = self._open(Occasion("roll", self._roster, seq, wall))
                return self._roll
            case RollMarked(mark="resume") if self._roll is None:
                self._roll, self._interrupted = self._interrupted, None
            case RollEnded() | RollMarked(mark="end", obeyed=True):
                return self._end("_roll" if self._roll is not None else "_interrupted")
            case AlertRaised():
                self._end("_alert")
                self._alert = self._open(Occasion("alert", fact.units, seq, wall, fact.text))
                return self._alert
            case AlertEnded():
                return self._end("_alert")
            case Called():
                return self._called(fact, seq, wall)
            case Answered() | ExchangeClosed() | NotUnderstood() | Relayed() | CalledIn() | Remarked():
                return self._answered(fact, seq)
            case Corrected(unit=str(unit)):
                return self._corrected(fact, unit, seq)
            case Undone(undoes=number) if number in self._set:
                at, whose, before = self._set.pop(number)
                by_hand = {u: m for u, m in self.all[at].by_hand.items() if u != whose}
                self.all[at] = replace(self.all[at], by_hand=by_hand | ({whose: before} if before else {}))
                return at
            case NetEntered():
                return self._open(entered(fact, seq))
            case _:
                pass
        return None

    def _begin(self, fact: SessionBegan) -> None:
        """Exchanges are counted afresh; an interrupted roll-call may resume."""
        self._roster, self._exchanges, self._calls, self._reading = fact.units, {}, None, False
        self._last = None
        self._interrupted, self._roll = self._roll if self._roll is not None else self._interrupted, None

    def _open(self, occasion: Occasion) -> int:
        self.all.append(occasion)
        self._calls = None
        at = len(self.all) - 1
        self._note(occasion.seq, at, None)
        return at

    def _end(self, what: str) -> int | None:
        at: int | None = getattr(self, what)
        setattr(self, what, None)
        self._calls = None
        if at is not None:
            self.all[at] = replace(self.all[at], ended=True)
        return at

    def _note(self, seq: int, at: int, unit: str | None) -> None:
        self._events[seq] = at, unit
        if self._remembered and len(self._events) > self._remembered:
            del self._events[next(iter(self._events))]

    def _called(self, fact: Called, seq: int, wall: str) -> int:
        found = self._exchanges.get(fact.exchange)
        at = found[0] if found and found[1] == fact.unit else self._place(fact, seq, wall)
        self._exchanges[fact.exchange] = at, fact.unit
        self._last = at
        self._put(at, fact.unit, fact)
        self._note(seq, at, fact.unit)
        return at

    def _place(self, fact: Called, seq: int, wall: str) -> int:
        """Which occasion a new exchange belongs to."""
        roll = self._roll if self._roll is not None and fact.unit in self.all[self._roll].units else None
        alert = self._alert if self._alert is not None and fact.unit in self.all[self._alert].units else None
        first, second = (alert, roll) if self._reading and fact.over == 0 else (roll, alert)
        at = first if first is not None else second
        if at is not None:
            return at
        if self._calls is None or fact.t - self._called_at > CALM_S:
            self._calls = self._open(Occasion("calls", self._roster, seq, wall))
        self._called_at = fact.t
        here = self.all[self._calls]
        if fact.unit not in here.units:  # called although not on the roster
            self.all[self._calls] = replace(here, units=(*here.units, fact.unit))
        return self._calls

    def _answered(self, fact: Said, seq: int) -> int | None:
        found = self._exchanges.get(fact.exchange) if fact.exchange is not None else None
        if self._last is not None and is_nameless(fact):
            self._note(seq, self._last, None)
            return None
        if found is None:
            if isinstance(fact, Relayed) and fact.unit and self._roll is not None:
                self._put(self._roll, fact.unit, fact)
                return self._roll
            return None
        at, unit = found
        if isinstance(fact, SPOKE):  # an answer only if a person says so
            self._note(seq, at, unit)
            return None
        if fact.unit not in (None, unit):
            return None
        self._put(at, unit, fact)
        self._note(seq, at, None if isinstance(fact, NotUnderstood) else unit)
        return at

    def _put(self, at: int, unit: str, fact: Fact) -> None:
        o = self.all[at]
        heard = {**o.heard, unit: stand(o.heard.get(unit, "not_called"), fact)}
        answers = {**o.answers, unit: fact.meaning} if isinstance(fact, Answered) else o.answers
        self.all[at] = replace(o, heard=heard, answers=answers)

    def _corrected(self, fact: Corrected, unit: str, seq: int) -> int | None:
        """Manual correction. ``corrects`` names an event of the unit's exchange, something nameless that was said in
        the occasion, or its start; 0 means the running roll-call."""
        at, whose = self._events.get(fact.corrects, (None, None)) if fact.corrects else (self._roll, None)
        if at is None or whose not in (None, unit) or unit not in self.all[at].units:
            return None
        if fact.corrects not in (0, self.all[at].seq) and unit not in self.all[at].heard:
            return None  # it was not called: what was said without a name is no answer of its
        self._set[seq] = at, unit, self.all[at].by_hand.get(unit, "")
        self.all[at] = replace(self.all[at], by_hand={**self.all[at].by_hand, unit: fact.meaning})
        return at


_BY_HAND: dict[str, Standing] = {"answered": "answered", "late": "late", "silent": "silent", "unclear": "unclear"}


def entered(fact: NetEntered, seq: int = 0) -> Occasion:
    """A net entered by hand, not recorded."""
    heard: dict[str, Standing] = {unit: _BY_HAND[result] for unit, result, _ in fact.results}
    answers = {unit: meaning for unit, _, meaning in fact.results if meaning}
    return Occasion("roll", tuple(heard), seq, fact.began, heard=heard, answers=answers, ended=True)
