"""The station's side of the PTT line: a supervised keeper process."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from voice.radio.ptt import KEY_S, PttError, PttSettings
from voice.radio.ptt.keeper import BEAT_S
from voice.supervised import Supervised

ANSWER_S = 5.0
"""Timeout of a keeper whose driver has the usual limit."""

LONGER_S = 0.5
"""Extra time, beyond its driver's limit, for a keeper to unkey; then it is replaced."""

STALL_S = 2.5
"""Longest time from PTT to the first sound; then the line is dropped."""

MAKING_S = 4.0
"""Longest wait for the next piece of an announcement still being rendered."""


class KeptPtt:
    """Keys through a keeper. Called from another thread: ``on_fault`` for what the keeper did on its own, ``on_cut``
    for a transmission cut short."""

    def __init__(
        self,
        settings: PttSettings,
        longest_s: float = 60.0,
        on_fault: Callable[[str], None] = lambda _t: None,
        on_cut: Callable[[str], None] = lambda _t: None,
    ) -> None:
        """Opens unkeyed. ``longest_s``: time-out timer. Raises PttError if the line cannot be used."""
        self._settings, self._longest, self._on_fault, self._on_cut = settings, longest_s, on_fault, on_cut
        self._unkey_s = settings.answer_s + LONGER_S
        self._key_s = max(KEY_S, settings.answer_s) + settings.answer_s
        self._answer_s = max(ANSWER_S, 2 * settings.answer_s + 1.0)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.keyed = False
        self.dropped = ""
        """Why the latest transmission was cut, if it was."""
        self._stalls_at: float | None = None
        self._ready = self._doubtful = False
        """The keeper has unkeyed and listens; the line may be keyed, whatever we think."""
        self._start()
        Supervised("the beat of PTT", self._beat, on_fault, self._closed.is_set)

    def key(self) -> None:
        """Transmit for at most ``longest_s``. Raises PttError."""
        self.revive()
        self.dropped, self._stalls_at = "", None
        self._doubtful = True
        self._ask(f"key {self._longest}", "keyed", within=self._key_s)
        self.keyed = True

    def expect(self, seconds: float) -> None:
        """Deadline for the next sign of progress in playback, else the transmission is cut. After the first call
        every deadline must be renewed: a hung playback is detected although the rest of the station is alive."""
        self._stalls_at = time.monotonic() + seconds

    def unkey(self) -> None:
        """Receive. A keeper that does not answer is replaced by one that retries until the line is dropped; raises
        PttError if that has not happened yet."""
        self._stalls_at = None
        try:
            self._ask("unkey", "unkeyed", within=self._unkey_s)
        except PttError:
            with self._lock:
                self._replace()
        self.keyed = self._doubtful = False

    def revive(self) -> None:
        """Replace a keeper that has exited because its adapter was unplugged. Raises PttError if the line cannot be
        used yet."""
        with self._lock:
            if self._closed.is_set():
                return
            if self._process.poll() is not None:
                self._start()
            elif not self._ready:
                self._await("ready", within=self._unkey_s)
                self._ready = True

    def busy(self) -> bool:
        """Whether the input shows a carrier; not read while we transmit. Raises PttError if it cannot be read."""
        return False if self.keyed else self._ask("carrier", "busy", "clear") == "busy"

    def close(self) -> None:
        """Unkey and end the keeper. One that cannot unkey now keeps retrying on its own."""
        self._closed.set()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ANSWER_S)
        self.keyed = False

    @property
    def keeper_pid(self) -> int:
        """For tests and ``doctor``."""
        return self._process.pid

    def _start(self) -> None:
        words = ["keyed"] if self._doubtful else []
        process = subprocess.Popen(
            [sys.executable, "-m", "voice.radio.ptt.keeper", json.dumps(self._settings.as_json()), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-Z stops the station, not its keeper
        )
        answers: queue.Queue[str] = queue.Queue()
        self._process, self._answers, self._ready = process, answers, False

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                word = line.strip()
                if word == "timeout":
                    self._cut("the time-out timer dropped PTT")
                else:
                    answers.put(word)
            answers.put("error the PTT keeper ended")
            if process is self._process and not self._closed.is_set():
                self._on_fault("the PTT keeper ended")
                if self.keyed:  # the line may still be keyed: a new keeper begins by unkeying
                    self._cut("the PTT keeper ended")
                    with self._lock, contextlib.suppress(PttError):
                        if process is self._process:
                            self._start()

        Supervised("reading the PTT keeper", read, self._on_fault, self._closed.is_set)
        self._await("ready")
        self._ready, self._doubtful = True, False

    def _replace(self) -> None:
        """Replace a failed keeper by one that retries until the line is dropped."""
        old, self._doubtful = self._process, True
        with contextlib.suppress(OSError):
            assert old.stdin is not None
            old.stdin.close()
        try:
            self._start()
        finally:
            old.kill()
            old.wait()

    def _cut(self, why: str) -> None:
        """Report a transmission that was cut short."""
        was, self.keyed = self.keyed, False
        self.dropped = self.dropped or why
        self._stalls_at = None
        if why != "the PTT keeper ended":
            self._on_fault(why)
        if was:
            self._on_cut(why)

    def _ask(self, word: str, *answers: str, within: float | None = None) -> str:
        with self._lock:
            try:
                self._write(word)
            except OSError as e:
                raise PttError(f"the PTT keeper is gone ({e}); it is started again") from e
            return self._await(*answers, within=within)

    def _write(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def _await(self, *wanted: str, within: float | None = None) -> str:
        ends = time.monotonic() + (self._answer_s if within is None else within)
        while True:
            try:
                got = self._answers.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty as e:
                raise PttError("the PTT keeper does not answer; the line was not switched") from e
            if got in wanted:
                return got
            if got.startswith("error"):
                raise PttError(got.removeprefix("error ").strip())

    def _beat(self) -> None:
        while not self._closed.wait(BEAT_S):
            stalls_at = self._stalls_at
            if stalls_at is not None and self.keyed and time.monotonic() > stalls_at:
                self._drop("no sound has moved; the transmission was cut")
            with self._lock, contextlib.suppress(OSError, ValueError):
                self._write("beat")

    def _drop(self, why: str) -> None:
        """Unkey, although playback has not returned."""
        self._cut(why)
        try:
            with self._lock:
                self._write("unkey")
                self._await("unkeyed", within=self._unkey_s)
            self._doubtful = False
        except (PttError, OSError, ValueError):
            with self._lock, contextlib.suppress(PttError):
                self._replace()
