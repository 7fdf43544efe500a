"""Doubling: on FM two simultaneous carriers beat, heard as a steady whistle.

A tone above voice pitch that dominates its frames, stays at one pitch and at one level for a fifth of a second and is
about as loud as the over is taken for such a heterodyne. It lowers the grade of the result and marks it for review.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from voice.pcm import RATE, Pcm16

SIZE, HOP = 512, 160
LOW_HZ = 700.0
SHARE = 0.35
"""Share of a frame's energy above LOW_HZ that the tone must hold."""

FRAMES = 10
"""Consecutive frames of 20 ms: 200 ms within one 16 Hz bin."""

PURE = 0.75
"""Mean share of the energy above LOW_HZ in the tone over its duration: a beat is nearly alone there (at least 0.89 in
360 simulated doublings at 20, 10 and 5 dB)."""

LONG_FRAMES = 25
"""A tone lasting half a second may be less pure."""

WAVERS_DB = 0.5
"""Mean change of the tone's level from frame to frame: the carriers set that of a beat (at most 0.37 dB in those
doublings), the throat that of a harmonic (at least 0.66 dB in the purest of 5,760 overs of tuning speakers)."""

FAINT_DB = -12.0
"""Least level of a beat, against the over's loud frames: the hum of a fan or computer behind the speaker is steady,
too, but 20 dB and more below the voice."""

_LOW = int(LOW_HZ * SIZE / RATE)


def heterodyne_s(pcm: Pcm16) -> float:
    """Longest steady whistle in ``pcm`` (8000 Hz), in seconds; 0 if shorter than 200 ms."""
    if len(pcm) < SIZE:
        return 0.0
    x = np.lib.stride_tricks.sliding_window_view(pcm, SIZE)[::HOP].astype(np.float32)
    power = np.abs(np.fft.rfft(x * np.hanning(SIZE), axis=1)) ** 2
    high = power[:, _LOW:-4]
    peak = high[:, 1:-1].argmax(1) + 1
    rows = np.arange(len(high))
    tone = np.asarray(sum(high[rows, peak + d] for d in (-1, 0, 1)))
    whole, all_of = high.sum(1), power.sum(1)
    strong = (tone > SHARE * whole) & (whole > 0.02 * all_of) & (whole > 1e6)
    share, level = tone / np.maximum(whole, 1.0), 10 * np.log10(np.maximum(tone, 1.0))
    faint = 10 * np.log10(np.percentile(all_of, 90) + 1.0) + FAINT_DB
    longest = 0
    for a, b in _steady(peak, strong):
        pure = b - a >= LONG_FRAMES or share[a:b].mean() >= PURE
        if pure and level[a:b].mean() >= faint and np.abs(np.diff(level[a:b])).mean() <= WAVERS_DB:
            longest = max(longest, b - a)
    return longest * HOP / RATE


def _steady(peak: npt.NDArray[np.intp], strong: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(first, end) of every run of at least FRAMES frames in which a tone dominates and keeps its pitch."""
    first = 0
    for k in range(len(peak) + 1):
        if k < len(peak) and strong[k] and strong[first] and abs(int(peak[k]) - int(peak[first])) <= 1:
            continue
        if k - first >= FRAMES and strong[first]:
            yield first, k
        first = k
