"""Calls from existing recorders: uploads from rdio-scanner, trunk-recorder and SDRTrunk are logged.

A call stays in a spool folder until it is in the journal. Each talkgroup is a channel of its own with one session,
whose sample clock follows the recorder's times; gaps between calls count as a clear channel. A call older than the last
one logged begins a new session: existing journal entries are never moved.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from voice.audio.source import Damage
from voice.errors import HuyingError, Unwritable
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.pcm import RATE, Frame, Pcm16
from voice.radio.bursts import Burst
from voice.radio.over import Over
from voice.station.call_sound import cut_at, same_call
from voice.station.ear import Ear
from voice.station.listener import Listener
from voice.station.recorded_call import RecordedCall
from voice.station.spool import LONGEST_CALL_S, Spool
from voice.supervised import Supervised
from voice.talk.facts import Fact

FORGET_S = 3600.0
"""Interval at which expired spool entries are purged."""

SETTLE_S = 2.0
"""Calls arriving within this time are processed in order of their timestamps."""

QUIET_AFTER_S = 90.0
"""A called unit counts as silent after this long without an upload. Longer than a recorder needs to upload a call."""

CLOSE_S = 0.1
"""Clear channel inserted after a call."""

OPENS_S = 0.3
"""Shortest transmission, and accuracy of positions."""

CUT = RATE // 50
"""Samples inserted between two transmissions of a call."""

OLDER_S = 1.0
"""A call starting this much before the last one logged begins a new session."""

MOST_CHANNELS = 64
"""Talkgroups monitored at once, one thread each; the one idle longest is dropped for a new one."""

MOST_HELD_S = 2 * LONGEST_CALL_S
"""Audio buffered in memory for a talkgroup's thread; the rest waits in the spool."""

TRIES = 3
"""Attempts at a call whose thread fails before it is set aside."""

SAME_S = 2.0
"""Largest offset between two receivers' recordings of the same call."""

RECENT, COMPARED_S = 10, 60.0
"""Recent calls of a channel that a new one is compared with; longer ones are not kept."""


def cuts_of(call: RecordedCall, pcm: Pcm16) -> list[tuple[int, str]]:
    """(sample, radio id) of the start of each transmission: recorders join several into one call."""
    found: list[tuple[int, str]] = []
    for pos, src in call.sources:
        at = 0 if pos < OPENS_S else cut_at(pcm, pos)
        if at >= len(pcm) or (found and at - found[-1][0] < OPENS_S * RATE):
            continue
        found.append((at, src))
    return found


@dataclass
class CallSource:
    """Calls of one talkgroup as an ``AudioSource``: waits for calls, and ends at one that is too old."""

    name: str
    began: datetime | None
    quiet_s: float = 60.0
    """The net's answer timeout plus a margin."""
    duration: float | None = None
    damage: Damage = field(default_factory=Damage)

    def __post_init__(self) -> None:
        self._calls: queue.Queue[tuple[RecordedCall, Pcm16, Callable[[], None]] | None] = queue.Queue(50)
        self._at = self._promised = 0
        """Sample reached, and sample that will be reached once everything queued has been processed."""
        self._who: list[tuple[float, str]] = []
        """(start, radio) of each transmission; empty radio: unknown."""
        self.pending: dict[Path, float] = {}
        """Spooled calls queued but not yet logged → their duration, s."""
        self.broken = False
        """Whoever listened to it has failed."""

    def put(self, call: RecordedCall, pcm: Pcm16, done: Callable[[], None]) -> None:
        """Queue a call; ``done`` is called once it was fully processed."""
        assert self.began is not None
        start = max(self._promised, self._start(call))
        cuts = cuts_of(call, pcm)
        self._promised = start + len(pcm) + len(cuts) * CUT + round(CLOSE_S * RATE)
        who = [(start, ""), *((start + at + k * CUT, src) for k, (at, src) in enumerate(cuts))]
        self._who = [*self._who[-500:], *((at / RATE, src) for at, src in who)]
        self._calls.put((call, pcm, done))

    def fits(self, call: RecordedCall) -> bool:
        """False: older than what was already processed."""
        return self._start(call) >= self._promised - OLDER_S * RATE

    def over(self) -> bool:
        """No further calls are accepted."""
        return self.broken

    def end(self) -> None:
        """End after the queued calls."""
        self._calls.put(None)

    def identify(self, over: Over) -> list[Burst]:
        """Radio id that the recorder reports for an over; earlier calls do not count."""
        begun = [src for t, src in self._who if t <= over.start + OPENS_S]
        names = [*begun[-1:], *(src for t, src in self._who if over.start + OPENS_S < t < over.end - OPENS_S)]
        return [Burst("recorder", src, 0.0) for src in dict.fromkeys(names) if src]

    def frames(self) -> Iterator[Frame]:
        """See AudioSource."""
        settled = True
        while True:
            try:
                item = self._calls.get(timeout=None if settled else QUIET_AFTER_S)
            except queue.Empty:
                settled = True
                self._at = self._promised = self._at + round(self.quiet_s * RATE)
                yield Frame(self._at, np.zeros(0, np.int16))
                continue
            if item is None:
                return
            settled = False
            call, pcm, done = item
            start = max(self._at, self._start(call))
            step = RATE // 10
            inside = sorted({at for at, _ in cuts_of(call, pcm) if 0 < at < len(pcm)})
            for part in np.split(pcm, inside):
                for k in range(0, len(part), step):
                    yield Frame(start + k, part[k : k + step])
                start += len(part) + CUT  # the gap ends the over
            self._at = start + round(CLOSE_S * RATE)
            yield Frame(self._at, np.zeros(0, np.int16))  # the gap before it ends the over
            done()

    def _start(self, call: RecordedCall) -> int:
        assert self.began is not None
        return round((call.moment - self.began).total_seconds() * RATE)


class ChannelNames:
    """System and talkgroup → permanent channel name in the journal: the first label seen, with the ids appended if
    another talkgroup already uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(path.read_text("utf-8"))
            self._names = {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def of(self, call: RecordedCall) -> str:
        """Channel name of a call."""
        if call.channel not in self._names:
            name = call.label or call.channel
            taken = name in self._names.values()
            self._names[call.channel] = f"{name} {call.channel}" if taken else name
            part = self._path.with_suffix(".part")
            with contextlib.suppress(OSError):  # then it is renamed after the next start
                self._path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(json.dumps(self._names, ensure_ascii=False), "utf-8")
                part.replace(self._path)
        return self._names[call.channel]


class UploadDesk:
    """Takes calls from the spool and logs them, one thread per talkgroup."""

    def __init__(
        self,
        ear: Ear,
        journal: Journal,
        spool: Spool,
        tell: Callable[[str], None],
        on_event: Callable[[Event, Fact], None] = lambda _e, _f: None,
        wait: Callable[[Unwritable], bool] = lambda _e: False,
    ) -> None:
        """``on_event`` is called by the talkgroups' threads; ``wait``: see Listener."""
        self._ear, self._journal, self.spool, self._tell = ear, journal, spool, tell
        self._on_event, self._wait = on_event, wait
        self._sources: dict[str, tuple[CallSource, Supervised]] = {}
        """In the order in which they had a call last."""
        self._held = 0.0
        """Seconds of sound that wait for their threads."""
        self._failures: Counter[Path] = Counter()
        self._holding = threading.Lock()
        self._names = ChannelNames(spool.folder / "channels")
        self._recent: dict[str, deque[tuple[datetime, Pcm16]]] = {}
        self._told: set[str] = set()
        self._taken: set[str] = set()
        self._closed = threading.Event()
        self._thread = Supervised("the desk for recorders' calls", self._work, tell, self._closed.is_set)

    def close(self) -> None:
        """Calls in progress are finished; the rest stays in the spool."""
        self._closed.set()
        self._thread.join(10.0)
        for source, _ in self._sources.values():
            source.end()
        for _, thread in self._sources.values():
            thread.join(20.0)

    def _work(self) -> None:
        forgot = -FORGET_S
        while not self._closed.wait(0.25):
            if time.monotonic() - forgot > FORGET_S:
                forgot = time.monotonic()
                self.spool.forget()
            for path in self.spool.waiting(SETTLE_S):
                if self._closed.is_set() or self._held > MOST_HELD_S:
                    break
                if path.name not in self._taken:
                    self._take(path)

    def _take(self, path: Path) -> None:
        try:
            call, pcm = self.spool.read(path)
        except HuyingError as e:
            self._tell(str(e))
            self.spool.refuse(path)
            return
        if self._is_known(call, pcm):
            self.spool.done(path)
            return
        source = self._source(call)
        self._taken.add(path.name)
        source.pending[path] = len(pcm) / RATE
        self._hold(len(pcm) / RATE)

        def done() -> None:
            self._hold(-source.pending.pop(path))
            self.spool.done(path)
            self._taken.discard(path.name)

        source.put(call, pcm, done)

    def _is_known(self, call: RecordedCall, pcm: Pcm16) -> bool:
        """Duplicate: another receiver's recording of the call is already being logged."""
        recent = self._recent.setdefault(call.channel, deque(maxlen=RECENT))
        for moment, other in recent:
            if abs((moment - call.moment).total_seconds()) <= SAME_S and same_call(pcm, other):
                if call.channel not in self._told:
                    self._told.add(call.channel)
                    self._tell(f"{call.label or call.channel}: two receivers upload the same calls, logged once")
                return True
        if len(pcm) <= COMPARED_S * RATE:
            recent.append((call.moment, pcm))
        return False

    def _hold(self, seconds: float) -> None:
        with self._holding:
            self._held += seconds

    def _source(self, call: RecordedCall) -> CallSource:
        """The talkgroup's running source, or a new one starting with this call."""
        name = self._names.of(call)
        found = self._sources.pop(call.channel, None)
        if found is not None:
            source, thread = found
            if thread.is_alive() and not source.broken and source.fits(call):
                self._sources[call.channel] = found  # it was the latest to have a call
                return source
            source.end()
            thread.join()
        while len(self._sources) >= MOST_CHANNELS:
            oldest = next(iter(self._sources))
            source, thread = self._sources.pop(oldest)
            self._recent.pop(oldest, None)
            source.end()
            thread.join()
        quiet_s = self._ear.net.settings.timing.answer_timeout_s + 5.0
        source = CallSource(f"{call.system}/{call.talkgroup} {name}", call.moment, quiet_s)
        told = f"recorder's channel {name}"
        thread = Supervised(told, lambda: self._listen(source, name), self._tell, source.over)
        self._sources[call.channel] = source, thread
        return source

    def _listen(self, source: CallSource, channel: str) -> None:
        try:
            ear = self._ear.latest
            heard = Listener(ear, self._journal, self._on_event, channel, source.identify, self._wait, clear=True)
            for _ in heard.listen(source):
                pass
        except HuyingError as e:  # the journal cannot be written: the call stays in the spool
            self._tell(f"{channel}: {e}")
        except Exception:  # internal error: its calls are retried by another thread, a limited number of times
            self._give_back(source)
            raise

    def _give_back(self, source: CallSource) -> None:
        """Requeue what a failed thread has not logged; a call that fails TRIES times is set aside."""
        source.broken = True
        self._recent.clear()  # a retry is not a second receiver's recording
        for n, path in enumerate(list(source.pending)):
            self._hold(-source.pending.pop(path))
            self._failures[path] += n == 0  # the first is the call it failed on
            if self._failures[path] >= TRIES:
                self.spool.refuse(path)
            self._taken.discard(path.name)
