"""One transmission on the channel."""

from __future__ import annotations

from dataclasses import dataclass

from voice.pcm import Pcm16, Seconds


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

    cut: bool = False
    """Ended by the length limit, not by the carrier."""
