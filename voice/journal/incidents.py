"""Incidents out of a journal: what was reported, who set out and arrived how fast, and what nobody has dealt with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voice.journal.store import Event
from voice.net.facts import (
    Answered,
    CalledIn,
    Confirmed,
    ControlReplied,
    Corrected,
    NotUnderstood,
    OverHeard,
    Remarked,
    SessionBegan,
)

URGENT = ("report", "situation")
OPEN_FOR = timedelta(hours=2)
"""An arrival counts for the latest incident that is not older."""

REPLY_WITHIN = timedelta(seconds=60)
"""A unit that called in and got no reply within this was missed."""


@dataclass(slots=True)
class Incident:
    """A report and the answers to it."""

    seq: int
    wall: str
    unit: str | None
    text: str
    pinyin: str
    clip: str
    on_the_way: dict[str, float] = field(default_factory=dict)
    """Unit → s after the report."""
    arrived: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that came in and that nobody has dealt with."""

    seq: int
    wall: str
    unit: str | None
    why: str
    text: str
    clip: str


def incidents(events: Iterable[Event]) -> list[Incident]:
    """All incidents, oldest first."""
    out: list[Incident] = []
    clips: dict[int, OverHeard] = {}
    for e in events:
        fact = e.fact()
        match fact:
            case SessionBegan():
                clips = {}
            case OverHeard():
                clips[fact.over] = fact
            case CalledIn() | Answered() if fact.meaning in URGENT:
                over = clips.get(fact.over)
                out.append(Incident(e.seq, e.wall, fact.unit, fact.text, over.pinyin if over else "",
                                    over.clip if over else ""))  # fmt: skip
            case CalledIn() | Answered() | Remarked() if fact.unit and fact.meaning in ("on_the_way", "arrived"):
                _responded(out, e, fact.unit, fact.meaning)
            case _:
                pass
    return out


def _responded(found: list[Incident], e: Event, unit: str, meaning: str) -> None:
    if not found or _time(e.wall) - _time(found[-1].wall) > OPEN_FOR:
        return
    times = found[-1].arrived if meaning == "arrived" else found[-1].on_the_way
    times.setdefault(unit, (_time(e.wall) - _time(found[-1].wall)).total_seconds())


def missed(events: Iterable[Event]) -> list[Missed]:
    """Call-ins without a reply, and speech that was not understood and that no person has looked at."""
    waiting: list[Missed] = []
    out: list[Missed] = []
    clips: dict[int, OverHeard] = {}
    of_event: dict[int, int] = {}
    """Number of an over's event → number of the entry that rests on it."""
    over_seq: dict[int, int] = {}
    for e in events:
        fact = e.fact()
        match fact:
            case SessionBegan():
                clips, over_seq = {}, {}
            case OverHeard():
                clips[fact.over] = fact
                over_seq[fact.over] = e.seq
            case CalledIn():
                waiting.append(Missed(e.seq, e.wall, fact.unit, "no reply", fact.text, _clip(clips, fact.over)))
            case ControlReplied():
                waiting = [m for m in waiting if _time(e.wall) - _time(m.wall) > REPLY_WITHIN
                           or (fact.unit is not None and m.unit not in (None, fact.unit))]  # fmt: skip
            case NotUnderstood():
                of_event[over_seq.get(fact.over, 0)] = e.seq
                out.append(
                    Missed(e.seq, e.wall, fact.unit, "not understood", f"[{fact.pinyin}]", _clip(clips, fact.over))
                )
            case Confirmed():
                out = [m for m in out if m.seq != of_event.get(fact.confirms)]
            case Corrected():
                out = [m for m in out if m.seq != fact.corrects]
                waiting = [m for m in waiting if m.seq != fact.corrects]
            case _:
                pass
    return sorted([*out, *waiting], key=lambda m: m.seq)


def _clip(clips: dict[int, OverHeard], over: int) -> str:
    return clips[over].clip if over in clips else ""


def _time(wall: str) -> datetime:
    return datetime.fromisoformat(wall.replace("Z", "+00:00"))
