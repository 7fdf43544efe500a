"""Replay of recordings, as in ``huying replay``, for Python callers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from voice.audio.source import AudioSource
from voice.journal.event import Event
from voice.journal.lines import Line, LineMaker
from voice.journal.store import Journal
from voice.station.ear import Ear
from voice.station.listener import Listener
from voice.talk.facts import Fact


@dataclass(slots=True)
class Replayed:
    """Result of one recording."""

    lines: list[Line] = field(default_factory=list)
    duration: float = 0.0
    notes: tuple[str, ...] = ()
    """Notes for people: damaged audio, open squelch, why nothing was heard."""


def replay(
    ear: Ear,
    journal: Journal,
    source: AudioSource,
    began: datetime | None = None,
    on_line: Callable[[Line], None] = lambda _line: None,
    on_time: Callable[[float], None] = lambda _t: None,
) -> Replayed:
    """Process ``source`` from start to end; each event is passed to ``on_line`` as soon as it is in the journal."""
    result = Replayed()
    maker = LineMaker()

    def take(event: Event, fact: Fact) -> None:
        line = maker.line(fact, event)
        result.lines.append(line)
        on_line(line)

    listener = Listener(ear, journal, take)
    for t in listener.listen(source, began):
        result.duration = t
        on_time(t)
    result.notes = listener.notes
    return result
