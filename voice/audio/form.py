"""Sample format of raw audio, detected from the bytes: streams do not declare it.

Speech is smooth: neighbouring samples differ little. Bytes read in the wrong format look like noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice.pcm import Floats, Pcm16, to_pcm16

LOUD = 60.0
"""RMS, of 32767, from which bytes reveal their format; less may be silence in any."""

LEAST = 2048
"""Fewest bytes analysed; with fewer, chance decides."""

ROUGH = 0.6
"""Roughness above which a format is doubted. White noise has 1.0; speech at 8000 Hz seldom more than 0.4."""

BETTER = 0.3
BETTER_SIDES = 0.5
"""Factor by which another format must be smoother; for two channels, the same if only one is rough."""

GARBAGE_RMS = 12000.0
"""Rough and this loud is not radio audio."""

_Decode = Callable[[bytes], Floats]


@dataclass(frozen=True, slots=True)
class Form:
    """One sample format."""

    name: str
    width: int
    """Bytes per sample, or per stereo pair."""
    decode: _Decode
    """Whole samples → (n, channels), ±32767."""
    about: str
    """Display name."""


def _int16(order: str, sides: int) -> _Decode:
    return lambda data: np.frombuffer(data, f"{order}i2").reshape(-1, sides).astype(np.float32)


def _float32(sides: int) -> _Decode:
    def decode(data: bytes) -> Floats:
        with np.errstate(invalid="ignore", over="ignore"):
            return np.frombuffer(data, "<f4").reshape(-1, sides) * np.float32(32767)

    return decode


def _uint8(data: bytes) -> Floats:
    return (np.frombuffer(data, np.uint8).reshape(-1, 1).astype(np.float32) - 128) * 256


FORMS: dict[str, Form] = {
    f.name: f
    for f in (
        Form("s16", 2, _int16("<", 1), "16-bit mono"),
        Form("s16-stereo", 4, _int16("<", 2), "16-bit stereo"),
        Form("f32", 4, _float32(1), "32-bit float mono"),
        Form("f32-stereo", 8, _float32(2), "32-bit float stereo"),
        Form("s16be", 2, _int16(">", 1), "16-bit mono, high byte first"),
        Form("u8", 1, _uint8, "8-bit mono"),
    )
}

USUAL = FORMS["s16"]


def roughness(x: Floats) -> float:
    """Mean square of sample differences, relative to white noise of equal power; over all channels, (n, channels).
    Infinite if it cannot be audio: not finite, far beyond full scale, or almost zero throughout."""
    if not np.isfinite(x).all():
        return float("inf")
    x = x.astype(np.float64)
    power = x.var(0).sum()
    if np.abs(x).max() > 4 * 32767 or power < 1.0:
        return float("inf")
    return float(np.square(np.diff(x, axis=0)).mean(0).sum() / (2 * power))


def likely(data: bytes, given: Form = USUAL) -> Form | None:
    """Format of these bytes; None if undetermined. ``given``: the format assumed so far."""
    data = data[: len(data) - len(data) % 8]
    if len(data) < LEAST:
        return None
    if given is USUAL and _twice(data, "<i2"):
        return FORMS["s16-stereo"]
    x = given.decode(data)
    if np.isfinite(x).all() and float(x.std()) < LOUD:
        return None
    mine = _roughness(given, data)
    found = min((f for f in FORMS.values() if f is not given), key=lambda f: _roughness(f, data))
    other = _roughness(found, data)
    if found.name == "s16-stereo" and _roughness(FORMS["f32"], data) < float("inf"):
        return None  # halves of floats, too quiet to decide
    if other < BETTER * mine or (found.decode(data).shape[1] == 2 and mine > ROUGH and other < BETTER_SIDES * mine):
        return FORMS["f32-stereo"] if found.name == "f32" and _twice(data, "<i4") else found
    return given if mine <= ROUGH and mine < other else None


def is_garbage(form: Form, data: bytes) -> bool:
    """Read in this format, the bytes are not audio."""
    x = form.decode(data[: len(data) - len(data) % form.width])
    if not len(x):
        return False
    if not np.isfinite(x).all():
        return True
    return float(x.std()) > GARBAGE_RMS and roughness(x) > ROUGH


def _roughness(form: Form, data: bytes) -> float:
    """Roughness of bytes read in this format."""
    x = form.decode(data)
    if not np.isfinite(x).all():
        return float("inf")
    if form.name.startswith("f32") and np.count_nonzero(np.abs(x) > 1e-3) < 0.5 * np.count_nonzero(x):
        return float("inf")  # denormal numbers: the halves of something else
    return roughness(x)


def _twice(data: bytes, words: str) -> bool:
    """Every sample is duplicated, as in stereo with identical channels."""
    x = np.frombuffer(data, words).astype(np.int64)
    pairs, across = x[0::2] - x[1::2], x[1:-1:2] - x[2::2]
    return bool(np.abs(pairs).mean() < 0.02 * np.abs(across).mean())


def one_side(x: Floats, side: str = "") -> Pcm16:
    """(n, channels) → mono. ``side``: left or right; otherwise both, with the right channel inverted if the two are
    in antiphase: they must not cancel."""
    if x.shape[1] == 1:
        return _pcm(x[:, 0])
    left, right = x[:, 0], x[:, 1]
    if side == "left":
        return _pcm(left)
    if side == "right":
        return _pcm(right)
    a, b = float(np.square(left).sum()), float(np.square(right).sum())
    if min(a, b) < 1e-4 * max(a, b):  # one channel is dead
        return _pcm(left if a >= b else right)
    return _pcm((left - right if float(left @ right) < -0.7 * np.sqrt(a * b) else left + right) / 2)


def _pcm(x: npt.NDArray[np.floating]) -> Pcm16:
    return to_pcm16(x / 32767)
