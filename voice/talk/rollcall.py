"""Conductor of an automatic roll-call (点名): each unit in turn, the silent ones again, then an honest closing.

Pure. ``evolve_roll`` folds the journal's facts into a ``RollCall``; ``next_move`` returns the announcement due now, if
any. No other state is kept, so after a crash the roll-call resumes from the journal. It gives way to live traffic: an
incident pauses it, and the transmitter waits for a clear channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from voice.talk.attendance import HERE, Attendance, Standing, attendance, stand
from voice.talk.by_hand import Corrected, Undone
from voice.talk.facts import (
    Announced,
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    Relayed,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
)


@dataclass(frozen=True, slots=True)
class RollCall:
    """Progress of a roll-call."""

    units: tuple[str, ...]
    rounds: int
    opened: bool = False
    round: int = 1
    called: tuple[str, ...] = ()
    """Units called in this round."""
    current: str | None = None
    """Called, not yet answered or timed out."""
    results: dict[str, Standing] = field(default_factory=dict)
    """Standing of the units called; only ``attendance`` counts them."""
    answers: dict[str, str] = field(default_factory=dict)
    """Unit → meaning of its answer."""
    skipped: tuple[str, ...] = ()
    """Units not to be called again."""
    question: str = ""
    """Question put to all units in place of those in the roster."""
    until: str = ""
    """轮询 (poll): stop at the first answer with this meaning; ``any``: at any answer."""
    found: str | None = None
    """Unit whose answer ended the poll."""
    paused: str | None = None
    """Reason for the pause."""
    stopped: bool = False
    closed: bool = False
    """The closing was announced."""
    since: int = 0
    """Sequence number of the event that began it; 0: unknown."""
    by_hand: Mapping[int, tuple[str, Standing, str]] = field(default_factory=dict)
    """Sequence number of a manual correction → unit, with its previous standing and answer."""

    @property
    def attendance(self) -> Attendance:
        """The count."""
        return attendance(self.units, self.results)

    @property
    def here(self) -> tuple[str, ...]:
        return self.attendance.answered

    @property
    def missing(self) -> tuple[str, ...]:
        """Units without an answer of their own: silent, relayed, undetermined, still open or not called. Those heard
        but not understood are left out: see ``unclear``."""
        return self.attendance.of("silent", "relayed", "undetermined", "open", "not_called")

    @property
    def unclear(self) -> tuple[str, ...]:
        """Heard but not understood: needs a person's decision."""
        return self.attendance.unclear

    @property
    def waiting(self) -> tuple[str, ...]:
        """Units still to call in this round, in order."""
        done = {*self.called, *self.here, *self.skipped}
        return tuple(u for u in self.units if u not in done)

    @property
    def complete(self) -> bool:
        """No unit is left to call."""
        if not self.opened or self.stopped or self.found or self.current is not None or self.waiting:
            return False
        return self.round >= self.rounds or not _again(self).waiting


@dataclass(frozen=True, slots=True)
class Move:
    """Next announcement due."""

    purpose: Literal["opening", "call", "closing"]
    unit: str | None = None
    attempt: int = 1


def next_move(roll: RollCall | None) -> Move | None:
    """None: nothing to say now (awaiting an answer, paused, or finished)."""
    if roll is None or roll.closed:
        return None
    if roll.stopped or roll.found or (roll.complete and not roll.paused):
        return Move("closing")
    if roll.paused or roll.current is not None:
        return None
    if not roll.opened:
        return Move("opening")
    if roll.waiting:
        return Move("call", roll.waiting[0], roll.round)
    return Move("call", _again(roll).waiting[0], roll.round + 1)


def _again(roll: RollCall) -> RollCall:
    """Next round: every unit not yet accounted for is called again."""
    return replace(roll, round=roll.round + 1, called=())


def evolve_roll(roll: RollCall | None, fact: Fact, seq: int = 0) -> RollCall | None:
    """Roll-call after a fact; None if there is none. ``seq``: sequence number of the fact's event, if it has one."""
    if isinstance(fact, RollBegan):
        return RollCall(fact.units, fact.rounds, question=fact.question, until=fact.until, since=seq)
    if roll is None or roll.closed:
        return roll
    match fact:
        case SessionBegan():  # the unit that was being called is called again
            called = tuple(u for u in roll.called if u != roll.current)
            return replace(roll, current=None, called=called, paused="interrupted")
        case Announced(purpose="opening"):
            return replace(roll, opened=True)
        case Announced(purpose="closing") | RollEnded():
            return replace(roll, closed=True, current=None)
        case Called(unit=unit, over=0) if unit in roll.units and not roll.paused:  # over 0: called by us
            now = roll if unit in roll.waiting else _again(roll)
            return _standing(replace(now, current=unit, called=(*now.called, unit)), unit, fact)
        case Called(unit=unit) if unit in roll.units:  # the dispatcher calls it: its answer is awaited first
            return _standing(replace(roll, current=unit), unit, fact)
        case Answered(unit=unit) if unit in roll.units:
            return _answered(roll, fact)
        case ExchangeClosed(unit=unit) if unit in roll.units:
            return _standing(replace(roll, current=None if roll.current == unit else roll.current), unit, fact)
        case Relayed(kind="proxy", unit=str(unit)) if unit in roll.units:
            return _standing(roll, unit, fact)
        case CalledIn():
            return replace(roll, paused=f"{fact.unit or '?'} {fact.meaning}")
        case RollMarked(obeyed=True):
            return _marked(roll, fact)
        case Corrected(unit=str(unit), corrects=at) if unit in roll.units and (at == 0 or at >= roll.since):
            return _set_right(roll, unit, fact.meaning, seq)
        case Undone(undoes=number) if number in roll.by_hand:
            return _undone(roll, number)
        case _:
            return roll


def _set_right(roll: RollCall, unit: str, meaning: str, seq: int) -> RollCall:
    """Manual correction. Idempotent, because the station learns of its own corrections by two paths."""
    if seq and seq in roll.by_hand:
        return roll
    before = unit, roll.results.get(unit, "not_called"), roll.answers.get(unit, "")
    return replace(
        roll,
        results={**roll.results, unit: HERE[0]},
        answers={**roll.answers, unit: meaning},
        current=None if roll.current == unit else roll.current,
        by_hand={**roll.by_hand, seq: before},
    )


def _undone(roll: RollCall, number: int) -> RollCall:
    """A manual correction is withdrawn: the standing reverts to what was heard."""
    unit, standing, answer = roll.by_hand[number]
    answers = {u: m for u, m in roll.answers.items() if u != unit} | ({unit: answer} if answer else {})
    by_hand = {n: b for n, b in roll.by_hand.items() if n != number}
    return replace(roll, results={**roll.results, unit: standing}, answers=answers, by_hand=by_hand)


def _standing(roll: RollCall, unit: str, fact: Fact) -> RollCall:
    return replace(roll, results={**roll.results, unit: stand(roll.results.get(unit, "not_called"), fact)})


def _answered(roll: RollCall, fact: Answered) -> RollCall:
    fits = roll.until == "any" or (roll.until != "" and roll.until == fact.meaning)
    return replace(
        _standing(roll, fact.unit, fact),
        answers={**roll.answers, fact.unit: fact.meaning},
        current=None if roll.current == fact.unit else roll.current,
        found=fact.unit if fits else roll.found,
        paused=f"{fact.unit} situation" if fact.meaning == "situation" and not roll.until else roll.paused,
    )


def _marked(roll: RollCall, fact: RollMarked) -> RollCall:
    match fact.mark:
        case "pause":
            return replace(roll, paused=fact.reason or "dispatcher")
        case "resume":
            return replace(roll, paused=None)
        case "end":
            return replace(roll, stopped=True, current=None)
        case "skip":
            unit = roll.current or next(iter(roll.waiting), None)
            if unit is None:
                return roll
            return replace(roll, current=None, skipped=(*roll.skipped, unit))
        case "repeat":
            called = tuple(u for u in roll.called if u != roll.current)
            return replace(roll, current=None, called=called)
        case _:
            return roll
