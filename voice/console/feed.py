"""Follows a journal that another process may be writing: new events within 50 ms, from a thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import islice

from voice.console.board import Board, LiveBoard
from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.lines import AsLogged, Line, LineMaker, lines
from voice.journal.settled import BY_HAND, settled_in
from voice.journal.store import Journal
from voice.supervised import Supervised
from voice.talk.facts import SessionBegan

log = logging.getLogger("huying.console")

LOOK_S = 0.05
RECENT = 400
PAGE = 1000
"""Lines read from the journal at a time for a client that was disconnected."""

"""Lines kept in memory for the feed."""

LONGEST = 20_000
"""Events read when a console is opened."""

STALE_DAYS = 7
"""A channel whose latest session began this long before the newest one is hidden."""


class Feed:
    """Board and latest lines of the latest session. Thread-safe to read."""

    def __init__(
        self,
        journal: Journal,
        on_line: Callable[[Line], None] = lambda _line: None,
        stirred: Callable[[], bool] = lambda: False,
    ) -> None:
        """``on_line`` is given every line once, in order, from the reading thread; ``stirred`` is asked there whether
        something else is news for the pages."""
        self.journal = journal
        self._watching: dict[str, LiveBoard] = {}
        """Channel → its board, from its session's beginning on; a station that has one channel does not name it."""
        self.seq = 0
        """Number of the last event."""
        self.lines: deque[Line] = deque(maxlen=RECENT)
        self.fault = ""
        """Why the journal cannot be read, if so."""
        self.turn = 0
        """Counts news: new events, a fault, or what ``stirred`` tells."""
        self.revised = 0
        """Counts what people have said of events; ``lines`` are what they are after that."""
        self._settled, self._logged = settled_in(journal), deque[AsLogged](maxlen=RECENT)
        self._spoken = False
        self._maker, self._on_line, self._stirred = LineMaker(), on_line, stirred
        self._closed = threading.Event()
        self._looking = threading.Lock()
        self.changed = threading.Condition()
        self._loops: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        """Who waits for news in an event loop."""
        self._begin()
        self.look()
        self._thread = Supervised("the console's feed", self._follow, log.warning, self._closed.is_set)

    def close(self) -> None:
        """Stop following."""
        self._closed.set()
        self._thread.join(2.0)

    @property
    def closed(self) -> bool:
        """No further events will arrive."""
        return self._closed.is_set()

    def look(self) -> bool:
        """Process new events; returns whether there were any."""
        with self._looking:
            before = self.seq
            for event in self.journal.events(after=before):
                self._take(event)
            if self._spoken:
                self._revise()
            return self.seq > before

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with a board, in the order of their first event."""
        return tuple(self._watching) or ("",)

    @property
    def board(self) -> Board:
        """Board of the first channel."""
        return self.board_of(self.channels[0])

    def board_of(self, channel: str) -> Board:
        """Board of one channel; empty if it has no events."""
        found = self._watching.get(channel)
        return found.board if found else Board()

    def _take(self, event: Event) -> None:
        fact = event.fact()
        if fact.channel not in self._watching and isinstance(fact, SessionBegan):
            self._watching = {**self._watching, fact.channel: LiveBoard()}  # others may be reading the old one
        if fact.channel in self._watching:
            self._watching[fact.channel].take(event, fact)
        logged = self._maker.heard(fact, event)
        self._logged.append(logged)
        line = logged.after(self._settled)
        self.lines.append(line)
        self._on_line(line)
        self.seq = event.seq
        self._spoken = self._spoken or (event.kind in BY_HAND and event.seq > self._settled.reached)

    def _revise(self) -> None:
        """A person has said something of earlier events."""
        self._settled.look(self.journal)
        self.lines = deque((x.after(self._settled) for x in self._logged), maxlen=RECENT)
        self.revised, self._spoken = self.revised + 1, False

    def after(self, seq: int) -> Iterator[Line]:
        """Recent lines after an event, oldest first."""
        yield from [x for x in list(self.lines) if x["seq"] > seq]

    def following(self, seq: int) -> list[Line]:
        """The next PAGE lines after an event, oldest first; from the journal if they are not recent."""
        kept = self.recent(seq)
        if kept is not None:
            return kept
        return list(islice(lines(self.journal.events(after=seq), settled_in(self.journal)), PAGE))

    def recent(self, seq: int) -> list[Line] | None:
        """Lines after an event if all are in memory; None: they must be read."""
        kept = list(self.lines)
        return [x for x in kept if x["seq"] > seq] if kept and kept[0]["seq"] <= seq + 1 else None

    async def arrived(self, seq: int, seconds: float) -> bool:
        """As ``wait``, for the event loop: waiting clients occupy no threads."""
        await self._until(lambda: self.seq > seq, seconds)
        return self.seq > seq

    async def turned(self, turn: int, seconds: float) -> bool:
        """Wait for any news after a turn or the timeout; returns whether there is some."""
        await self._until(lambda: self.turn > turn, seconds)
        return self.turn > turn

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        here = asyncio.get_running_loop(), asyncio.Event()
        with self.changed:
            self._loops.add(here)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while not done() and not self._closed.is_set():
                        await here[1].wait()
                        here[1].clear()
        finally:
            with self.changed:
                self._loops.discard(here)

    def wait(self, seq: int, seconds: float) -> bool:
        """Wait for an event after ``seq`` or the timeout; returns whether there is one."""
        with self.changed:
            return self.changed.wait_for(lambda: self.seq > seq or self._closed.is_set(), seconds)

    def _begin(self) -> None:
        """Start with each channel's latest session; of a long one, its beginning and the latest ``LONGEST`` events
        are read."""
        latest: dict[str, Event] = {}
        for event in self.journal.events(kind="session_began"):
            latest[event.data.get("channel", "")] = event
        if not latest:
            return
        newest = max(latest.values(), key=lambda e: e.seq)
        latest_day = min(_day(newest.wall), datetime.now(UTC).date().toordinal() + 1)  # a clock may have been wrong
        fresh = [e for e in latest.values() if latest_day - _day(e.wall) <= STALE_DAYS]
        first = min(e.seq for e in fresh)
        jump = max(first, self.journal.last() - LONGEST + 1)
        for event in sorted(fresh, key=lambda e: e.seq):
            if event.seq < jump:
                self._take(event)
        self.seq = jump - 1

    def _follow(self) -> None:
        while not self._closed.wait(LOOK_S):
            before = self.fault
            try:
                new = self.look()
                self.fault = ""
            except HuyingError as e:
                new, self.fault = False, str(e)
            if self._stirred() or new or self.fault != before:
                self.turn += 1
                with self.changed:
                    self.changed.notify_all()
                    for loop, there in self._loops:
                        with contextlib.suppress(RuntimeError):  # the loop has ended
                            loop.call_soon_threadsafe(there.set)


def _day(wall: str) -> int:
    return date.fromisoformat(wall[:10]).toordinal()
