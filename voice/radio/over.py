"""One transmission on the channel."""

from __future__ import annotations

from dataclasses import dataclass

from voice.pcm import RATE, Pcm16, Seconds


@dataclass(frozen=True, slots=True)
class Over:
    """From carrier up to carrier down."""

    number: int
    """Running number in this source, from 1."""

    start: Seconds
    """On the channel's sample clock."""

    end: Seconds
    """Later than ``start``; squelch tail excluded."""

    pcm: Pcm16
    """Shape (n,), at 8000 Hz, including pre-roll; begins at ``clip_start``."""

    clip_start: Seconds
    """``start`` minus the pre-roll."""

    level_db: float
    """Mean speech level, dBFS."""

    @staticmethod
    def whole(pcm: Pcm16, number: int = 1, level_db: float = 0.0) -> Over:
        """An over from a recording of its own: first sample to last."""
        return Over(number, 0.0, len(pcm) / RATE, pcm, 0.0, level_db)
