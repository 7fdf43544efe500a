"""Open reviews: lines marked for review that no person has settled yet."""

from __future__ import annotations

from collections.abc import Iterable

from voice.journal.event import Event
from voice.journal.lines import Line, LineMaker
from voice.journal.overs import Overs
from voice.journal.settled import Settled, Spot, spot_of
from voice.talk.facts import OverHeard, Transcribed

MATCHED = 50_000
"""Recent events that a correction is matched with by what they say of an over or an exchange."""


class OpenReviews:
    """Open reviews, updated event by event."""

    def __init__(self) -> None:
        self.reached = 0
        """Number of the last event that was taken."""
        self._maker, self._overs, self._settled = LineMaker(), Overs(), Settled(MATCHED)
        self._doubtful: list[tuple[Spot, int, Line]] = []
        """Where a line stands, number of its over's event, and the line."""

    def take(self, e: Event) -> None:
        """Next event, in order."""
        fact = e.fact()
        line = self._maker.line(fact, e)
        self._overs.take(fact, e.seq)
        self._settled.take(fact, e.seq)
        self.reached = e.seq
        over = self._overs.seq_of(fact)
        if isinstance(fact, Transcribed):
            for _, number, told in self._doubtful:
                if number == over:
                    told["dictated"] = fact.text
        if line["review"] and not isinstance(fact, OverHeard):
            self._doubtful.append((spot_of(fact, e.seq), over, line))

    @property
    def lines(self) -> list[Line]:
        """Newest first."""
        return [line for spot, _, line in reversed(self._doubtful) if not self._settled.covers(spot)]


def open_reviews(events: Iterable[Event]) -> list[Line]:
    """Open reviews among some events, newest first."""
    out = OpenReviews()
    for e in events:
        out.take(e)
    return out.lines
