"""Incidents: whatever units report, in any context, until a person acknowledges it. A pure fold over facts.

有情况, 请求支援 and similar open one incident, whether heard as a call-in, in a roll-call or poll, in answer to an
alert, or from an unidentified speaker. A repeat by the same unit shortly after is the same incident.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from voice.grammar.meanings import URGENT
from voice.talk.by_hand import Acknowledged, Corrected, Undone
from voice.talk.facts import Answered, CalledIn, ControlReplied, Fact, Relayed, Remarked, SessionBegan, Transcribed
from voice.time import parse_wall

SAME_WITHIN = timedelta(minutes=10)
"""A repeat by the same unit within this time, while unacknowledged, is the same incident."""

OPEN_FOR = timedelta(hours=2)
"""An arrival counts towards the latest incident no older than this."""

Reports = Answered | CalledIn | Remarked | Relayed


@dataclass(slots=True)
class Incident:
    """A report and the responses to it."""

    seq: int
    """Sequence number of the event that reported it."""
    wall: str
    unit: str | None
    text: str
    meaning: str = "situation"
    pinyin: str = ""
    clip: str = ""
    channel: str = ""
    events: list[int] = field(default_factory=list)
    """Number of reports, including the first."""
    on_the_way: dict[str, float] = field(default_factory=dict)
    """Unit → seconds after the report."""
    arrived: dict[str, float] = field(default_factory=dict)
    acknowledged: str = ""
    """Who acknowledged it; ``air``: net control answered the unit on the air; empty: nobody yet."""
    withdrawn: bool = False
    """A person corrected the report to something else."""
    guess: str = ""
    """Dictation of its over (≈): for people only, nothing is decided on it."""

    @property
    def open(self) -> bool:
        """Still needs a person's attention."""
        return not (self.acknowledged or self.withdrawn)


class Incidents:
    """All incidents, folded from the facts of a journal in order."""

    def __init__(self) -> None:
        self.all: list[Incident] = []
        self.open: tuple[Incident, ...] = ()
        """Unacknowledged incidents, oldest first; a new tuple whenever one of them changes."""
        self._undo: dict[int, tuple[Incident, str, bool, str | None]] = {}
        self._of_over: dict[tuple[str, int], Incident] = {}
        """Channel and number of an over of the running session → the incident that it reports."""

    def take(self, fact: Fact, seq: int = 0, wall: str = "") -> Incident | None:
        """Next fact with its event's number and time; returns the incident it opens, if any."""
        match fact:
            case Acknowledged() | Corrected():
                self._by_hand(fact, seq)
                self._settle()
            case Undone(undoes=number) if number in self._undo:
                found, who, gone, whose = self._undo.pop(number)
                found.acknowledged, found.withdrawn, found.unit = who, gone, whose
                self._settle()
            case ControlReplied(unit=str(unit), doubt=False):
                for i in self.open:
                    if (i.channel, i.unit) == (fact.channel, unit):
                        i.acknowledged = "air"
                self._settle()
            case Transcribed(channel=channel, over=over) if (channel, over) in self._of_over:
                self._of_over[channel, over].guess = fact.text
                self._settle()
            case SessionBegan(channel=channel):
                self._of_over = {k: i for k, i in self._of_over.items() if k[0] != channel}
            case Answered() | CalledIn() | Remarked() | Relayed():
                return self._said(fact, seq, wall)
            case _:
                pass
        return None

    def _settle(self) -> None:
        self.open = tuple(i for i in self.all if i.open)

    def _said(self, fact: Reports, seq: int, wall: str) -> Incident | None:
        if fact.meaning in URGENT:
            last = next((i for i in reversed(self.all) if (i.unit, i.channel) == (fact.unit, fact.channel)), None)
            if last and fact.unit and last.open and parse_wall(wall) - parse_wall(last.wall) <= SAME_WITHIN:
                last.events.append(seq)
                return None
            new = Incident(seq, wall, fact.unit, fact.text, fact.meaning, channel=fact.channel, events=[seq])
            self.all.append(new)
            self.open = (*self.open, new)
            self._of_over[fact.channel, fact.over] = new
            return new
        if fact.unit and fact.meaning in ("on_the_way", "arrived"):
            mine = [i for i in self.all if i.channel == fact.channel and not i.withdrawn]
            if mine and parse_wall(wall) - parse_wall(mine[-1].wall) <= OPEN_FOR:
                times = mine[-1].arrived if fact.meaning == "arrived" else mine[-1].on_the_way
                times.setdefault(fact.unit, (parse_wall(wall) - parse_wall(mine[-1].wall)).total_seconds())
        return None

    def _by_hand(self, fact: Acknowledged | Corrected, seq: int) -> None:
        number = fact.acknowledges if isinstance(fact, Acknowledged) else fact.corrects
        found = next((i for i in self.all if number in i.events), None)
        if found is None:
            return
        self._undo[seq] = found, found.acknowledged, found.withdrawn, found.unit
        if isinstance(fact, Acknowledged):
            found.acknowledged = fact.by or "?"
        elif fact.meaning in URGENT:
            found.acknowledged = found.acknowledged or fact.by
            found.unit = fact.unit
        else:
            found.withdrawn = True
