"""Detects standing noise on a channel: an open squelch, a hissing line, quantisation noise of an 8-bit recorder.

A hissing channel is never quiet, and the pauses between its overs always have the same level. That is established after
one pause if nothing quieter was ever heard, and after two of equal level if the channel had been quiet before. A
carrier without speech has such pauses too, but after it the channel is quiet again.
"""

from __future__ import annotations

from voice.pcm import RATE
from voice.radio.spectrum import STEP, Look

NOISE_RIPPLE_DB = 2.3
"""Ripple (see ``Look``) below which a frame is noise."""

PAUSE_S = 0.7
"""Noise at constant level for this long is a pause between overs; pauses within an over are mostly shorter."""

PAUSE_DB = 3.0
"""Largest deviation of a frame from the mean of its pause. Frames of steady noise vary by 0.6 dB (standard
deviation)."""

SAME_DB = 2.5
"""Largest difference between two pauses of equal level."""

MEMORY_S = 10.0
"""Time without a quiet channel after which two pauses count as its noise; few overs last that long."""

_PAUSE = round(PAUSE_S * RATE / STEP)


class StandingCarrier:
    """Tracks the pauses of one channel. Feed every frame to ``look``."""

    def __init__(self, clear: bool = False) -> None:
        """``clear``: the channel is known to be clear before the first frame."""
        self._clear_at = 0 if clear else -1
        """Frame at which the channel was last known to be clear; -1: never yet."""
        self._run = 0
        self._level = 0.0
        self._pauses: list[tuple[int, float]] = []
        """(frame, level) of those since then that were neither quiet nor the noise that is known."""

    def pause(self, look: Look) -> float | None:
        """Level of a pause that has just lasted ``PAUSE_S`` or a multiple of it."""
        if look.ripple >= NOISE_RIPPLE_DB or (self._run and abs(look.level - self._level) >= PAUSE_DB):
            self._run = 0
            return None
        self._run += 1
        self._level += (look.level - self._level) / min(self._run, 50)
        return self._level if self._run % _PAUSE == 0 else None

    def clear(self, at: int) -> None:
        """The channel was clear at this frame, with its current level."""
        self._clear_at, self._run = at, 0
        self._pauses.clear()

    def known(self, at: int) -> None:
        """As ``clear``, while the pause continues."""
        self._clear_at = at
        self._pauses.clear()

    def unknown(self, at: int, level: float) -> bool:
        """A pause at a new level: whether it is now established as the channel's noise."""
        alike = any(abs(x - level) < SAME_DB for _, x in self._pauses)
        first = self._run == _PAUSE
        if first:
            self._pauses.append((at, level))
        return self._clear_at < 0 or (alike and first and (at - self._clear_at) * STEP > MEMORY_S * RATE)

    def since(self, at: int) -> float | None:
        """Level of the pauses since this frame, if they must be the channel's noise although the source ended before
        that was established."""
        inside = [x for t, x in self._pauses if t >= at]
        if len(inside) < (1 if self._clear_at < 0 else 2) or max(inside) - min(inside) > SAME_DB:
            return None
        return sum(inside) / len(inside)
