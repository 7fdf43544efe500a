"""Confirmation: a person transcribes an over."""

from __future__ import annotations

from voice.errors import HuyingError
from voice.journal.by_hand import event_of
from voice.journal.overs import Overs
from voice.journal.store import Journal
from voice.talk.by_hand import Confirmed
from voice.talk.facts import NotUnderstood, OverHeard

BEFORE = 3000
"""Events searched backwards for an event's over: far more than an exchange has."""


def over_of(journal: Journal, seq: int) -> tuple[int, OverHeard] | None:
    """(sequence number, fact) of the over an event is based on; None if there is none."""
    overs = Overs()
    for e in journal.events(after=max(0, seq - BEFORE), before=seq + 1):
        fact = e.fact()
        overs.take(fact, e.seq)
        if e.seq == seq:
            found = overs.of(fact)
            return (overs.seq_of(fact), found) if found else None
    return None


def confirmation(journal: Journal, seq: int, said: str | None, by: str) -> Confirmed:
    """Confirmation of an event's over; ``said`` None: recognised correctly. Raises HuyingError if it cannot be
    confirmed."""
    found = over_of(journal, seq)
    if found is None:
        raise HuyingError(f"event {seq} belongs to no over; “huying journal show --overs” lists them")
    number, over = found
    if not over.clip:
        raise HuyingError(f"event {seq}: no clip of this over was kept")
    text = said if said is not None else over.text.replace(" ", ",")
    unclear = isinstance(event_of(journal, seq).fact(), NotUnderstood)
    if said is None and (unclear or "[" in text or not text):
        raise HuyingError(f"event {seq}: not all of it was understood; write down what was said (--said)")
    return Confirmed(confirms=number, clip=over.clip, said=text, by=by)
