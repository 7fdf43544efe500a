"""Anchors: a few figures that say how far a journal had come, to be kept where nobody who has the file can reach.

The chain shows every change but one: that its end was cut off. Who has heard an anchor on the air, or noted one, can
tell: the event must still be there, with the hash that gives these figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice.errors import HuyingError
from voice.journal.store import Event, Journal

FIGURES = 6
"""Short enough to be read out and written down; another event in the same place has them once in a million."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An event's number and the figures of its hash."""

    seq: int
    code: str

    def __str__(self) -> str:
        return f"{self.seq}-{self.code}"


def anchor_of(event: Event) -> Anchor:
    """The figures are the hash, taken as a number, by 10 to the power of FIGURES."""
    return Anchor(event.seq, f"{int(event.hash, 16) % 10**FIGURES:0{FIGURES}}")


def parse_anchor(text: str) -> Anchor:
    """``103-370142``. Raises HuyingError."""
    found = re.fullmatch(rf"\s*(\d+)\s*[-, ]\s*(\d{{{FIGURES}}})\s*", text)
    if not found:
        raise HuyingError(f"anchor “{text}”: the event's number, a hyphen and {FIGURES} figures are wanted: 103-370142")
    return Anchor(int(found[1]), found[2])


def contradiction(journal: Journal, anchor: Anchor) -> str:
    """What speaks against an anchor; empty if the journal still holds it."""
    event = next(journal.events(after=anchor.seq - 1, before=anchor.seq + 1), None)
    if event is None:
        return f"anchor {anchor}: there is no event {anchor.seq}, the end was cut off"
    if anchor_of(event) != anchor:
        return f"anchor {anchor}: event {anchor.seq} has {anchor_of(event).code}; it was replaced, or misheard"
    return ""
