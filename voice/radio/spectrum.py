"""Features for the carrier gate: level and flatness of every 20 ms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice.pcm import Pcm16

_Floats = npt.NDArray[np.floating]

STEP = 160
"""Samples per frame: 20 ms."""

SMOOTH = 5
"""Frames of the moving average: 100 ms."""

BANDS = 16
"""From 400 to 2800 Hz: within the passband of every radio."""

FULL_SCALE_DB = 90.3
"""In int16 steps, above the quantisation step."""


@dataclass(frozen=True, slots=True)
class Look:
    """One frame."""

    pcm: Pcm16
    level: float
    """dB above one quantisation step."""
    mean: float
    """Level over the last 100 ms, dB."""
    ripple: float
    """Ripple: spread of the band levels over the last 100 ms, slope removed, dB. Steady noise has about 0.9 dB,
    vowels 4 to 12 dB; at 5 dB signal-to-noise ratio vowels still reach 3 dB."""
    dead: bool
    """Exact digital silence."""


def _matrices() -> tuple[_Floats, _Floats, _Floats]:
    """Matrix form, since a block has few frames: windowed Fourier transform in 50 Hz bins, real parts before
    imaginary parts (STEP, 2·bins); squares to band levels (2·bins, BANDS); projection of BANDS levels in dB that
    removes mean and slope."""
    edges = np.linspace(8, 56, BANDS + 1).astype(int)
    bins = np.arange(edges[0], edges[-1])
    angle = 2 * np.pi * np.outer(np.arange(STEP), bins) / STEP
    transform = np.hanning(STEP)[:, None] * np.concatenate([np.cos(angle), np.sin(angle)], 1)
    band = (bins[:, None] >= edges[:-1]) & (bins[:, None] < edges[1:])
    slope = np.linspace(-1, 1, BANDS)
    rest = np.eye(BANDS) - 1 / BANDS - np.outer(slope, slope) / (slope @ slope)
    return transform.astype(np.float32), np.tile(band / np.diff(edges), (2, 1)).astype(np.float32), rest


_TRANSFORM, _BAND, _REST = _matrices()


class Spectrum:
    """Feed samples to ``looks``; moving averages carry over between calls."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._latest: _Floats | None = None
        """Bands and level of the last frames; before the first frame there was more of the same, not silence."""

    def looks(self, pcm: Pcm16) -> list[Look]:
        """Frames completed by these samples, in order."""
        data = np.concatenate([self._rest, pcm]) if len(self._rest) else pcm
        n = len(data) // STEP
        self._rest = data[n * STEP :]
        if n == 0:
            return []
        frames = data[: n * STEP].reshape(n, STEP)
        spectrum = frames.astype(np.float32) @ _TRANSFORM
        bands = np.square(spectrum, out=spectrum) @ _BAND
        level = 10 * np.log10(bands.sum(1) / (BANDS * STEP * 0.375 * 0.5) + 1.0)
        dead = frames.max(1) == frames.min(1)
        ripple, mean = self._smoothed(bands, level)
        rows = zip(frames, level.tolist(), mean.tolist(), ripple.tolist(), dead.tolist(), strict=True)
        return [Look(*row) for row in rows]

    def skip(self) -> None:
        """Discontinuity: the next samples do not follow the previous ones."""
        self._rest = np.zeros(0, np.int16)

    def _smoothed(self, bands: _Floats, level: _Floats) -> tuple[_Floats, _Floats]:
        """Per frame: ripple of the spectrum (dB, slope removed) and level, over the last SMOOTH frames."""
        n = len(level)
        both = np.empty((SMOOTH - 1 + n, BANDS + 1), level.dtype)
        both[SMOOTH - 1 :, :BANDS], both[SMOOTH - 1 :, BANDS] = bands, level
        both[: SMOOTH - 1] = both[SMOOTH - 1] if self._latest is None else self._latest
        self._latest = both[n:]
        mean = both[:n] + both[1 : n + 1]
        for k in range(2, SMOOTH):
            mean += both[k : k + n]
        mean /= SMOOTH
        ripple = 10 * np.log10(mean[:, :BANDS] + 1e-3) @ _REST
        return np.sqrt(np.square(ripple, out=ripple).sum(1) / BANDS), mean[:, BANDS]
