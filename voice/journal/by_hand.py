"""Manual entries on a journal's events: correct, acknowledge, or withdraw either. Validated here for command line,
console and API."""

from __future__ import annotations

from collections.abc import Callable

from voice.errors import HuyingError
from voice.grammar.meanings import ANSWERS, HEARD, MEANINGS, REVIEWABLE, URGENT, key_of
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.talk.by_hand import SPOKE, Acknowledged, Confirmed, Corrected, NetEntered, Undone
from voice.talk.facts import (
    AlertRaised,
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    NotUnderstood,
    Overdue,
    Relayed,
    Remarked,
    RollBegan,
    RollMarked,
)

CORRECTABLE = (Answered, Called, CalledIn, ExchangeClosed, NotUnderstood, Overdue, Relayed, Remarked)
"""Facts about one unit; those without a unit may be assigned one."""

OF_A_UNIT = frozenset((*REVIEWABLE, *ANSWERS, HEARD, "call_in", "stand_by", "negative"))
"""Meanings of what a unit says."""

OCCASIONS = (RollBegan, RollMarked, AlertRaised, NetEntered)
"""Facts about several units: a correction applies to one of them."""


def event_of(journal: Journal, seq: int) -> Event:
    """Raises HuyingError if the number does not exist."""
    event = next(iter(journal.events(after=seq - 1, before=seq + 1)), None) if seq >= 1 else None
    if event is None:
        raise HuyingError(f"no event {seq}")
    return event


def correction(
    journal: Journal, seq: int, unit: str, meaning: str, by: str, note: str = "", name: Callable[[str], str] = str
) -> Corrected:
    """Correction of event ``seq``; the meaning by its key or in Chinese. Correcting a correction applies to the
    original event. What a unit said uncalled may be another's. Raises HuyingError if the event is of another unit's
    exchange (called by ``name``) or of none."""
    meaning = key_of(meaning)
    if meaning not in OF_A_UNIT:
        raise HuyingError(f"“{meaning}” is no meaning: {', '.join(f'{k} {MEANINGS[k].chinese}' for k in REVIEWABLE)}")
    fact = event_of(journal, seq).fact()
    while isinstance(fact, Corrected):
        seq = fact.corrects
        if not seq:
            return Corrected(corrects=0, unit=unit, meaning=meaning, by=by, note=note, channel=fact.channel)
        fact = event_of(journal, seq).fact()
    if not isinstance(fact, CORRECTABLE + OCCASIONS):
        raise HuyingError(f"event {seq} ({fact.KIND}) says nothing of a unit: it cannot be corrected")
    whose = fact.unit if isinstance(fact, CORRECTABLE) and not isinstance(fact, SPOKE) else None
    if whose is not None and whose != unit:
        raise HuyingError(
            f"event {seq} is of unit {name(whose)}, not of {name(unit)}; correct an event of {name(unit)}"
        )
    return Corrected(corrects=seq, unit=unit, meaning=meaning, by=by, note=note, channel=fact.channel)


def acknowledgement(journal: Journal, seq: int, by: str, note: str = "") -> Acknowledged:
    """A person takes charge of the incident reported by event ``seq``."""
    fact = event_of(journal, seq).fact()
    reports = isinstance(fact, Answered | CalledIn | Remarked | Relayed) and fact.meaning in URGENT
    if not reports and not any(_reports(e, seq) for e in journal.events(after=seq, kind=Corrected.KIND)):
        raise HuyingError(f"event {seq} ({fact.KIND}) reports no incident; “huying journal incidents” lists them")
    return Acknowledged(acknowledges=seq, by=by, note=note, channel=fact.channel)


def _reports(correction: Event, seq: int) -> bool:
    return bool(correction.data["corrects"] == seq and correction.data["meaning"] in URGENT)


def undoing(journal: Journal, seq: int, by: str, note: str = "") -> Undone:
    """Withdraw a correction, confirmation or acknowledgement; only once."""
    fact = event_of(journal, seq).fact()
    if not isinstance(fact, Corrected | Confirmed | Acknowledged):
        raise HuyingError(f"event {seq} ({fact.KIND}) is nothing that a person has set: it cannot be undone")
    done = next((e for e in journal.events(after=seq, kind="undone") if e.fact().undoes == seq), None)  # type: ignore[attr-defined]
    if done is not None:
        raise HuyingError(f"event {seq} is undone already, by event {done.seq}")
    return Undone(undoes=seq, by=by, note=note, channel=fact.channel)
