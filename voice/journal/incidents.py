"""Incidents out of a journal: what was reported, who set out and arrived how fast, and what nobody has dealt with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from voice.grammar.meanings import URGENT
from voice.journal.overs import Overs
from voice.journal.store import Event
from voice.talk.by_hand import Confirmed, Corrected
from voice.talk.facts import (
    Answered,
    CalledIn,
    ControlReplied,
    NotUnderstood,
    Remarked,
)
from voice.time import parse_wall

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
    channel: str = ""
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
    channel: str = ""


def incidents(events: Iterable[Event]) -> list[Incident]:
    """All incidents, oldest first."""
    out: list[Incident] = []
    overs = Overs()
    for e in events:
        fact = e.fact()
        overs.take(fact, e.seq)
        match fact:
            case CalledIn() | Answered() if fact.meaning in URGENT:
                over = overs.of(fact)
                out.append(
                    Incident(
                        e.seq,
                        e.wall,
                        fact.unit,
                        fact.text,
                        over.pinyin if over else "",
                        over.clip if over else "",
                        fact.channel,
                    )
                )
            case CalledIn() | Answered() | Remarked() if fact.unit and fact.meaning in ("on_the_way", "arrived"):
                _responded([i for i in out if i.channel == fact.channel], e, fact.unit, fact.meaning)
            case _:
                pass
    return out


def _responded(found: list[Incident], e: Event, unit: str, meaning: str) -> None:
    if not found or parse_wall(e.wall) - parse_wall(found[-1].wall) > OPEN_FOR:
        return
    times = found[-1].arrived if meaning == "arrived" else found[-1].on_the_way
    times.setdefault(unit, (parse_wall(e.wall) - parse_wall(found[-1].wall)).total_seconds())


def missed(events: Iterable[Event]) -> list[Missed]:
    """Call-ins without a reply, and speech that was not understood and that no person has looked at."""
    waiting: list[Missed] = []
    out: list[Missed] = []
    overs = Overs()
    of_event: dict[int, int] = {}
    """Number of an over's event → number of the entry that rests on it."""
    for e in events:
        fact = e.fact()
        overs.take(fact, e.seq)
        match fact:
            case CalledIn():
                clip = overs.clip_of(fact)
                waiting.append(Missed(e.seq, e.wall, fact.unit, "no reply", fact.text, clip, fact.channel))
            case ControlReplied():
                waiting = [
                    m
                    for m in waiting
                    if m.channel != fact.channel
                    or parse_wall(e.wall) - parse_wall(m.wall) > REPLY_WITHIN
                    or (fact.unit is not None and m.unit not in (None, fact.unit))
                ]
            case NotUnderstood():
                of_event[overs.seq_of(fact)] = e.seq
                told = f"[{fact.pinyin}]"
                out.append(Missed(e.seq, e.wall, fact.unit, "not understood", told, overs.clip_of(fact), fact.channel))
            case Confirmed():
                out = [m for m in out if m.seq != of_event.get(fact.confirms)]
            case Corrected():
                out = [m for m in out if m.seq != fact.corrects]
                waiting = [m for m in waiting if m.seq != fact.corrects]
            case _:
                pass
    return sorted([*out, *waiting], key=lambda m: m.seq)
