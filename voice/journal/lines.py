"""Events as flat lines: one format for all kinds, used by ``--json``, CSV and label files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from voice.journal.event import Event
from voice.journal.overs import Overs
from voice.journal.store import Journal
from voice.talk.by_hand import Confirmed
from voice.talk.facts import (
    Announced,
    Answered,
    Called,
    ControlReplied,
    Fact,
    NotUnderstood,
    Overdue,
    OverHeard,
    Transcribed,
)

Line = dict[str, Any]

FIELDS = (
    "seq", "wall", "type", "t", "over", "unit", "meaning", "text", "pinyin", "free", "confidence", "latency_s",
    "grade", "exchange", "review", "detail", "dictated", "clip", "channel",
)  # fmt: skip


class LineMaker:
    """Remembers overs, so that each event's line can include its over. Feed it events in order."""

    def __init__(self, written: Mapping[int, str] | None = None) -> None:
        """``written``: sequence number of an over's event → a person's transcript, shown in place of the recognised
        text."""
        self._overs = Overs()
        self._written = written or {}

    def line(self, fact: Fact, event: Event | None = None) -> Line:
        """``over`` is [start, end] in s; fields that a kind does not have are None."""
        self._overs.take(fact, event.seq if event else 0)
        heard = self._overs.of(fact)
        out: Line = dict.fromkeys(FIELDS)
        out |= {
            "seq": event.seq if event else None,
            "wall": event.wall if event else None,
            "type": fact.KIND,
            "channel": fact.channel or None,
            "t": round(fact.t, 3),
            "over": [round(heard.start, 3), round(heard.end, 3)] if heard else None,
            "unit": getattr(fact, "unit", None),
            "meaning": fact.word(),
            "text": getattr(fact, "text", None) or (heard.text if heard else None),
            "pinyin": heard.pinyin if heard else None,
            "free": getattr(fact, "free", None) or None,
            "confidence": getattr(fact, "confidence", None),
            "grade": getattr(fact, "grade", None),
            "exchange": getattr(fact, "exchange", None),
            "review": getattr(fact, "review", False) or isinstance(fact, NotUnderstood),
            "dictated": (heard.dictated or None) if heard else None,
            "clip": heard.clip if heard else fact.clip or None if isinstance(fact, Announced) else None,
        }
        if isinstance(fact, Answered | ControlReplied):
            out["latency_s"] = round(fact.latency_s, 3)
        said = self._written.get(self._overs.seq_of(fact)) if heard and self._written else None
        if said:
            out["text"], out["pinyin"], out["review"] = said, None, False
        out["detail"] = fact.detail()
        match fact:
            case OverHeard():
                out["unit"] = fact.identified or fact.caller or (fact.callees[0] if len(fact.callees) == 1 else None)
            case Called():
                out["confidence"] = heard.confidence if heard else None
            case Overdue():
                out["review"] = True
            case Confirmed():
                out["text"], out["clip"] = fact.said, fact.clip
            case Transcribed():
                out["text"] = f"≈{fact.text}"
            case Announced(units=(unit,)):
                out["unit"] = unit
            case _:
                pass
        return out


def written_down(journal: Journal) -> dict[int, str]:
    """Sequence number of an over's event → a person's transcript that has not been withdrawn."""
    undone = {e.data["undoes"] for e in journal.events(kind="undone")}
    return {
        e.data["confirms"]: e.data["said"]
        for e in journal.events(kind="confirmed")
        if e.seq not in undone and e.data["said"]
    }


def lines(events: Iterable[Event], written: Mapping[int, str] | None = None) -> Iterator[Line]:
    """Lines of a journal's events, in order. ``written``: see ``LineMaker``."""
    maker = LineMaker(written)
    for e in events:
        yield maker.line(e.fact(), e)
