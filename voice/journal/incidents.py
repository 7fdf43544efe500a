"""Incidents from a journal: reports, departure and arrival times, and what is still unattended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from voice.journal.event import Event
from voice.journal.overs import Overs
from voice.journal.settled import Settled, Spot, spot_of
from voice.talk.facts import CalledIn, ControlReplied, NotUnderstood, OverHeard
from voice.talk.incidents import Incident, Incidents
from voice.time import parse_wall

REPLY_WITHIN = timedelta(seconds=60)
"""A call-in without a reply within this time counts as missed."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A call, report or unclear over that nobody has dealt with."""

    seq: int
    wall: str
    unit: str | None
    why: str
    text: str
    clip: str
    channel: str = ""


def incidents(events: Iterable[Event]) -> list[Incident]:
    """All incidents, oldest first, with the clip and the pinyin of the reporting over."""
    book, overs = Incidents(), Overs()
    heard: dict[int, tuple[str, str]] = {}
    for e in events:
        fact = e.fact()
        overs.take(fact, e.seq)
        book.take(fact, e.seq, e.wall)
        over = overs.of(fact)
        if over is not None and not isinstance(fact, OverHeard):
            heard[e.seq] = over.pinyin, over.clip
    for i in book.all:
        i.pinyin, i.clip = heard.get(i.seq, (i.pinyin, i.clip))
    return [i for i in book.all if not i.withdrawn]


def missed(events: Iterable[Event]) -> list[Missed]:
    """Call-ins without a reply, unacknowledged incidents, and unintelligible speech not yet reviewed."""
    waiting: list[Missed] = []
    unclear: list[Missed] = []
    overs, book, settled = Overs(), Incidents(), Settled()
    clips: dict[int, str] = {}
    spots: dict[int, Spot] = {}
    for e in events:
        fact = e.fact()
        overs.take(fact, e.seq)
        settled.take(fact, e.seq)
        if book.take(fact, e.seq, e.wall) is not None:
            clips[e.seq] = overs.clip_of(fact)
        match fact:
            case CalledIn():
                clip, spots[e.seq] = overs.clip_of(fact), spot_of(fact, e.seq)
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
                told, spots[e.seq] = f"[{fact.pinyin}]", spot_of(fact, e.seq)
                clip = overs.clip_of(fact)
                unclear.append(Missed(e.seq, e.wall, fact.unit, "not understood", told, clip, fact.channel))
            case _:
                pass
    out = [m for m in (*unclear, *waiting) if not settled.covers(spots[m.seq])]
    listed = {m.seq for m in out}
    unseen = [
        Missed(i.seq, i.wall, i.unit, "incident, not acknowledged", i.words, clips.get(i.seq, ""), i.channel)
        for i in book.open
        if listed.isdisjoint(i.events)
    ]
    acknowledged = {s for i in book.all if not i.open for s in i.events}
    return sorted((m for m in (*out, *unseen) if m.seq not in acknowledged), key=lambda m: m.seq)
