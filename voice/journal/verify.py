"""Verifies the journal: every event, every link of the chain, every clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from voice.errors import HuyingError
from voice.journal.clips import clip_name
from voice.journal.event import GENESIS, Event, event_hash
from voice.journal.retention import SOUNDING, Removals
from voice.journal.store import Journal


@dataclass(frozen=True, slots=True)
class Fault:
    """One deviation from what was written."""

    seq: int
    what: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what}" if self.seq else f"the journal itself: {self.what}"


def verify(journal: Journal, *, clips: bool = True) -> Iterator[Fault]:
    """All faults in order. None: complete and unchanged (except that a truncated end shows only against a known
    head). Event 0 stands for the database itself: guards and tables."""
    for told in journal.strangeness():
        yield Fault(0, told)
    expected, previous = 1, GENESIS
    removed = Removals(journal) if clips else None
    for e in journal.events():
        if e.seq != expected:
            one = e.seq == expected + 1
            yield Fault(expected, "event is missing" if one else f"events up to {e.seq - 1} are missing")
        if e.previous != previous:
            yield Fault(e.seq, "does not follow the event before it: moved, inserted, or its forerunner changed")
        if event_hash(e.seq, e.kind, e.t, e.wall, e.body, e.previous) != e.hash:
            yield Fault(e.seq, "was changed after it was written")
        elif e.unit != e.data.get("unit"):
            yield Fault(e.seq, "its unit column was changed")
        if removed is not None and e.kind in SOUNDING and (told := _clip_fault(journal, e, removed)):
            yield Fault(e.seq, told)
        expected, previous = e.seq + 1, e.hash


def _clip_fault(journal: Journal, over: Event, removed: Removals) -> str:
    """Fault of an over's clip; empty if there is none, or if its removal is recorded in the journal."""
    name = over.data.get("clip", "")
    if not name:
        return ""
    try:
        if not journal.clips.path(name).is_file() and removed.excuse(over, name):
            return ""
        return "" if clip_name(journal.clips.get(name)) == name else f"its clip {name[:12]}… was altered"
    except HuyingError as fault:
        return str(fault)
