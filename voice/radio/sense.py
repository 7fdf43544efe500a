"""Carrier detect by hardware, in addition to the audio gate: squelch output on a serial port, a CM108 or rigctld.

Polled ten times a second in its own thread, so that a slow rig never delays the audio. A line that cannot be read, or
gives an unknown answer, does not count as clear: it counts as busy until it answers again, is reported once and
retried. This is limited in time, since a lost adapter must not silence a station: after that the audio gate alone
detects carriers.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from voice.radio.ptt import PttError
from voice.radio.ptt.kept import KeptPtt
from voice.supervised import Supervised

ASK_S = 0.1

RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a failed line is polled again; the last one repeats."""

UNKNOWN_S = 20.0
"""How long a line that does not answer counts as busy: longer than most overs, and shorter than a routine
announcement waits for a clear channel (``TransmitSettings.busy_limit_s``), so that it is sent late and not returned."""


class CarrierSense:
    """Latest state of a carrier input. ``on_fault`` is called from another thread when it cannot be read."""

    def __init__(self, line: KeptPtt, on_fault: Callable[[str], None] = lambda _t: None) -> None:
        """Raises PttError if it cannot be read at start."""
        self._line, self._on_fault = line, on_fault
        self._busy = line.busy()
        self._unknown_since: float | None = None
        self._closed = threading.Event()
        self._thread = Supervised("carrier detect", self._ask, self._tell, self._closed.is_set)

    def busy(self) -> bool:
        """Channel busy, or possibly busy: see ``UNKNOWN_S``."""
        since = self._unknown_since  # once: the thread may change it
        return self._busy if since is None else time.monotonic() - since < UNKNOWN_S

    def close(self) -> None:
        """Stop polling."""
        self._closed.set()
        self._thread.join(2.0)

    def _ask(self) -> None:
        failed = 0
        while not self._closed.wait(RETRY_S[min(failed, len(RETRY_S)) - 1] if failed else ASK_S):
            try:
                if failed:
                    self._line.revive()
                self._busy = self._line.busy()
                self._unknown_since = None
                if failed:
                    self._tell("carrier detect works again 载波检测恢复")
                failed = 0
            except PttError as e:
                self._lose()
                failed += 1
                if failed == 1:
                    self._tell(
                        f"carrier detect 载波检测: {e}; the channel counts as busy for {UNKNOWN_S:g} s, "
                        "then the sound alone says who talks"
                    )
            except Exception:
                self._lose()
                raise

    def _lose(self) -> None:
        """The state is unknown from now on; if it already was, the time of the first loss is kept."""
        if self._unknown_since is None:
            self._unknown_since = time.monotonic()

    def _tell(self, text: str) -> None:
        with contextlib.suppress(Exception):
            self._on_fault(text)
