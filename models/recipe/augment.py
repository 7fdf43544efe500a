"""One training example: several recordings of one speaker, sent over a bad radio.

Deliberately not ``voice.measure.channel``: that simulator measures the model, so the model must not
have been trained on it.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import next_fast_len
from scipy.signal import butter, sosfilt

from models.recipe.align import TONE_OF
from models.recipe.features import RATE, SHIFT, WINDOW, num_frames

_BANDS = [
    butter(4, [lo, hi], "band", fs=RATE, output="sos") for lo in (80, 200, 300, 400) for hi in (2800, 3200, 3400, 3800)
]


def _noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """White or differentiated noise with a random tilt, sometimes with clicks or slow flutter."""
    w = rng.standard_normal(n + 1)
    w = np.diff(w) if rng.random() < 0.5 else w[1:]
    w = np.convolve(w, [1.0, rng.uniform(-1, 1)])[:n]
    if rng.random() < 0.2:
        hits = rng.random(n) < rng.uniform(1e-4, 2e-3)
        w = w + hits * rng.standard_normal(n) * rng.uniform(5, 15) * w.std()
    if rng.random() < 0.2:
        w = w * (1 + 0.9 * np.sin(2 * np.pi * rng.uniform(0.5, 12) * np.arange(n) / RATE + rng.uniform(0, 6)))
    return w


FADE = SHIFT
"""Samples over which what is cut out of a recording rises and falls."""


def _speed(x: np.ndarray, y: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
    xi = np.interp(np.arange(int(len(x) / f)) * f, np.arange(len(x)), x)
    t = num_frames(len(xi))
    return xi, y[np.minimum((np.arange(t) * f).astype(int), len(y) - 1)]


def bit(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two to four syllables out of a recording, as an over of their own; the whole where tones do not say how many it
    has, or where it has no more."""
    toned = TONE_OF[y] > 0
    ends = np.flatnonzero(toned[:-1] & ~toned[1:]) + 1
    n = int(rng.integers(2, 5))
    if len(ends) < n + 2:
        return x, y
    k = int(rng.integers(len(ends) - n))
    a, b = int(ends[k]), int(ends[k + n])
    cut, quiet = x[a * SHIFT : b * SHIFT].astype(float), rng.integers(5, 40, 2)
    slope = np.linspace(0, 1, FADE)
    cut[:FADE] *= slope
    cut[-FADE:] *= slope[::-1]
    return np.pad(cut, tuple(quiet * SHIFT)), np.pad(y[a:b], tuple(quiet))


def join(parts: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Recordings and their frame labels end to end: with a pause, or with the silence between cut."""
    xs, ys = [], []
    f = np.exp(rng.uniform(np.log(0.72), np.log(1.4)))
    for x, y in parts:
        if len(y) == 0:
            continue
        x, y = _speed(x, y, f * rng.uniform(0.95, 1.05))
        x = x * 10 ** (rng.uniform(-4, 4) / 20)
        m = len(y) * SHIFT
        x = x[:m] if len(x) >= m else np.pad(x, (0, m - len(x)))
        if rng.random() < 0.5:
            z = int(rng.integers(0, 30))
            xs.append(np.zeros(z * SHIFT))
            ys.append(np.zeros(z, np.int64))
        elif len(parts) > 1:
            c = int(rng.integers(0, 15))
            if len(y) > 2 * c + 10 and not y[:c].any() and not y[len(y) - c :].any():
                x, y = x[c * SHIFT : len(x) - c * SHIFT], y[c : len(y) - c]
        xs.append(x)
        ys.append(y)
    return np.concatenate(xs), np.concatenate(ys)


def _clicks(n: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of an FM discriminator near its threshold: rising with frequency, with impulses of both signs."""
    w = np.diff(rng.standard_normal(n + 1))
    w = np.convolve(w, 0.7 ** np.arange(12))[:n]
    hits = rng.random(n) < rng.uniform(0.2, 30) / RATE
    pulse = np.exp(-np.arange(16) / rng.uniform(1.5, 5))
    return w / w.std() + np.convolve(hits * rng.choice([-1.0, 1.0], n), pulse)[:n] * rng.uniform(3, 9)


_OCTAVES = (62.5, 125, 250, 500, 1000, 2000, 4000)
"""Hz."""


def _coloured(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another microphone or mouth: gains that differ from octave to octave, or hardly anything above a corner."""
    n = next_fast_len(len(x), real=True)
    spectrum = np.fft.rfft(x, n)
    f = np.fft.rfftfreq(n, 1 / RATE)
    db = np.interp(np.log2(np.maximum(f, 60)), np.log2(_OCTAVES), rng.normal(0, 4, len(_OCTAVES)))
    if rng.random() < 0.25:  # muffled: under clothes, a hand, a mask
        corner = np.exp(rng.uniform(np.log(600), np.log(2000)))
        db -= rng.uniform(6, 24) * np.maximum(0, np.log2(np.maximum(f, 1) / corner))
    return np.fft.irfft(spectrum * 10 ** (db / 20), n)[: len(x)]


def _expanded(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A noise suppressor that takes the weak consonants with it: what is weak becomes weaker."""
    n = int(RATE * rng.uniform(0.01, 0.03))
    level = np.sqrt(np.convolve(x**2, np.ones(n) / n, "same") + 1)
    return x * np.maximum(level / np.percentile(level, 95), 0.01).clip(None, 1) ** rng.uniform(0.2, 0.8)


EASE_DB = 15.0
"""By this much the noise is weaker at severity 0."""


def radio(
    x: np.ndarray, rng: np.random.Generator, crowd: np.ndarray | None = None, severity: float = 1.0
) -> np.ndarray:
    """Microphone, suppressor, band-pass, limiter, noise of -2 to 40 dB, hum, tones, fading, squelch burst, level.

    ``crowd``: somebody else's speech or a sound in the background. ``severity``, 0..1: the first epochs are easier.
    """
    if rng.random() < 0.6:  # microphone and loudspeaker: a tilt to either side
        x = np.convolve(x, [1.0, rng.uniform(-0.7, 0.6)])[: len(x)]
    if rng.random() < 0.5:
        x = _coloured(x, rng)
    if rng.random() < 0.15:
        x = _expanded(x, rng)
    if crowd is not None and len(crowd):
        x = x + np.resize(crowd, len(x)) * 10 ** (-rng.uniform(8, 25) / 20)
    if rng.random() < 0.8:
        x = sosfilt(_BANDS[rng.integers(len(_BANDS))], x)
    loud = np.abs(x) >= np.abs(x).max() * 0.1
    rms = float(np.sqrt(np.mean(x[loud] ** 2) + 1))
    if rng.random() < 0.5:
        x = np.tanh(x / rms * rng.uniform(0.15, 1.4)) * rms
    if rng.random() < 0.2:  # room: one early reflection and a short tail
        tail = rng.standard_normal(int(RATE * rng.uniform(0.02, 0.12)))
        tail *= np.exp(-np.linspace(0, 5, len(tail))) * rng.uniform(0.05, 0.3)
        x = np.convolve(x, np.concatenate([[1.0], tail]))[: len(x)]
    if rng.random() < 0.8:
        w = _clicks(len(x), rng) if rng.random() < 0.4 else _noise(len(x), rng)
        snr = rng.uniform(-2, 14) if rng.random() < 0.6 else rng.uniform(12, 40)
        snr += EASE_DB * (1 - severity)
        x = x + w * rms / w.std() / 10 ** (snr / 20)
        if rng.random() < 0.5:
            x = sosfilt(_BANDS[rng.integers(len(_BANDS))], x)
    t = np.arange(len(x)) / RATE
    if rng.random() < 0.1:  # flutter of a moving station
        swing = np.sin(2 * np.pi * rng.uniform(1, 15) * t + rng.uniform(0, 6))
        x = x * (1 - rng.uniform(0.2, 0.8) * (0.5 + 0.5 * swing))
    if rng.random() < 0.15:
        x = x + rms * 10 ** (-rng.uniform(10, 30) / 20) * np.sin(2 * np.pi * 50 * rng.integers(1, 5) * t)
    if rng.random() < 0.1:  # sub-audible tone leaking through
        x = x + rms * 10 ** (-rng.uniform(6, 25) / 20) * np.sin(2 * np.pi * rng.uniform(67, 254) * t)
    if rng.random() < 0.3:
        k = min(len(x), int(rng.integers(200, 2500)))
        burst = _noise(k, rng) * rms * rng.uniform(0.3, 3)
        if rng.random() < 0.7:
            x[-k:] += burst
        else:
            x[:k] += burst
    return x * 10 ** (rng.uniform(-40, 4) / 20)


def example(
    parts: list[tuple[np.ndarray, np.ndarray]],
    rng: np.random.Generator,
    crowd: np.ndarray | None = None,
    severity: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(samples in int16 scale, one pdf per 10 ms frame)."""
    x, y = join(parts, rng)
    x = np.pad(x, (0, WINDOW - SHIFT))
    if rng.random() < 0.15:  # keyed too late: the first syllable is cut
        c = int(rng.integers(1, min(40, max(2, len(y) // 3))))
        x, y = x[c * SHIFT :], y[c:]
    if rng.random() < 0.05:
        x = x * 10 ** (rng.uniform(-40, 4) / 20)
    else:
        x = radio(x, rng, crowd, severity)
    return np.clip(x, -32768, 32767).astype(np.float32), y
