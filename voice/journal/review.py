"""What a person should still look at: lines that ask for review and that nobody has corrected or confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from voice.journal.lines import Line, LineMaker
from voice.journal.overs import Overs
from voice.journal.store import Event
from voice.net.by_hand import Confirmed, Corrected
from voice.net.facts import OverHeard


class OpenReviews:
    """The open ones, kept up to date event by event."""

    def __init__(self) -> None:
        self.reached = 0
        """Number of the last event that was taken."""
        self._maker, self._overs = LineMaker(), Overs()
        self._waiting: dict[int, Line] = {}
        self._resting: dict[int, list[int]] = {}
        """Number of an over's event → numbers of the waiting lines that rest on it."""

    def take(self, e: Event) -> None:
        """The next event, in order."""
        fact = e.fact()
        line = self._maker.line(fact, e)
        self._overs.take(fact, e.seq)
        self.reached = e.seq
        if isinstance(fact, Corrected):
            self._waiting.pop(fact.corrects, None)
        elif isinstance(fact, Confirmed):
            for seq in self._resting.pop(fact.confirms, ()):
                self._waiting.pop(seq, None)
        if line["review"] and not isinstance(fact, OverHeard):
            self._waiting[e.seq] = line
            self._resting.setdefault(self._overs.seq_of(fact), []).append(e.seq)

    @property
    def lines(self) -> list[Line]:
        """Newest first."""
        return sorted(self._waiting.values(), key=lambda x: -x["seq"])


def open_reviews(events: Iterable[Event]) -> list[Line]:
    """The open ones among some events, newest first."""
    out = OpenReviews()
    for e in events:
        out.take(e)
    return out.lines
