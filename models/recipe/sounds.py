"""Sounds that are no speech, for training as garbage: music, sirens, engines, animals, blows, beeps, wind.

Each call draws a sound of its own, so that no two are alike. Deliberately not those of ``trials.no_speech``,
which calibrate, nor those of the tests.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt

from models.recipe.features import RATE, SHIFT, num_frames
from voice.mandarin.phones import GARBAGE, SILENCE, phone_set

Rng = np.random.Generator

QUIET_DB = -35.0
"""Frames weaker than this beside the loudest are labelled silence: the pauses between blows."""


def _glide(n: int, low: float, high: float, per_s: float, rng: Rng) -> np.ndarray:
    """A phase in cycles whose frequency wanders between two limits in Hz, turning ``per_s`` times a second."""
    turns = max(2, int(n / RATE * per_s) + 2)
    pitch = rng.uniform(np.log(low), np.log(high), turns)
    return np.asarray(np.cumsum(np.exp(np.interp(np.linspace(0, turns - 1, n), np.arange(turns), pitch))) / RATE)


def _wave(phase: np.ndarray, rng: Rng) -> np.ndarray:
    """A periodic tone with a random spectrum: some harmonics, falling quickly or slowly."""
    fall = rng.uniform(0.3, 2.5)
    weights = rng.uniform(0.2, 1, 12) / np.arange(1, 13) ** fall
    return np.asarray(sum(w * np.sin(2 * np.pi * (k * phase + rng.random())) for k, w in enumerate(weights, 1)))


def _resonant(x: np.ndarray, rng: Rng) -> np.ndarray:
    """Through two or three resonances: bodies of instruments, boxes, throats of animals."""
    out = 0.2 * x
    for _ in range(int(rng.integers(2, 4))):
        centre = float(np.exp(rng.uniform(np.log(200), np.log(3000))))
        half = centre * float(rng.uniform(0.05, 0.3))
        out = out + sosfilt(butter(1, [centre - half, centre + half], "band", fs=RATE, output="sos"), x)
    return np.asarray(out)


def _envelope(n: int, every: float, decay: float, rng: Rng) -> np.ndarray:
    """Strokes about ``every`` seconds that die away with ``decay`` 1/s."""
    out = np.zeros(n)
    at = 0
    while at < n:
        length = min(n - at, max(SHIFT, round(every * RATE * float(rng.choice([0.5, 1, 1, 1, 2])))))
        t = np.arange(length) / RATE
        out[at : at + length] = np.exp(-t * decay) * np.minimum(1, t * rng.uniform(50, 1000)) * rng.uniform(0.3, 1)
        at += length
    return out


def music(n: int, rng: Rng) -> np.ndarray:
    """One to four parts of notes on a scale, often with a drum."""
    every, out = float(rng.uniform(0.1, 0.7)), np.zeros(n)
    beats = int(n / RATE / every) + 2
    at = np.minimum((np.arange(n) / RATE / every).astype(int), beats - 1)
    scale = rng.choice(12, 7, replace=False)
    for _ in range(int(rng.integers(1, 5))):
        notes = 12 * rng.integers(0, 4, beats) + rng.choice(scale, beats)
        hz = 65.0 * 2 ** (notes[at] / 12) * (1 + rng.uniform(0, 0.02) * np.sin(2 * np.pi * 5 * np.arange(n) / RATE))
        note = _wave(np.cumsum(hz) / RATE, rng)
        out += note * _envelope(n, every, float(rng.uniform(0, 8)), rng) * rng.uniform(0.3, 1)
    if rng.random() < 0.7:
        out += rng.uniform(0.5, 3) * blows(n, rng, every)
    return _resonant(out, rng) if rng.random() < 0.3 else out


def siren(n: int, rng: Rng) -> np.ndarray:
    """A horn, a whistle or a siren whose pitch wanders, steps or stands."""
    phase = _glide(n, 250, 3000, float(rng.uniform(0.1, 8)), rng)
    if rng.random() < 0.3:
        pair = rng.uniform(300, 1800, 2)
        phase = np.cumsum(pair[(np.arange(n) / RATE * rng.uniform(0.5, 4)).astype(int) % 2]) / RATE
    return _wave(phase, rng)


def engine(n: int, rng: Rng) -> np.ndarray:
    """A motor: pulses, and what rattles with them."""
    phase = _glide(n, 15, 150, float(rng.uniform(0.2, 2)), rng)
    pulses = (phase % 1) ** rng.uniform(1, 12)
    return _resonant(pulses - pulses.mean() + rng.uniform(0.05, 0.6) * rng.standard_normal(n) * pulses, rng)


def animal(n: int, rng: Rng) -> np.ndarray:
    """Barks, mews and chirps: short calls whose pitch rises or falls, through a throat."""
    low = float(np.exp(rng.uniform(np.log(150), np.log(1500))))
    call = _wave(_glide(n, low, low * rng.uniform(1.3, 3), float(rng.uniform(3, 15)), rng), rng)
    call = call + rng.uniform(0, 0.6) * rng.standard_normal(n)
    return _resonant(call * _envelope(n, float(rng.uniform(0.15, 0.9)), float(rng.uniform(4, 20)), rng), rng)


def blows(n: int, rng: Rng, every: float | None = None) -> np.ndarray:
    """Knocks, steps, claps, dishes, drums."""
    hit = rng.standard_normal(n) * rng.uniform(0.1, 1) + _wave(np.arange(n) / RATE * rng.uniform(80, 2000), rng)
    strokes = _envelope(n, float(rng.uniform(0.1, 0.9)) if every is None else every, float(rng.uniform(8, 60)), rng)
    return _resonant(hit * strokes, rng)


def beeps(n: int, rng: Rng) -> np.ndarray:
    """Tones on and off: telephones, data, alarms, two at a time or one."""
    step = max(SHIFT, round(RATE * float(rng.uniform(0.02, 0.4))))
    slots = n // step + 1
    pitch = rng.choice(rng.uniform(300, 3200, int(rng.integers(1, 9))), (int(rng.integers(1, 3)), slots))
    on = rng.random(slots) < rng.uniform(0.5, 1)
    on[0] = True
    hz = np.repeat(pitch, step, 1)[:, :n]
    return np.asarray(np.sin(2 * np.pi * np.cumsum(hz, 1) / RATE).sum(0) * np.repeat(on, step)[:n])


def wind(n: int, rng: Rng) -> np.ndarray:
    """Wind, water, applause, a jammed carrier: noise that swells and changes its colour."""
    rough = np.convolve(rng.standard_normal(n), [1.0, rng.uniform(-0.95, 0.95)])[:n]
    swell = np.exp(np.interp(np.arange(n), np.linspace(0, n, 12), rng.normal(0, rng.uniform(0.1, 1.5), 12)))
    return _resonant(rough * swell, rng)


KINDS: tuple[Callable[[int, Rng], np.ndarray], ...] = (music, music, siren, engine, animal, blows, beeps, wind)


def sound(n: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """(``n`` samples in int16 scale at RATE, one pdf per 10 ms frame): of one kind, or of two at once."""
    x = np.zeros(n)
    for _ in range(1 if rng.random() < 0.8 else 2):
        one = KINDS[int(rng.integers(len(KINDS)))](n, rng)
        x += one / (np.abs(one).max() + 1e-9) * rng.uniform(0.3, 1)
    x *= 20000 / (np.abs(x).max() + 1e-9)
    frames = num_frames(n)
    power = np.array([(x[i * SHIFT : i * SHIFT + 2 * SHIFT] ** 2).mean() for i in range(frames)])
    near = np.convolve(power, np.ones(5) / 5, "same")
    pdfs = phone_set().pdfs
    quiet = near < near.max() * 10 ** (QUIET_DB / 10)
    return x, np.where(quiet, pdfs[SILENCE][0], pdfs[GARBAGE][0]).astype(np.int64)
