"""The conductor of an automatic roll-call (点名): every unit in turn, the silent ones again, an honest end.

Pure. ``evolve_roll`` folds the journal's facts into a ``RollCall``; ``next_move`` says what to announce now,
if anything. Nothing else is kept, so after a crash the roll-call goes on from the journal where it stood.
It yields to real traffic: an incident pauses it, and the channel is waited for by the transmitter.
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
    """Where a roll-call stands."""

    units: tuple[str, ...]
    rounds: int
    opened: bool = False
    round: int = 1
    called: tuple[str, ...] = ()
    """In this round."""
    current: str | None = None
    """Called, and neither answered nor given up yet."""
    results: dict[str, Standing] = field(default_factory=dict)
    """Of the units that were called; counted by ``attendance`` alone."""
    answers: dict[str, str] = field(default_factory=dict)
    """Unit → meaning of its answer."""
    skipped: tuple[str, ...] = ()
    """Not called again."""
    question: str = ""
    """Asked of everybody instead of the roster's own."""
    until: str = ""
    """轮询: it ends with the first answer that means this, ``any``: with any."""
    found: str | None = None
    """Unit whose answer ended it."""
    paused: str | None = None
    """Why it pauses."""
    stopped: bool = False
    closed: bool = False
    """The closing words were said."""
    since: int = 0
    """Number of the event that began it; 0: not known."""
    by_hand: Mapping[int, tuple[str, Standing, str]] = field(default_factory=dict)
    """Number of a person's correction → unit, and its standing and answer before."""

    @property
    def attendance(self) -> Attendance:
        """The count."""
        return attendance(self.units, self.results)

    @property
    def here(self) -> tuple[str, ...]:
        return self.attendance.answered

    @property
    def missing(self) -> tuple[str, ...]:
        """Without an answer of their own, those whose answer was not understood left out: silent, spoken for by a
        neighbour, or not called."""
        return self.attendance.of("silent", "relayed", "undetermined", "open", "not_called")

    @property
    def unclear(self) -> tuple[str, ...]:
        """Heard, but not understood: a person decides."""
        return self.attendance.unclear

    @property
    def waiting(self) -> tuple[str, ...]:
        """Units still to be called in this round, in order."""
        done = {*self.called, *self.here, *self.skipped}
        return tuple(u for u in self.units if u not in done)

    @property
    def complete(self) -> bool:
        """Nobody is left to call."""
        if not self.opened or self.stopped or self.found or self.current is not None or self.waiting:
            return False
        return self.round >= self.rounds or not _again(self).waiting


@dataclass(frozen=True, slots=True)
class Move:
    """What the station should announce next."""

    purpose: Literal["opening", "call", "closing"]
    unit: str | None = None
    attempt: int = 1


def next_move(roll: RollCall | None) -> Move | None:
    """None: wait, for an answer, for the end of a pause, or because it is over."""
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
    """The next round: everybody who is not here is called again."""
    return replace(roll, round=roll.round + 1, called=())


def evolve_roll(roll: RollCall | None, fact: Fact, seq: int = 0) -> RollCall | None:
    """The roll-call after a fact; None if there is none. ``seq``: number of the fact's event, where it has one."""
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
    """A person decided. Taken twice it is the same: the station hears of its own corrections in two ways."""
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
    """What a person has set is taken back: it stands as it was heard."""
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
