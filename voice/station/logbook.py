"""Log of one channel: every fact is appended to the journal, and the net's state is updated from it.

All facts of a channel pass through here: from listener, station, orders and sound-card faults. While the journal cannot
be written it waits for the disk; facts are never dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from voice.errors import HuyingError, Unwritable
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.pcm import Pcm16, Seconds
from voice.talk.evolve import evolve
from voice.talk.facts import ClockChanged, DeviceChanged, Fact
from voice.talk.state import NetState

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Wall clock of sample 0 if the true time is unknown."""


class Logbook:
    """Records the facts of one channel, stores its clips, and folds the net's state."""

    def __init__(
        self,
        journal: Journal,
        answer_timeout_s: Seconds,
        on_event: Callable[[Event, Fact], None] = lambda _e, _f: None,
        channel: str = "",
        wait: Callable[[Unwritable], bool] = lambda _e: False,
    ) -> None:
        """``channel``: its name in the journal, if there are several. ``wait``: called while the journal cannot be
        written; returns true to retry, false to raise."""
        self.journal = journal
        self.channel = channel
        self.state = NetState()
        self.latest: Seconds = 0.0
        """Time of the latest fact: a station's own may come after the last frame."""
        self.lost_clips: list[str] = []
        """Why clips could not be kept, one reason for each of them."""
        self._answer_timeout_s = answer_timeout_s
        self._on_event, self._wait = on_event, wait
        self._began = EPOCH
        self._recording = threading.RLock()
        self._clipless = False
        """The latest clip could not be kept."""

    def open(self, began: datetime | None) -> None:
        """Begin a session; ``began`` is the wall clock of sample 0, None if unknown."""
        self._began = (began or EPOCH).astimezone(UTC)
        self.latest = 0.0

    @property
    def began(self) -> str:
        """Wall clock of sample 0, ISO 8601 UTC."""
        return self._began.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def move_clock(self, t: Seconds, by_s: Seconds, cause: Literal["set", "drift"]) -> None:
        """Wall times follow a clock that was set, starting with the event that records it."""
        self._began += timedelta(seconds=by_s)
        self.record(ClockChanged(t=t, by_s=by_s, cause=cause))

    def record(self, *facts: Fact) -> bool:
        """Append facts to the journal. Returns whether it had to wait; raises Unwritable if ``wait`` gave up."""
        if not facts:
            return False
        self.latest = max(self.latest, *(f.t for f in facts))
        if self.channel:
            facts = tuple(replace(f, channel=self.channel) for f in facts)
        with self._recording:  # another thread reports a lost sound card
            events, waited = self._append(facts)
            for event, fact in zip(events, facts, strict=True):
                self.state = evolve(self.state, fact, self._answer_timeout_s)
                self._on_event(event, fact)
        if waited:
            self.record(DeviceChanged(t=self.latest, what="unwritten", note=waited))
        return bool(waited)

    def keep(self, pcm: Pcm16, t: Seconds) -> str:
        """SHA-256 of the clip; empty if it could not be stored: that is logged as a fact, and logging continues.
        ``t``: end of the over."""
        try:
            name = self.journal.clips.put(pcm)
        except HuyingError as e:
            if self._clipless or not self.record(DeviceChanged(t=t, what="no_clips", note=str(e))):
                self._clipless = True
                self.lost_clips.append(str(e))
                return ""
            self._clipless = True  # the journal had to wait too, so the disk was away: retry this clip
            return self.keep(pcm, t)
        if self._clipless:
            self._clipless = False
            self.record(DeviceChanged(t=t, what="clips", note="clips are kept again"))
        return name

    def _append(self, facts: tuple[Fact, ...]) -> tuple[list[Event], str]:
        """Append events; returns them, and how long it had to wait and why."""
        since, why = time.monotonic(), ""
        while True:
            try:
                events = self.journal.append(facts, self._began)
            except Unwritable as e:
                why = str(e)
                if not self._wait(e):
                    raise
            else:
                return events, f"{time.monotonic() - since:.0f} s: {why}" if why else ""
