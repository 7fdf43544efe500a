"""The machine's wall clock against the channel's: when it was set, or the sound card has drifted away from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cause = Literal["set", "drift"]

STEP_S = 1.0
"""The wall clock moved so much more or less than the machine's monotonic one: it was set."""

DRIFT_S = 0.5
"""The card has drifted so far: journal times follow."""

WINDOW_S = 60.0
"""Frames come late when the machine is busy, never early: the least lag of a minute is the drift."""


@dataclass
class ClockWatch:
    """Tells by how much journal times must be moved to agree with the wall again. Give it looks in order."""

    _wall: datetime | None = None
    _monotonic: float = 0.0
    _least: float = float("inf")
    _since: float = 0.0
    _agreed: float | None = None
    """Lag of the first minute; with it everything agrees."""

    def look(self, wall: datetime, monotonic: float, channel: float) -> tuple[float, Cause] | None:
        """(seconds to add to wall times from now on, why), or None. ``wall`` and ``monotonic`` are the machine's
        clocks, ``channel`` is the time of the latest frame, all read together."""
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
