"""What a person should still look at: lines that ask for review and that nobody has corrected or confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from voice.journal.lines import Line, LineMaker
from voice.journal.overs import Overs
from voice.journal.store import Event
from voice.net.by_hand import Confirmed, Corrected
from voice.net.facts import OverHeard


def open_reviews(events: Iterable[Event]) -> list[Line]:
    """The open ones, newest first."""
    maker = LineMaker()
    waiting: dict[int, Line] = {}
    overs = Overs()
    rests_on: dict[int, int] = {}
    """Number of a line → number of its over's event."""
    for e in events:
        fact = e.fact()
        line = maker.line(fact, e)
        overs.take(fact, e.seq)
        if isinstance(fact, Corrected):
            waiting.pop(fact.corrects, None)
        elif isinstance(fact, Confirmed):
            for seq in [s for s, over in rests_on.items() if over == fact.confirms]:
                waiting.pop(seq, None)
        if line["review"] and not isinstance(fact, OverHeard):
            waiting[e.seq] = line
            rests_on[e.seq] = overs.seq_of(fact)
    return sorted(waiting.values(), key=lambda x: -x["seq"])
