"""The station's side of the PTT line: a keeper process that is watched and replaced."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable

from voice.radio.ptt import PttError, PttSettings
from voice.radio.ptt.keeper import BEAT_S

ANSWER_S = 5.0


class KeptPtt:
    """Keys through a keeper. ``on_fault`` is told, from another thread, of what the keeper did by itself."""

    def __init__(
        self, settings: PttSettings, longest_s: float = 60.0, on_fault: Callable[[str], None] = lambda _t: None
    ) -> None:
        """Open unkeyed. ``longest_s``: the time-out timer. Raises PttError if the line cannot be used."""
        self._settings, self._longest, self._on_fault = settings, longest_s, on_fault
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.keyed = False
        self._start()
        threading.Thread(target=self._beat, daemon=True).start()

    def key(self) -> None:
        """Transmit, for ``longest_s`` at most."""
        self.revive()
        self._ask(f"key {self._longest}", "keyed")
        self.keyed = True

    def unkey(self) -> None:
        """Receive. After a keeper that died, a new one is opened to make sure."""
        try:
            self._ask("unkey", "unkeyed")
        except PttError:
            self._stop()
            self._start()
        self.keyed = False

    def revive(self) -> None:
        """Replace a keeper that has ended: its adapter was away. Raises PttError if the line cannot be used yet."""
        with self._lock:
            if self._process.poll() is not None and not self._closed.is_set():
                self._start()

    def busy(self) -> bool:
        """Whether the carrier input shows somebody transmitting. Raises PttError if it cannot be read."""
        return self._ask("carrier", "busy", "clear") == "busy"

    def close(self) -> None:
        """Unkey and end the keeper."""
        self._closed.set()
        self._stop()
        self.keyed = False

    @property
    def keeper_pid(self) -> int:
        """For tests and ``doctor``."""
        return self._process.pid

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "voice.radio.ptt.keeper", json.dumps(self._settings.as_json())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        answers: queue.Queue[str] = queue.Queue()
        self._process, self._answers = process, answers

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                word = line.strip()
                if word == "timeout":
                    self.keyed = False
                    self._on_fault("the time-out timer dropped PTT")
                else:
                    answers.put(word)
            if process is self._process and not self._closed.is_set():
                self._on_fault("the PTT keeper ended")
                if self.keyed:  # the line may still be keyed: a new keeper begins by unkeying
                    self.keyed = False
                    with contextlib.suppress(PttError):
                        self._start()
            answers.put("error the PTT keeper ended")

        threading.Thread(target=read, daemon=True).start()
        self._await("ready")

    def _stop(self) -> None:
        process = self._process
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ask(self, word: str, *answers: str) -> str:
        with self._lock:
            try:
                self._write(word)
            except OSError as e:
                raise PttError(f"the PTT keeper is gone ({e}); it is started again") from e
            return self._await(*answers)

    def _write(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def _await(self, *wanted: str) -> str:
        while True:
            try:
                got = self._answers.get(timeout=ANSWER_S)
            except queue.Empty as e:
                raise PttError("the PTT keeper does not answer; the line was not switched") from e
            if got in wanted:
                return got
            if got.startswith("error"):
                raise PttError(got.removeprefix("error ").strip())

    def _beat(self) -> None:
        while not self._closed.wait(BEAT_S):
            with self._lock, contextlib.suppress(OSError, ValueError):
                self._write("beat")
