"""Runs a station alongside the console as a separate process; restarts it when it ends or its net changes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from voice.supervised import Supervised

AGAIN_S = 5.0
"""Pause before a restart after it ended by itself: a sound card may be plugged in meanwhile."""

TOLD = 20
"""Number of last output lines kept."""


def listen_command(net: Path, journal: Path) -> list[str]:
    """``huying listen`` on a net and a journal, with this Python."""
    return [sys.executable, "-m", "voice", "listen", "--net", str(net), "--journal", str(journal), "--resume"]


class StationKeeper:
    """Starts, monitors and ends one station. Its last output is kept to show why it ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self.told: deque[str] = deque(maxlen=TOLD)
        self._process: subprocess.Popen[str] | None = None
        self._wake, self._ending = threading.Event(), threading.Event()
        self._thread: Supervised | None = None

    @property
    def running(self) -> bool:
        """The process is running."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """In the background."""
        self._thread = Supervised("the station's keeper", self._keep, self.told.append, self._ending.is_set)

    def restart(self) -> None:
        """Restart with the current settings."""
        self._wake.set()
        self._stop()

    def close(self) -> None:
        """End it."""
        self._ending.set()
        self._wake.set()
        self._stop()
        if self._thread is not None:
            self._thread.join(10.0)

    def _stop(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def _keep(self) -> None:
        while not self._ending.is_set():
            self._wake.clear()
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
            assert self._process.stdout is not None
            for line in self._process.stdout:
                self.told.append(line.rstrip())
            self._process.wait()
            if not self._ending.is_set():
                self._wake.wait(AGAIN_S)
