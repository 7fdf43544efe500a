"""Retention of clips. Events are kept for ever; clips of old overs may be deleted unless held.

A removal is logged before it is carried out: after a crash in between, clips remain that the next run deletes; no clip
is ever missing without a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.talk.by_hand import ClipHold, ClipsRemoved

LEAST_DAYS = 1


@dataclass(frozen=True, slots=True)
class Hold:
    """Clips of this period are kept regardless of age."""

    seq: int
    """Sequence number of its event, by which it is released."""
    since: str
    until: str
    by: str
    note: str


def holds(journal: Journal) -> list[Hold]:
    """Holds in force."""
    out: dict[int, Hold] = {}
    for event in journal.events(kind="clip_hold"):
        fact = event.fact()
        assert isinstance(fact, ClipHold)
        if fact.releases:
            out.pop(fact.releases, None)
        else:
            out[event.seq] = Hold(event.seq, fact.since, fact.until, fact.by, fact.note)
    return list(out.values())


def hold(journal: Journal, since: str, until: str, by: str, note: str = "") -> int:
    """Hold the clips between two wall times (UTC); returns the sequence number."""
    if since >= until:
        raise HuyingError("a hold ends after it begins")
    return journal.enter(ClipHold(since=since, until=until, by=by, note=note))


def release(journal: Journal, seq: int, by: str, note: str = "") -> int:
    """Release a hold. Raises HuyingError if the number is not one."""
    found = next((h for h in holds(journal) if h.seq == seq), None)
    if found is None:
        raise HuyingError(f"event {seq} is no hold that is in force")
    return journal.enter(ClipHold(since=found.since, until=found.until, by=by, note=note, releases=seq))


def remove_clips(journal: Journal, days: float, by: str, now: datetime | None = None) -> int:
    """Delete clips of overs older than ``days`` and not held; returns the count. Raises HuyingError."""
    if days < LEAST_DAYS:
        raise HuyingError(f"clips are kept for {LEAST_DAYS} day at least")
    moment = now or datetime.now(UTC)
    before = (moment - timedelta(days=days)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kept = {e.data.get("clip", "") for e in _overs(journal, since=before)}
    held = holds(journal)
    old = set()
    for e in _overs(journal, until=before):
        name = e.data.get("clip", "")
        if any(h.since <= e.wall < h.until for h in held):
            kept.add(name)
        elif name:
            old.add(name)
    gone = sorted(n for n in old - kept if journal.clips.path(n).is_file())
    if gone:
        journal.enter(ClipsRemoved(before=before, clips=len(gone), by=by), moment)
        for name in gone:
            journal.clips.path(name).unlink(missing_ok=True)
    return len(gone)


class Removals:
    """Recorded removals of clips: of which station, before what time, and how many."""

    def __init__(self, journal: Journal) -> None:
        self._removed = [
            (e.seq, e.data.get("channel", ""), e.data["before"]) for e in journal.events(kind="clips_removed")
        ]
        self._left = [e.data["clips"] for e in journal.events(kind="clips_removed")]
        self._excused: set[str] = set()

    def excuse(self, over: Event, name: str) -> bool:
        """Whether a removal accounts for a missing clip; each accounts for as many clips as it states. In a bureau's
        journal, a station's removal accounts for that station's clips only."""
        if name in self._excused:
            return True
        channel = over.data.get("channel", "")
        for k, (seq, of, before) in enumerate(self._removed):
            its = not of or channel == of or channel.startswith(f"{of}/")
            if its and over.seq < seq and over.wall < before and self._left[k] > 0:
                self._left[k] -= 1
                self._excused.add(name)
                return True
        return False


SOUNDING = ("over", "announced")
"""Kinds of events with a clip: overs heard, and speech we passed on."""


def _overs(journal: Journal, since: str | None = None, until: str | None = None) -> Iterator[Event]:
    for kind in SOUNDING:
        yield from journal.events(kind=kind, since=since, until=until)
