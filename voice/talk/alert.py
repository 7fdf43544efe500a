"""An alert: read to its units, acknowledged one by one, repeated to the silent, closed with a count.

Pure, like the roll-call: ``evolve_alert`` folds the journal's facts, ``next_move`` returns the announcement due. An
emergency alert takes precedence over a running roll-call; the station asks the alert first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voice.talk.by_hand import Corrected, Undone
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    ExchangeClosed,
    Fact,
    Relayed,
    Remarked,
    SessionBegan,
)


@dataclass(frozen=True, slots=True)
class Alert:
    """Progress of an alert."""

    id: int
    text: str
    units: tuple[str, ...]
    repeat: int
    """Maximum number of readings."""
    need_ack: bool
    emergency: bool
    read: int = 0
    """Readings so far."""
    awaited: tuple[str, ...] = ()
    """Addressed in the last reading, not yet answered or timed out."""
    answers: dict[str, str] = field(default_factory=dict)
    """Unit → meaning: 收到, 没有发现, 有情况 …"""
    unclear: tuple[str, ...] = ()
    """Heard but not understood, with no answer since."""
    undetermined: tuple[str, ...] = ()
    """Nobody can tell whether they answered: the receiver was dead, or something was heard that may be theirs."""
    relayed: tuple[str, ...] = ()
    """Another unit answered for them."""
    nameless: int = 0
    """Answers without a call sign: some of the units without one of their own have answered."""
    by_hand: Mapping[int, tuple[str, str, bool, bool]] = field(default_factory=dict)
    """Sequence number of a manual correction → unit, with its answer before (empty: none), and whether it was unclear
    and awaited."""
    interrupted: bool = False
    """The session ended meanwhile: nothing is read until the station resumes the alert."""
    closed: bool = False

    @property
    def open(self) -> tuple[str, ...]:
        """Units without an intelligible answer."""
        return tuple(u for u in self.units if u not in self.answers)

    @property
    def silent(self) -> tuple[str, ...]:
        """Units from which nothing was heard."""
        return () if self.nameless else tuple(u for u in self._quiet if u not in self.undetermined)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Units that may have answered."""
        return tuple(u for u in self._quiet if self.nameless or u in self.undetermined)

    @property
    def _quiet(self) -> tuple[str, ...]:
        return tuple(u for u in self.open if u not in self.unclear and u not in self.relayed)

    @property
    def finished(self) -> bool:
        """No reading is left."""
        if not self.units:
            return True
        if self.read == 0 or self.awaited:
            return False
        return not self.need_ack or not self.open or self.read >= self.repeat


@dataclass(frozen=True, slots=True)
class AlertMove:
    """Next announcement of an alert: the text to ``units``, or the count."""

    closing: bool
    units: tuple[str, ...] = ()
    again: bool = False


def next_alert_move(alert: Alert | None) -> AlertMove | None:
    """None: awaiting acknowledgements, or finished."""
    if alert is None or alert.closed or alert.awaited or alert.interrupted:
        return None
    if alert.finished:
        return AlertMove(closing=True)
    return AlertMove(closing=False, units=alert.open, again=alert.read > 0)


def evolve_alert(alert: Alert | None, fact: Fact, seq: int = 0) -> Alert | None:
    """Alert after a fact; None if there is none. ``seq``: sequence number of the fact's event, if it has one. A
    manual correction of anything but this alert is not to be passed."""
    if isinstance(fact, AlertRaised):
        return Alert(fact.alert, fact.text, fact.units, fact.repeat, fact.need_ack, fact.emergency)
    if alert is None or alert.closed:
        return alert
    match fact:
        case SessionBegan():  # units that were awaited are asked again
            return replace(alert, awaited=(), interrupted=True)
        case Announced(purpose="alert", units=units):
            awaited = units if alert.need_ack else ()
            return replace(alert, read=alert.read + 1, awaited=awaited, interrupted=False)
        case Answered(unit=unit) if unit in alert.units and alert.read:
            waiting = tuple(u for u in alert.awaited if u != unit)
            unclear = tuple(u for u in alert.unclear if u != unit)
            nameless = max(0, alert.nameless - fact.claims)
            answers = {**alert.answers, unit: fact.meaning}
            return replace(alert, awaited=waiting, answers=answers, unclear=unclear, nameless=nameless)
        case Remarked(kind="unattributed") if alert.awaited:
            return replace(alert, nameless=alert.nameless + 1)
        case ExchangeClosed(unit=unit) if unit in alert.awaited:
            heard = fact.outcome == "unclear" and unit not in alert.unclear
            unclear = (*alert.unclear, unit) if heard else alert.unclear
            doubtful = tuple(u for u in alert.undetermined if u != unit)
            doubtful += (unit,) if fact.outcome == "undetermined" else ()
            waiting = tuple(u for u in alert.awaited if u != unit)
            return replace(alert, awaited=waiting, unclear=unclear, undetermined=doubtful)
        case Relayed(kind="proxy", unit=str(unit)) if unit in alert.open and unit not in alert.relayed:
            return replace(alert, relayed=(*alert.relayed, unit))
        case Corrected(unit=str(unit)) if unit in alert.units and not (seq and seq in alert.by_hand):
            return _set_right(alert, unit, fact.meaning, seq)
        case Undone(undoes=number) if number in alert.by_hand:
            return _undone(alert, number)
        case AlertEnded(alert=number) if number == alert.id:
            return replace(alert, closed=True)
        case _:
            return alert


def _set_right(alert: Alert, unit: str, meaning: str, seq: int) -> Alert:
    """Manual correction: the unit has answered."""
    before = unit, alert.answers.get(unit, ""), unit in alert.unclear, unit in alert.awaited
    return replace(
        alert,
        answers={**alert.answers, unit: meaning},
        unclear=tuple(u for u in alert.unclear if u != unit),
        awaited=tuple(u for u in alert.awaited if u != unit),
        by_hand={**alert.by_hand, seq: before},
    )


def _undone(alert: Alert, number: int) -> Alert:
    """A manual correction is withdrawn: what was heard counts again."""
    unit, answer, unclear, awaited = alert.by_hand[number]
    answers = {u: m for u, m in alert.answers.items() if u != unit} | ({unit: answer} if answer else {})
    return replace(
        alert,
        answers=answers,
        unclear=(*alert.unclear, unit) if unclear else alert.unclear,
        awaited=(*alert.awaited, unit) if awaited else alert.awaited,
        by_hand={n: b for n, b in alert.by_hand.items() if n != number},
    )
