"""Events as flat lines: what ``--json``, CSV and label files hold, one shape for all kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from voice.journal.codec import kind_of
from voice.journal.overs import Overs
from voice.journal.store import Event
from voice.talk.by_hand import ClipHold, ClipsRemoved, Confirmed, Corrected, NetEdited, NetEntered
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    Called,
    CalledIn,
    ClockChanged,
    Commanded,
    ControlReplied,
    DeviceChanged,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Overdue,
    OverHeard,
    Relayed,
    Remarked,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
    WatchSet,
)

Line = dict[str, Any]

FIELDS = (
    "seq", "wall", "type", "t", "over", "unit", "meaning", "text", "pinyin", "free", "confidence", "latency_s",
    "grade", "exchange", "review", "detail", "dictated", "clip", "channel",
)  # fmt: skip


class LineMaker:
    """Keeps the overs, so that each event's line can show its over. Feed it events in order."""

    def __init__(self) -> None:
        self._overs = Overs()

    def line(self, fact: Fact, event: Event | None = None) -> Line:
        """``over`` is [start, end] in s; what a kind does not have is None."""
        self._overs.take(fact)
        heard = self._overs.of(fact)
        out: Line = dict.fromkeys(FIELDS)
        out |= {
            "seq": event.seq if event else None,
            "wall": event.wall if event else None,
            "type": kind_of(fact),
            "channel": fact.channel or None,
            "t": round(fact.t, 3),
            "over": [round(heard.start, 3), round(heard.end, 3)] if heard else None,
            "unit": getattr(fact, "unit", None),
            "meaning": meaning_of(fact),
            "text": getattr(fact, "text", None) or (heard.text if heard else None),
            "pinyin": heard.pinyin if heard else None,
            "free": getattr(fact, "free", None) or None,
            "confidence": getattr(fact, "confidence", None),
            "grade": getattr(fact, "grade", None),
            "exchange": getattr(fact, "exchange", None),
            "review": getattr(fact, "review", False) or isinstance(fact, NotUnderstood),
            "dictated": (heard.dictated or None) if heard else None,
            "clip": heard.clip if heard else None,
        }
        if isinstance(fact, Answered | ControlReplied):
            out["latency_s"] = round(fact.latency_s, 3)
        match fact:
            case OverHeard():
                out["unit"] = fact.caller or (fact.callees[0] if len(fact.callees) == 1 else None)
                notes = ["two stations at once"] if fact.doubled else []
                if fact.identities:
                    notes.append(f"radio {', '.join(fact.identities)}")
                if fact.identified and fact.caller not in (None, fact.identified):
                    notes.append(f"radio of {fact.identified}, but the call sign of {fact.caller}")
                out["unit"] = fact.identified or out["unit"]
                out["detail"] = "; ".join(notes) or None
            case Called():
                out["confidence"] = heard.confidence if heard else None
                out["detail"] = f"call {fact.attempt}" if fact.attempt > 1 else None
            case Answered(readback="different", figures=figures):
                out["detail"] = f"reads back {', '.join(figures)}: not what was said"
            case Answered(late=True):
                out["detail"] = "late"
            case ExchangeClosed():
                out["detail"] = fact.reason
            case Relayed(by=by):
                out["detail"] = f"by {by}" if by else None
            case Corrected():
                out["detail"] = f"corrects {fact.corrects} by {fact.by}: {fact.note}"
            case WatchSet(minutes=minutes):
                out["detail"] = f"every {minutes:g} min" if minutes else "no longer"
            case Overdue(tries=tries):
                out["detail"] = f"called {tries} times in vain"
                out["review"] = True
            case Commanded(status=status, note=note):
                out["detail"] = f"{status}: {note}" if note else status
            case Confirmed():
                out["detail"] = f"confirms {fact.confirms} by {fact.by}"
                out["text"], out["clip"] = fact.said, fact.clip
            case NetEdited():
                out["detail"] = f"{fact.file} saved by {fact.by}" + (f": {fact.note}" if fact.note else "")
            case ClipsRemoved():
                out["detail"] = f"{fact.clips} clips before {fact.before} removed by {fact.by}"
            case ClipHold():
                what = f"hold {fact.releases} released" if fact.releases else f"kept: {fact.since} to {fact.until}"
                out["detail"] = f"{what} by {fact.by}" + (f": {fact.note}" if fact.note else "")
            case NetEntered():
                here = sum(result in ("answered", "late") for _, result, _ in fact.results)
                out["detail"] = f"net of {fact.began}, {here} of {len(fact.results)} answered, entered by {fact.by}"
            case Announced(units=(unit,)):
                out["unit"] = unit
            case AlertRaised(units=units):
                out["detail"] = f"to {len(units)} units"
            case AlertEnded(answered=answered, silent=silent, by=by):
                out["detail"] = f"{answered} answered, {len(silent)} silent" + (f"; ended by {by}" if by else "")
            case DeviceChanged(note=note):
                out["detail"] = note
            case ClockChanged(by_s=by_s):
                out["detail"] = f"wall times from here on {by_s:+.1f} s"
            case RollBegan(units=units, rounds=rounds):
                out["detail"] = f"{len(units)} units, {rounds} rounds"
            case RollEnded(missing=missing, unclear=unclear):
                out["detail"] = f"{len(missing)} missing, {len(unclear)} unclear"
            case SessionBegan():
                out["detail"] = f"{fact.source}, clock {fact.clock}"
            case _:
                pass
        return out


def meaning_of(fact: Fact) -> str:
    """One word for what an event says."""
    match fact:
        case Called():
            return "call_all" if fact.to_all else "call"
        case ExchangeClosed():
            return fact.outcome
        case Remarked() | Relayed():
            return fact.kind
        case NotUnderstood():
            return "unclear"
        case RollMarked():
            return fact.mark
        case OverHeard():
            return "+".join(fact.meanings)
        case Announced():
            return fact.purpose
        case DeviceChanged():
            return fact.what
        case ClockChanged():
            return fact.cause
        case AlertRaised():
            return "emergency" if fact.emergency else "alert"
        case AlertEnded():
            return "complete" if not fact.silent and not fact.by else "incomplete"
        case RollBegan():
            return "start"
        case RollEnded():
            return "complete" if fact.complete else "incomplete"
        case Answered() | CalledIn() | ControlReplied() | Corrected():
            return fact.meaning
        case Commanded():
            return fact.command
        case _:
            return ""


def lines(events: Iterable[Event]) -> Iterator[Line]:
    """The lines of a journal's events, in order."""
    maker = LineMaker()
    for e in events:
        yield maker.line(e.fact(), e)
