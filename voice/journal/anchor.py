"""Anchors: a few digits that fix the journal's extent, to be kept out of reach of whoever holds the file.

The chain reveals every change except a truncated end. Anyone who heard or noted an anchor can detect that: the event
must still exist, with a hash that yields these digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.store import Journal

FIGURES = 6
"""Short enough to read out and write down; a substituted event matches by chance once in a million."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An event's number and the check digits of its hash."""

    seq: int
    code: str

    def __str__(self) -> str:
        return f"{self.seq}-{self.code}"


def anchor_of(event: Event) -> Anchor:
    """The digits are the hash as an integer modulo 10 to the power of FIGURES."""
    return Anchor(event.seq, f"{int(event.hash, 16) % 10**FIGURES:0{FIGURES}}")


def parse_anchor(text: str) -> Anchor:
    """``103-370142``. Raises HuyingError."""
    found = re.fullmatch(rf"\s*(\d+)\s*[-, ]\s*(\d{{{FIGURES}}})\s*", text)
    if not found:
        raise HuyingError(f"anchor “{text}”: the event's number, a hyphen and {FIGURES} figures are wanted: 103-370142")
    return Anchor(int(found[1]), found[2])


def contradiction(journal: Journal, anchor: Anchor) -> str:
    """Contradiction between journal and anchor; empty if the journal still contains it."""
    event = next(journal.events(after=anchor.seq - 1, before=anchor.seq + 1), None)
    if event is None:
        return f"anchor {anchor}: there is no event {anchor.seq}, the end was cut off"
    if anchor_of(event) != anchor:
        return f"anchor {anchor}: event {anchor.seq} has {anchor_of(event).code}; it was replaced, or misheard"
    return ""
