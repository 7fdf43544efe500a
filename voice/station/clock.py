"""Compares the system's wall clock with the channel's: detects when it was set, or when the sound card drifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cause = Literal["set", "drift"]

STEP_S = 1.0
"""Difference between wall and monotonic clock from which the wall clock counts as set."""

DRIFT_S = 0.5
"""Card drift from which journal times are adjusted."""

WINDOW_S = 60.0
"""Frames arrive late on a busy machine but never early, so the smallest lag in a minute is the drift."""


@dataclass
class ClockWatch:
    """Computes the shift that brings journal times back in step with the wall clock. Feed it readings in order."""

    _wall: datetime | None = None
    _monotonic: float = 0.0
    _least: float = float("inf")
    _since: float = 0.0
    _agreed: float | None = None
    """Lag in the first minute: the reference."""

    def look(self, wall: datetime, monotonic: float, channel: float) -> tuple[float, Cause] | None:
        """(seconds to add to wall times from now on, cause), or None. ``wall`` and ``monotonic`` are system clocks,
        ``channel`` is the time of the latest frame, all read together."""
        before, self._wall = self._wall, wall
        passed, self._monotonic = monotonic - self._monotonic, monotonic
        if before is None:
            self._since = monotonic
            return None
        step = (wall - before).total_seconds() - passed
        if abs(step) >= STEP_S:
            return step, "set"
        self._least = min(self._least, monotonic - channel)
        if monotonic - self._since < WINDOW_S:
            return None
        lag, self._least, self._since = self._least, float("inf"), monotonic
        drift = 0.0 if self._agreed is None else lag - self._agreed
        if self._agreed is not None and abs(drift) < DRIFT_S:
            return None
        self._agreed = lag
        return (drift, "drift") if drift else None
