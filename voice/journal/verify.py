"""Is the journal still what was written? Every event, every link, every clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from voice.errors import HuyingError
from voice.journal.clips import clip_name
from voice.journal.retention import removed_before
from voice.journal.store import GENESIS, Journal, event_hash


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written."""

    seq: int
    what: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what}"


def verify(journal: Journal, *, clips: bool = True) -> Iterator[Fault]:
    """All faults, in order. None means: whole and unchanged (a cut-off end excepted; compare the head)."""
    expected, previous = 1, GENESIS
    removed = removed_before(journal) if clips else ""
    for e in journal.events():
        if e.seq != expected:
            what = "event is" if e.seq == expected + 1 else f"events up to {e.seq - 1} are"
            yield Fault(expected, f"{what} missing")
        if e.previous != previous:
            yield Fault(e.seq, "does not follow the event before it: moved, inserted, or its forerunner changed")
        if event_hash(e.seq, e.kind, e.t, e.wall, e.body, e.previous) != e.hash:
            yield Fault(e.seq, "was changed after it was written")
        elif e.unit != e.data.get("unit"):
            yield Fault(e.seq, "its unit column was changed")
        if clips and e.kind == "over":
            name = e.data.get("clip", "")
            if name and e.wall < removed and not journal.clips.path(name).is_file():
                name = ""  # kept long enough, and the journal says so
            try:
                if name and clip_name(journal.clips.get(name)) != name:
                    yield Fault(e.seq, f"its clip {name[:12]}… was altered")
            except HuyingError as fault:
                yield Fault(e.seq, str(fault))
        expected, previous = e.seq + 1, e.hash
