"""Carrier detect by a line, beside the audio gate: the radio's squelch output on a serial port, a CM108 or rigctld.

It is asked ten times a second by a thread of its own, so that a slow rig never holds up the audio. A line that
cannot be read any more counts as clear, is reported once and tried again: the audio gate still hears who talks.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from voice.radio.ptt import PttError
from voice.radio.ptt.kept import KeptPtt
from voice.supervised import Supervised

ASK_S = 0.1

RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a line that failed is asked again; the last one repeats."""


class CarrierSense:
    """The last answer of a carrier input. ``on_fault`` is told, from another thread, when it cannot be read."""

    def __init__(self, line: KeptPtt, on_fault: Callable[[str], None] = lambda _t: None) -> None:
        """Raises PttError if it cannot be read now."""
        self._line, self._on_fault = line, on_fault
        self._busy = line.busy()
        self._closed = threading.Event()
        self._thread = Supervised("carrier detect", self._ask, self._tell, self._closed.is_set)

    def busy(self) -> bool:
        """Somebody transmits."""
        return self._busy

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()
        self._thread.join(2.0)

    def _ask(self) -> None:
        failed = 0
        while not self._closed.wait(RETRY_S[min(failed, len(RETRY_S)) - 1] if failed else ASK_S):
            try:
                if failed:
                    self._line.revive()
                self._busy = self._line.busy()
                if failed:
                    self._tell("carrier detect works again 载波检测恢复")
                failed = 0
            except PttError as e:
                self._busy = False
                failed += 1
                if failed == 1:
                    self._tell(f"carrier detect 载波检测: {e}")

    def _tell(self, text: str) -> None:
        with contextlib.suppress(Exception):
            self._on_fault(text)
