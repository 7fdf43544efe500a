"""Audio of a recorder's call: where its transmissions meet, and whether two recordings are of the same call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voice.pcm import RATE, Pcm16, Seconds

STEP = RATE // 50
"""Samples per 20 ms frame."""

NEAR_S = 0.25
"""Accuracy of a recorder's position; the cut is made at the quietest point within this distance."""

ALIKE = 0.8
"""Correlation of loudness between two receivers' recordings of one call. Different calls stay below 0.6."""

SHIFT_S = 2.0
"""Largest offset between the starts of the two."""


def loudness(pcm: Pcm16) -> npt.NDArray[np.float64]:
    """dB above one quantisation step, every 20 ms."""
    frames = pcm[: len(pcm) - len(pcm) % STEP].reshape(-1, STEP).astype(np.float64)
    return np.asarray(10 * np.log10(np.square(frames).mean(1) + 1.0))


def cut_at(pcm: Pcm16, position: Seconds) -> int:
    """Sample where one transmission ends and the next begins, near a position given by the recorder."""
    first = max(0, round((position - NEAR_S) * RATE) // STEP)
    levels = loudness(pcm[first * STEP : round((position + NEAR_S) * RATE)])
    if len(levels) < 3:
        return min(len(pcm), round(position * RATE))
    smooth = np.convolve(levels, np.ones(3) / 3, "valid")
    best = np.flatnonzero(smooth <= smooth.min() + 1.0)
    middle = NEAR_S * RATE / STEP
    return int(first + 1 + best[np.abs(best - middle).argmin()]) * STEP


def same_call(a: Pcm16, b: Pcm16) -> bool:
    """Two receivers recorded the same transmission: different bytes and noise, starts at most ``SHIFT_S`` apart."""
    x, y = (np.maximum(v, v.max(initial=0.0) - 30.0) for v in (loudness(a), loudness(b)))
    if len(x) > len(y):
        x, y = y, x
    if len(x) < 25 or len(x) < 0.6 * len(y):
        return False
    reach = round(SHIFT_S * RATE / STEP)
    best = 0.0
    for shift in range(-reach, len(y) - len(x) + reach + 1):
        i, j = max(0, -shift), max(0, shift)
        n = min(len(x) - i, len(y) - j)
        if n < 0.8 * len(x):
            continue
        u, v = x[i : i + n], y[j : j + n]
        if u.std() > 1.0 and v.std() > 1.0:
            best = max(best, float(np.corrcoef(u, v)[0, 1]))
    return best > ALIKE
