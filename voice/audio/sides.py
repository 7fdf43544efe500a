"""Relation between the channels of a recording: mixing them must never cancel the audio."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice.pcm import Floats

SAME = 0.7
"""Correlation from which channels carry the same audio."""

DEAD_RMS = 1e-4
"""Fraction of full scale, -80 dBFS: a channel that never exceeds it is empty."""

PART = 16000
"""Samples analysed at a time."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Gain of each channel."""

    weights: Floats
    """Shape (channels,)."""
    note: str = ""
    """Warning for people."""
    differ: bool = False
    """Its channels differ, and all are included."""

    def mono(self, x: Floats) -> Floats:
        """(n, channels) → (n,)."""
        return np.asarray(x @ self.weights, np.float32)


def mix_of(parts: Iterable[Floats], channels: int, side: str = "") -> Mix:
    """Determined from the whole recording, (n, channels) at a time. ``side``: left or right; otherwise automatic."""
    if side in ("left", "right") and channels > 1:
        return Mix(_only(channels, 0 if side == "left" else 1))
    if channels == 1:
        return Mix(np.ones(1, np.float32))
    together = np.zeros((channels, channels))
    loudest = np.zeros(channels)
    for part in parts:
        x = np.nan_to_num(part.astype(np.float64))
        together += x.T @ x
        for k in range(0, len(x), PART):
            loudest = np.maximum(loudest, np.sqrt(np.square(x[k : k + PART]).mean(0)))
    return _mix(together, loudest, channels)


def _mix(together: npt.NDArray[np.float64], loudest: npt.NDArray[np.float64], channels: int) -> Mix:
    alive = np.flatnonzero(loudest > DEAD_RMS)
    if not len(alive):
        return Mix(np.full(channels, 1 / channels, np.float32))
    first = alive[int(np.argmax(np.diag(together)[alive]))]
    power = np.sqrt(np.diag(together) * together[first, first])
    like = np.divide(together[first], power, out=np.zeros(channels), where=power > 0)
    weights = np.zeros(channels, np.float32)
    weights[alive] = np.where(like[alive] < -SAME, -1.0, 1.0) / len(alive)
    names = ("left", "right") if channels == 2 else tuple(f"track {k + 1}" for k in range(channels))
    notes = [f"{names[k]} is dead, and left out" for k in range(channels) if k not in alive]
    notes += [f"{names[k]} is {names[first]} upside down, and turned over" for k in alive if like[k] < -SAME]
    other = [names[k] for k in alive if abs(like[k]) <= SAME]
    if other:
        told = "--channel left or right hears one 左右声道不同" if channels == 2 else "split the file to hear one"
        notes.append(f"{', '.join(other)} and {names[first]} are different sounds, heard together; {told}")
    return Mix(weights, "; ".join(notes), bool(other))


def _only(channels: int, k: int) -> Floats:
    weights = np.zeros(channels, np.float32)
    weights[k] = 1.0
    return weights
