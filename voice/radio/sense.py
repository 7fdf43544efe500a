"""Carrier detect by a line, beside the audio gate: the radio's squelch output on a serial port, a CM108 or rigctld.

It is asked ten times a second by a thread of its own, so that a slow rig never holds up the audio. A line that
cannot be read counts as clear and is reported once: the audio gate still hears who talks.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from voice.radio.ptt import PttError
from voice.radio.ptt.kept import KeptPtt

ASK_S = 0.1


class CarrierSense:
    """The last answer of a carrier input. ``on_fault`` is told, from another thread, when it cannot be read."""

    def __init__(self, line: KeptPtt, on_fault: Callable[[str], None] = lambda _t: None) -> None:
        self._line, self._on_fault = line, on_fault
        self._busy = self._failed = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def busy(self) -> bool:
        """Somebody transmits."""
        return self._busy

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()
        self._thread.join(2.0)

    def _ask(self) -> None:
        while not self._closed.wait(ASK_S):
            try:
                self._busy = self._line.busy()
                self._failed = False
            except PttError as e:
                self._busy = False
                if not self._failed:
                    self._failed = True
                    with contextlib.suppress(Exception):
                        self._on_fault(f"carrier detect: {e}")
