"""Incidents from a journal: reports, departure and arrival times, and what is still unattended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from voice.journal.event import Event
from voice.journal.overs import Overs
from voice.talk.by_hand import Confirmed, Corrected, Undone
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
    """All incidents, oldest first, with clip and text of the reporting over; a person's transcript takes precedence
    over the recognised text."""
    book, overs = Incidents(), Overs()
    of_over: dict[int, Incident] = {}
    for e in events:
        fact = e.fact()
        overs.take(fact, e.seq)
        new = book.take(fact, e.seq, e.wall)
        if new is not None:
            over: OverHeard | None = overs.of(fact)
            new.pinyin, new.clip = (over.pinyin, over.clip) if over else ("", "")
            of_over[overs.seq_of(fact)] = new
        elif isinstance(fact, Confirmed) and fact.confirms in of_over and fact.said:
            of_over[fact.confirms].text = fact.said
    return [i for i in book.all if not i.withdrawn]


def missed(events: Iterable[Event]) -> list[Missed]:
    """Call-ins without a reply, unacknowledged incidents, and unintelligible speech not yet reviewed."""
    waiting: list[Missed] = []
    out: list[Missed] = []
    overs, book = Overs(), Incidents()
    clips: dict[int, str] = {}
    gone: dict[int, tuple[list[Missed], list[Missed]]] = {}
    """Number of a person's event → what was waiting before it."""
    of_event: dict[int, int] = {}
    """Number of an over's event → number of the entry that rests on it."""
    for e in events:
        fact = e.fact()
        overs.take(fact, e.seq)
        if book.take(fact, e.seq, e.wall) is not None:
            clips[e.seq] = overs.clip_of(fact)
        if isinstance(fact, Confirmed | Corrected):
            gone[e.seq] = list(out), list(waiting)
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
            case Undone(undoes=number) if number in gone:
                before, waited = gone.pop(number)
                out += [m for m in before if m not in out]
                waiting += [m for m in waited if m not in waiting]
            case _:
                pass
    listed = {m.seq for m in (*out, *waiting)}
    unseen = [
        Missed(i.seq, i.wall, i.unit, "incident, not acknowledged", i.text, clips.get(i.seq, ""), i.channel)
        for i in book.open
        if listed.isdisjoint(i.events)
    ]
    acknowledged = {s for i in book.all if not i.open for s in i.events}
    return sorted((m for m in (*out, *waiting, *unseen) if m.seq not in acknowledged), key=lambda m: m.seq)
