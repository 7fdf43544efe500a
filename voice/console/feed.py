"""Follows a journal that somebody else may be writing: new events within a twentieth of a second, from a thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from voice.console.board import Board, evolve_board
from voice.errors import HuyingError
from voice.journal.lines import Line, LineMaker
from voice.journal.store import Journal

LOOK_S = 0.05
RECENT = 400
"""Lines kept in memory for the feed."""


class Feed:
    """The latest session's board and the latest lines. Thread-safe to read."""

    def __init__(self, journal: Journal, on_line: Callable[[Line], None] = lambda _line: None) -> None:
        """``on_line`` gets every line once, in order, from the thread that reads."""
        self.journal = journal
        self.board = Board()
        self.lines: deque[Line] = deque(maxlen=RECENT)
        self.fault = ""
        """Why the journal cannot be read, if so."""
        self._maker, self._on_line = LineMaker(), on_line
        self._seq = max(0, self._first() - 1)
        self._closed = threading.Event()
        self._looking = threading.Lock()
        self.changed = threading.Condition()
        self.look()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Follow no more."""
        self._closed.set()
        self._thread.join(2.0)

    def look(self) -> bool:
        """Take in what is new; whether there was anything."""
        with self._looking:
            before = self._seq
            for event in self.journal.events(after=before):
                fact = event.fact()
                self.board = evolve_board(self.board, event, fact)
                line = self._maker.line(fact, event)
                self.lines.append(line)
                self._on_line(line)
                self._seq = event.seq
            return self._seq > before

    def after(self, seq: int) -> Iterator[Line]:
        """Recent lines after an event, oldest first."""
        yield from [x for x in list(self.lines) if x["seq"] > seq]

    def wait(self, seq: int, seconds: float) -> bool:
        """Until there is an event after ``seq``, or the time is over; whether there is one."""
        with self.changed:
            return self.changed.wait_for(lambda: self.board.seq > seq or self._closed.is_set(), seconds)

    def _first(self) -> int:
        """The event with which the latest session began."""
        return max(1, self.journal.last("session_began"))

    def _follow(self) -> None:
        while not self._closed.wait(LOOK_S):
            try:
                new = self.look()
                self.fault = ""
            except HuyingError as e:
                new, self.fault = not self.fault, str(e)
            if new:
                with self.changed:
                    self.changed.notify_all()
