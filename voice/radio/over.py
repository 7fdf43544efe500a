"""One transmission on the channel."""

from __future__ import annotations

from dataclasses import dataclass

from voice.pcm import RATE, Pcm16, Seconds


@dataclass(frozen=True, slots=True)
class Over:
    """From key-down to key-up."""

    number: int
    """Counted from 1 in this source."""

    start: Seconds
    """On the channel's sample clock."""

    end: Seconds
    """Later than ``start``; squelch tail excluded."""

    pcm: Pcm16
    """Shape (n,), at 8000 Hz, with pre-roll; begins at ``clip_start``."""

    clip_start: Seconds
    """``start`` less the pre-roll."""

    level_db: float
    """Mean level of its speech, dBFS."""

    @staticmethod
    def whole(pcm: Pcm16, number: int = 1, level_db: float = 0.0) -> Over:
        """An over that is all there is: a recording of its own, from its first sample to its last."""
        return Over(number, 0.0, len(pcm) / RATE, pcm, 0.0, level_db)
