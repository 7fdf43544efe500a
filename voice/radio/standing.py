"""Whether noise stands in a channel: an open squelch, a hissing line, the steps of an 8-bit recorder.

A channel that hisses is never quiet, and what is heard in the pauses between its overs is one level again and again.
That is known after one pause where nothing quieter was ever heard, and after two of one level where the channel had
been quiet before. A carrier without speech has such pauses too; but after it the channel is quiet again.
"""

from __future__ import annotations

from voice.pcm import RATE
from voice.radio.spectrum import STEP, Look

NOISE_RIPPLE_DB = 2.3
"""Ripple (see ``Look``) under which a frame is noise."""

PAUSE_S = 0.7
"""Noise at one level for so long is a pause between overs; within an over pauses are mostly shorter."""

PAUSE_DB = 3.0
"""How far a frame may be from the mean of its pause. Frames of steady noise differ by 0.6 dB (one deviation)."""

SAME_DB = 2.5
"""Two pauses are of one level."""

MEMORY_S = 10.0
"""Time without a quiet channel after which two pauses count as its noise; few overs last as long."""

_PAUSE = round(PAUSE_S * RATE / STEP)


class StandingCarrier:
    """Follows the pauses of one channel. Give it every frame with ``look``."""

    def __init__(self, clear: bool = False) -> None:
        """``clear``: the channel is known to be clear before the first frame."""
        self._clear_at = 0 if clear else -1
        """Frame at which the channel was last known to be clear; -1: never yet."""
        self._run = 0
        self._level = 0.0
        self._pauses: list[tuple[int, float]] = []
        """(frame, level) of those since then that were neither quiet nor the noise that is known."""

    def pause(self, look: Look) -> float | None:
        """Level of a pause that has now lasted ``PAUSE_S``, or a multiple of it."""
        if look.ripple >= NOISE_RIPPLE_DB or (self._run and abs(look.level - self._level) >= PAUSE_DB):
            self._run = 0
            return None
        self._run += 1
        self._level += (look.level - self._level) / min(self._run, 50)
        return self._level if self._run % _PAUSE == 0 else None

    def clear(self, at: int) -> None:
        """At this frame the channel was as it is when nobody transmits."""
        self._clear_at, self._run = at, 0
        self._pauses.clear()

    def known(self, at: int) -> None:
        """As ``clear``, and the pause goes on."""
        self._clear_at = at
        self._pauses.clear()

    def unknown(self, at: int, level: float) -> bool:
        """A pause of another kind: whether that is now known to be the channel's noise."""
        alike = any(abs(x - level) < SAME_DB for _, x in self._pauses)
        first = self._run == _PAUSE
        if first:
            self._pauses.append((at, level))
        return self._clear_at < 0 or (alike and first and (at - self._clear_at) * STEP > MEMORY_S * RATE)

    def since(self, at: int) -> float | None:
        """Level of the pauses since this frame, if they are the channel's noise although nothing has proved it: the
        source has ended before."""
        inside = [x for t, x in self._pauses if t >= at]
        if len(inside) < (1 if self._clear_at < 0 else 2) or max(inside) - min(inside) > SAME_DB:
            return None
        return sum(inside) / len(inside)
