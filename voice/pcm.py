"""Audio format of the pipeline: int16 at the model's rate, timed in samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Pcm16 = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]
Seconds = float
Sound = TypeVar("Sound", Pcm16, Floats)

RATE = 8000
"""Hz; a two-way radio passes 300 to 3000 Hz, so 8 kHz loses nothing."""

BLOCK = 800
"""Samples per frame of the pipeline: 100 ms."""


EDGE, AROUND_S = 0.02, 0.03
"""Fraction of the peak below which either end counts as silence, and how much of that is kept."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A block of the channel's audio."""

    start: int
    """Sample clock: index of the first sample since the source began."""

    pcm: Pcm16
    """Shape (n,), n ≤ BLOCK, at RATE."""


def trimmed(x: Sound, rate: int = RATE) -> Sound:
    """With silence trimmed at both ends; empty if there is nothing else."""
    loud = np.abs(x.astype(np.float32))
    heard = np.flatnonzero(loud > EDGE * (loud.max(initial=0.0) + 1e-9))
    if len(heard) == 0:
        return x[:0]
    around = round(AROUND_S * rate)
    return x[max(0, heard[0] - around) : heard[-1] + around]


def to_pcm16(x: npt.NDArray[np.floating]) -> Pcm16:
    """-1..1 → int16, clipped; NaN and infinite samples become 0."""
    clean = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(np.clip(np.rint(clean * 32767), -32768, 32767), np.int16)
