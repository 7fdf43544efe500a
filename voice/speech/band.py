"""Prepares a voice for a handheld's loudspeaker: 300 to 3000 Hz, noise, a listener on the move.

Natural voices have most power below 500 Hz and a wide range between loud vowels and soft consonants; in the noise of a
weak carrier the consonants are lost first. So 1 to 3 kHz is boosted and the dynamics are gently compressed; the
transmitter's limiter does the rest.
"""

from __future__ import annotations

import numpy as np

from voice.pcm import RATE, Floats

EMPHASIS_DB = 5.0
"""Boost of 1 to 3 kHz relative to 500 Hz. A usual value, not tuned; measured with and without it in docs/voice.md."""

RATIO = 2.0
"""Compression ratio above THRESHOLD_DB."""

THRESHOLD_DB = -22.0
"""Relative to the loudest 50 ms."""

RELEASE_S = 0.12


def for_a_handheld(x: Floats) -> Floats:
    """The same speech at RATE, emphasised and compressed; peaks at 0.9."""
    if len(x) < RATE // 50:
        return x
    return _compressed(_emphasised(x))


def _emphasised(x: Floats) -> Floats:
    """A shelf rising by EMPHASIS_DB between 500 and 1500 Hz, rolled off below 250 Hz."""
    n = 1 << (len(x) + RATE // 20 - 1).bit_length()
    f = np.fft.rfftfreq(n, 1 / RATE)
    shelf = 10 ** (EMPHASIS_DB / 20 * np.clip(np.log2(np.maximum(f, 1) / 500) / np.log2(3), 0, 1))
    low = 1 / (1 + np.exp(-(f - 220) / 30))
    return np.asarray(np.fft.irfft(np.fft.rfft(x, n) * shelf * low, n)[: len(x)], np.float32)


def _compressed(x: Floats) -> Floats:
    """RATIO above THRESHOLD_DB; gain updated every 10 ms with instant attack, release RELEASE_S and linear
    interpolation."""
    step = RATE // 100
    blocks = np.lib.stride_tricks.sliding_window_view(np.pad(x, (2 * step, 3 * step)), 5 * step)[::step]
    level = np.sqrt(np.mean(blocks**2, 1) + 1e-12)
    held = np.empty_like(level)
    keep, state = float(np.exp(-0.01 / RELEASE_S)), 0.0
    for k, v in enumerate(level):
        state = max(float(v), keep * state)
        held[k] = state
    over = np.maximum(0.0, 20 * np.log10(held / held.max()) - THRESHOLD_DB)
    gain = 10 ** (-over * (1 - 1 / RATIO) / 20)
    y = x * np.interp(np.arange(len(x)), np.arange(len(gain)) * step, gain)
    return np.asarray(0.9 * y / (np.abs(y).max() + 1e-9), np.float32)
