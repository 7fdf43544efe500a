"""One training example: several recordings of one speaker, sent over a bad radio.

Deliberately not ``voice.audio.channel``: that simulator measures the model, so the model must not
have been trained on it.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfilt

from models.recipe.features import RATE, SHIFT, num_frames

_BANDS = [
    butter(4, [lo, hi], "band", fs=RATE, output="sos")
    for lo in (80, 200, 300, 400)
    for hi in (2800, 3200, 3400, 3800)
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


def _speed(x: np.ndarray, y: np.ndarray, f: float) -> tuple[np.ndarray, np.ndarray]:
    xi = np.interp(np.arange(int(len(x) / f)) * f, np.arange(len(x)), x)
    t = num_frames(len(xi))
    return xi, y[np.minimum((np.arange(t) * f).astype(int), len(y) - 1)]


def join(parts: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Recordings and their frame labels end to end: with a pause, or with the silence between cut."""
    xs, ys = [], []
    f = rng.uniform(0.80, 1.25)
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


def radio(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Band-pass, limiter, noise of 0 to 35 dB, hum, tones, clipped onset, squelch burst, any level."""
    if rng.random() < 0.8:
        x = sosfilt(_BANDS[rng.integers(len(_BANDS))], x)
    loud = np.abs(x) > np.abs(x).max() * 0.1
    rms = float(np.sqrt(np.mean(x[loud] ** 2) + 1))
    if rng.random() < 0.5:
        x = np.tanh(x / rms * rng.uniform(0.15, 1.4)) * rms
    if rng.random() < 0.2:  # room: one early reflection and a short tail
        tail = rng.standard_normal(int(RATE * rng.uniform(0.02, 0.12)))
        tail *= np.exp(-np.linspace(0, 5, len(tail))) * rng.uniform(0.05, 0.3)
        x = np.convolve(x, np.concatenate([[1.0], tail]))[: len(x)]
    if rng.random() < 0.85:
        w = _noise(len(x), rng)
        x = x + w * rms / w.std() / 10 ** (rng.uniform(0, 35) / 20)
        if rng.random() < 0.5:
            x = sosfilt(_BANDS[rng.integers(len(_BANDS))], x)
    t = np.arange(len(x)) / RATE
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
    parts: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(samples in int16 scale, one pdf per 10 ms frame)."""
    x, y = join(parts, rng)
    x = np.pad(x, (0, 120))
    if rng.random() < 0.05:
        x = x * 10 ** (rng.uniform(-40, 4) / 20)
    else:
        x = radio(x, rng)
    return np.clip(x, -32768, 32767).astype(np.float32), y
