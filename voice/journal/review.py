"""Open reviews: lines marked for review and not yet corrected or confirmed by a person."""

from __future__ import annotations

from collections.abc import Iterable

from voice.journal.event import Event
from voice.journal.lines import Line, LineMaker
from voice.journal.overs import Overs
from voice.talk.by_hand import Confirmed, Corrected, Undone
from voice.talk.facts import OverHeard, Transcribed


class OpenReviews:
    """Open reviews, updated event by event."""

    def __init__(self) -> None:
        self.reached = 0
        """Number of the last event that was taken."""
        self._maker, self._overs = LineMaker(), Overs()
        self._waiting: dict[int, tuple[int, Line]] = {}
        """Number of a line → number of its over's event, and the line."""
        self._handled: dict[int, dict[int, tuple[int, Line]]] = {}
        """Number of a person's event → the lines that it took away."""

    def take(self, e: Event) -> None:
        """Next event, in order."""
        fact = e.fact()
        line = self._maker.line(fact, e)
        self._overs.take(fact, e.seq)
        self.reached = e.seq
        if isinstance(fact, Corrected | Confirmed):
            own = fact.corrects if isinstance(fact, Corrected) else 0
            over = fact.confirms if isinstance(fact, Confirmed) else 0
            done = {s: w for s, w in self._waiting.items() if s == own or (over and w[0] == over)}
            self._handled[e.seq] = done
            self._waiting = {s: w for s, w in self._waiting.items() if s not in done}
        elif isinstance(fact, Undone):
            self._waiting |= self._handled.pop(fact.undoes, {})
        elif isinstance(fact, Transcribed):
            over = self._overs.seq_of(fact)
            for number, waiting in self._waiting.values():
                if number == over:
                    waiting["dictated"] = fact.text
        if line["review"] and not isinstance(fact, OverHeard):
            self._waiting[e.seq] = self._overs.seq_of(fact), line

    @property
    def lines(self) -> list[Line]:
        """Newest first."""
        return [line for _, (_, line) in sorted(self._waiting.items(), reverse=True)]


def open_reviews(events: Iterable[Event]) -> list[Line]:
    """Open reviews among some events, newest first."""
    out = OpenReviews()
    for e in events:
        out.take(e)
    return out.lines
