"""Audio format of the pipeline: int16 at the model's rate, timed in samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pcm16 = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]
Seconds = float

RATE = 8000
"""Hz; a two-way radio passes 300 to 3000 Hz, so 8 kHz loses nothing."""

BLOCK = 800
"""Samples per frame of the pipeline: 100 ms."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A block of the channel's audio."""

    start: int
    """Sample clock: index of the first sample since the source began."""

    pcm: Pcm16
    """Shape (n,), n ≤ BLOCK, at RATE."""


def to_pcm16(x: npt.NDArray[np.floating]) -> Pcm16:
    """-1..1 → int16, clipped; NaN and infinite samples become 0."""
    clean = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(np.clip(np.rint(clean * 32767), -32768, 32767), np.int16)
