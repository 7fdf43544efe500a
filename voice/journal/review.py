"""Open reviews: lines marked for review that no person has settled yet; and what people have settled, to be undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voice.journal.event import Event
from voice.journal.lines import Line, LineMaker
from voice.journal.overs import Overs
from voice.journal.settled import Settled, Spot, spot_of
from voice.talk.by_hand import Confirmed, Corrected, Undone
from voice.talk.facts import OverHeard, Transcribed

MATCHED = 50_000
"""Recent events that a correction is matched with by what they say of an over or an exchange."""


@dataclass(frozen=True, slots=True)
class Word:
    """A person's correction or confirmation that is in force."""

    line: Line
    about: Line | None
    """The line marked for review that it is about; None: another one."""


class OpenReviews:
    """Open reviews and people's words, updated event by event."""

    def __init__(self) -> None:
        self.reached = 0
        """Number of the last event that was taken."""
        self._maker, self._overs, self._settled = LineMaker(), Overs(), Settled(MATCHED)
        self._doubtful: list[tuple[Spot, int, Line]] = []
        """Where a line stands, number of its over's event, and the line."""
        self._words: dict[int, Word] = {}
        """Number of a correction or confirmation → it, unless it was undone."""

    def take(self, e: Event) -> None:
        """Next event, in order."""
        fact = e.fact()
        line = self._maker.line(fact, e)
        self._overs.take(fact, e.seq)
        self._settled.take(fact, e.seq)
        self.reached = e.seq
        over = self._overs.seq_of(fact)
        if isinstance(fact, Corrected | Confirmed):
            number = fact.corrects if isinstance(fact, Corrected) else fact.confirms
            self._words[e.seq] = Word(line, self._of(number))
        elif isinstance(fact, Undone):
            self._words.pop(fact.undoes, None)
        elif isinstance(fact, Transcribed):
            for _, number, told in self._doubtful:
                if number == over:
                    told["dictated"] = fact.text
        if line["review"] and not isinstance(fact, OverHeard):
            self._doubtful.append((spot_of(fact, e.seq), over, line))

    @property
    def lines(self) -> list[Line]:
        """Newest first."""
        return [line for spot, _, line in reversed(self._doubtful) if not self._settled.covers(spot)]

    def words(self, since: str) -> list[Word]:
        """Corrections and confirmations in force that were made after a wall time, newest first."""
        return [word for word in reversed(self._words.values()) if word.line["wall"] >= since]

    def _of(self, number: int) -> Line | None:
        """The line of an event marked for review, or of the over of this event."""
        found = [line for _, over, line in self._doubtful if number in (line["seq"], over)]
        return next((line for line in found if line["seq"] == number), found[-1] if found else None)


def open_reviews(events: Iterable[Event]) -> list[Line]:
    """Open reviews among some events, newest first."""
    out = OpenReviews()
    for e in events:
        out.take(e)
    return out.lines
