"""Events as flat lines: one format for all kinds, used by ``--json``, CSV and label files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from voice.journal.event import Event
from voice.journal.overs import Overs
from voice.journal.settled import Settled, Spot, asks_review, spot_of
from voice.talk.by_hand import Confirmed
from voice.talk.facts import (
    Announced,
    Answered,
    Called,
    ControlReplied,
    Fact,
    OverHeard,
    Transcribed,
)

Line = dict[str, Any]

FIELDS = (
    "seq", "wall", "type", "t", "over", "unit", "meaning", "text", "pinyin", "free", "confidence", "latency_s",
    "grade", "exchange", "review", "reasons", "detail", "dictated", "clip", "channel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AsLogged:
    """An event's line as the station wrote it, before a person's word."""

    line: Line
    spot: Spot
    over: int
    """Number of the event of the over whose words it shows; 0: it shows none."""

    def after(self, settled: Settled) -> Line:
        """The line as people have settled it: a transcript in place of the recognised text, no review."""
        told = dict(self.line)
        if self.over and (said := settled.said(self.over)):
            told["text"], told["pinyin"], told["free"] = said, None, None
        if told["review"] and settled.covers(self.spot):
            told["review"], told["reasons"] = False, None
        return told


class LineMaker:
    """Remembers overs, so that each event's line can include its over. Feed it events in order."""

    def __init__(self, settled: Settled | None = None) -> None:
        """``settled``: what people have said of the events."""
        self._overs = Overs()
        self._settled = settled or Settled()

    def line(self, fact: Fact, event: Event | None = None) -> Line:
        """``over`` is [start, end] in s; fields that a kind does not have are None."""
        return self.heard(fact, event).after(self._settled)

    def heard(self, fact: Fact, event: Event | None = None) -> AsLogged:
        """The line before a person's word."""
        seq = event.seq if event else 0
        self._overs.take(fact, seq)
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
            "grade": "voice" if getattr(fact, "probably", "") else getattr(fact, "grade", None),
            "exchange": getattr(fact, "exchange", None),
            "review": asks_review(fact),
            "reasons": list(fact.doubts()) or None,
            "dictated": (heard.dictated or None) if heard else None,
            "clip": heard.clip if heard else fact.clip or None if isinstance(fact, Announced) else None,
        }
        if isinstance(fact, Answered | ControlReplied):
            out["latency_s"] = round(fact.latency_s, 3)
        out["detail"] = fact.detail()
        match fact:
            case OverHeard():
                out["unit"] = fact.identified or fact.caller or (fact.callees[0] if len(fact.callees) == 1 else None)
            case Called():
                out["confidence"] = heard.confidence if heard else None
            case Confirmed():
                out["text"], out["clip"] = fact.said, fact.clip
            case Transcribed():
                out["text"] = f"≈{fact.text}"
            case Announced(units=(unit,)):
                out["unit"] = unit
            case _:
                pass
        over = 0 if isinstance(fact, Transcribed) else self._overs.seq_of(fact)
        return AsLogged(out, spot_of(fact, seq), over)


def lines(events: Iterable[Event], settled: Settled | None = None) -> Iterator[Line]:
    """Lines of a journal's events, in order. ``settled``: see ``LineMaker``."""
    maker = LineMaker(settled)
    for e in events:
        yield maker.line(e.fact(), e)
