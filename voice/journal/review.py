"""What a person should still look at: lines that ask for review and that nobody has corrected or confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from voice.journal.lines import Line, LineMaker
from voice.journal.store import Event
from voice.net.facts import Confirmed, Corrected, OverHeard, SessionBegan


def open_reviews(events: Iterable[Event]) -> list[Line]:
    """The open ones, newest first."""
    maker = LineMaker()
    waiting: dict[int, Line] = {}
    over_event: dict[int, int] = {}
    """Number of the over's event → over in this session."""
    rests_on: dict[int, int] = {}
    """Number of a line → number of its over's event."""
    for e in events:
        fact = e.fact()
        line = maker.line(fact, e)
        if isinstance(fact, SessionBegan):
            over_event = {}
        elif isinstance(fact, OverHeard):
            over_event[fact.over] = e.seq
        elif isinstance(fact, Corrected):
            waiting.pop(fact.corrects, None)
        elif isinstance(fact, Confirmed):
            for seq in [s for s, over in rests_on.items() if over == fact.confirms]:
                waiting.pop(seq, None)
        if line["review"] and not isinstance(fact, OverHeard):
            waiting[e.seq] = line
            rests_on[e.seq] = over_event.get(getattr(fact, "over", 0), 0)
    return sorted(waiting.values(), key=lambda x: -x["seq"])
