"""The second network in numpy: an encoder that sees a whole over at once and judges its sounds, once it has ended.

It is Whisper base's encoder (Radford et al., 2022), trained on by ``models.recipe.encoder``. Its outputs are those of
the first network, so that both kinds of scores mean the same.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.errors import HuyingError
from voice.pcm import RATE, Floats, Pcm16
from voice.speech.acoustics import FRAME_S, Affine, Outputs
from voice.speech.checked import checked

FILE = "encoder.npz"
"""In a model folder; a model may have none."""

SCALE = ".scale"
"""Behind a matrix' name: what one step of each row's bytes stands for."""

OUTPUTS = ("out", "tone")
"""Names of the layers of toneless pdfs and of tones."""

MELS, BANDS = 80, 60
"""Whisper's mel bands up to 8 kHz, and those of them below 4 kHz."""

NFFT, SHIFT = 200, 80
"""Samples at 8 kHz: 25 ms every 10 ms."""

WIDTH, HEADS = 512, 8

WINDOW = 256
"""Samples that the first network's frames of 10 ms see: so many frames are there."""

FIRST_S, STEP_S = 0.016, 0.02
"""Middle of the first output frame, and time from one of the encoder's own frames to the next."""

FINE = 1
"""Lowest layers that work on the encoder's own frames, the others on output frames: a third less work."""

FRAME = 3 * SHIFT
"""Samples from one output frame to the next."""

PIECE, AROUND = 267, 33
"""Output frames: a long over is judged in pieces of 8 s, each with 1 s of its neighbours. Attention costs the square
of what it sees."""


CACHED = 1 << 16
"""Numbers of four bytes that stay in a processor's second cache beside others."""

Reals = npt.NDArray[np.float64]


def _mel(hz: Reals) -> Reals:
    return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))


def _hz(mel: Reals) -> Reals:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


@cache
def _filters() -> Floats:
    """Slaney's mel filters, (NFFT // 2 + 1, BANDS)."""
    hz = np.arange(NFFT // 2 + 1) * (RATE / NFFT)
    edges = _hz(np.linspace(0, float(_mel(np.array(8000.0))), MELS + 2))
    rise = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rise, fall)) * 2 / (edges[2:] - edges[:-2])
    return np.asarray(filters[:, :BANDS], np.float32)


_HANN = np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(NFFT) / NFFT), np.float32)


def mel_of(pcm: Floats) -> Floats:
    """Whisper's logarithmic mel bands of samples at 8 kHz in int16 scale, (frames, BANDS): a frame every 10 ms, the
    first in the middle of the first sample. Half the samples give a quarter of the power."""
    x = np.pad(np.asarray(pcm, np.float32) / 32768, NFFT // 2, "reflect")
    frames = np.lib.stride_tricks.sliding_window_view(x, NFFT)[::SHIFT]
    power = 4 * np.abs(np.fft.rfft(frames * _HANN, NFFT)) ** 2 @ _filters()
    level = np.log10(np.maximum(power, 1e-10))
    return np.asarray((np.maximum(level, level.max() - 8) + 4) / 4, np.float32)


def _gelu(x: Floats) -> Floats:
    """x · Φ(x), with the usual approximation by a hyperbolic tangent; in place. A few rows at a time stay in the
    processor's cache."""
    few = max(1, CACHED // x.shape[1])
    for first in range(0, len(x), few):
        some = x[first : first + few]
        t = some * some
        t *= 0.044715 * 0.7978845608
        t += 0.7978845608
        t *= some
        np.tanh(t, out=t)
        t += 1
        t *= 0.5
        some *= t
    return x


def _normed(x: Floats, scale: Floats, bias: Floats) -> Floats:
    centred = x - x.mean(1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", centred, centred) / x.shape[1] + 1e-5)
    centred /= spread[:, None]
    centred *= scale
    centred += bias
    return np.asarray(centred, np.float32)


def _three(x: Floats, step: int) -> Floats:
    """Each ``step``-th frame with its neighbours beside it; nothing beyond the ends."""
    padded = np.pad(x, ((1, 1), (0, 0)))
    n = (len(x) - 1) // step + 1
    return np.concatenate([padded[j : j + (n - 1) * step + 1 : step] for j in range(3)], 1)


@cache
def _positions(frames: int) -> Floats:
    """Sinusoids that tell the place, (frames, WIDTH)."""
    rate = np.exp(-np.arange(WIDTH // 2) * (np.log(10000) / (WIDTH // 2 - 1)))
    angle = np.arange(frames)[:, None] * rate
    return np.asarray(np.concatenate([np.sin(angle), np.cos(angle)], 1), np.float32)


def _at_output_frames(h: Floats, count: int) -> Floats:
    """The encoder's own frames, interpolated at the middles of ``count`` output frames."""
    at = (FIRST_S + np.arange(count) * FRAME_S) / STEP_S
    low = np.minimum(at.astype(int), len(h) - 2)
    part = np.clip(at - low, 0, 1)[:, None].astype(np.float32)
    return np.asarray(h[low] * (1 - part) + h[low + 1] * part, np.float32)


@dataclass(frozen=True, slots=True)
class Encoder:
    """Weights by name, matrices as (out, in)."""

    weights: Mapping[str, Floats]

    def rows(self, pcm: Floats) -> Floats:
        """Of the last hidden layer, every 30 ms (frames, WIDTH): of samples at 8 kHz in int16 scale, as many as the
        first network has."""
        w = self.weights
        count = -(-(1 + (len(pcm) - WINDOW) // SHIFT) // 3) if len(pcm) >= WINDOW else 0
        if count == 0:
            return np.zeros((0, WIDTH), np.float32)
        h = self.convolved(mel_of(pcm))
        h += _positions(-(-len(h) // 512) * 512)[: len(h)]
        k = 0
        while f"layers.{k}.attention.bias" in w:
            if k == FINE:
                h = _at_output_frames(h, count)
            h = self._layer(h, f"layers.{k}.")
            k += 1
        return _normed(h, w["norm.weight"], w["norm.bias"])

    def convolved(self, mel: Floats, which: npt.NDArray[np.bool_] | None = None) -> Floats:
        """What the convolutions make of mel bands, every 20 ms (frames, WIDTH): Whisper's own, never trained on.
        ``which``: only these frames."""
        h = _gelu(self._linear(_three(mel, 1), "conv1"))
        three = _three(h, 2)
        return _gelu(self._linear(three if which is None else three[which], "conv2"))

    def _linear(self, x: Floats, name: str) -> Floats:
        y = x @ self.weights[f"{name}.weight"].T
        y += self.weights[f"{name}.bias"]
        return np.asarray(y)

    def _layer(self, h: Floats, at: str) -> Floats:
        def linear(x: Floats, name: str) -> Floats:
            return self._linear(x, at + name)

        def normed(x: Floats, name: str) -> Floats:
            return _normed(x, self.weights[f"{at}{name}.weight"], self.weights[f"{at}{name}.bias"])

        q, k, v = linear(normed(h, "before_attention"), "attention").reshape(len(h), 3, HEADS, -1).transpose(1, 2, 0, 3)
        near = (q * np.float32((WIDTH / HEADS) ** -0.5)) @ k.transpose(0, 2, 1)
        near -= near.max(2, keepdims=True)
        np.exp(near, out=near)
        near /= near.sum(2, keepdims=True)
        found = np.asarray((near @ v).transpose(1, 0, 2).reshape(len(h), -1), np.float32)
        h = np.asarray(h + linear(found, "attended"), np.float32)
        h += linear(_gelu(linear(normed(h, "before_inner"), "inner")), "outer")
        return h


@dataclass(frozen=True, slots=True)
class EncodedAcoustics:
    """An encoder, and what makes scores of what it says."""

    encoder: Encoder
    scores: Affine
    """Maps both log-softmaxes to scores, as in the first network."""

    @property
    def outputs(self) -> Outputs:
        """The encoder's own last layers."""
        w = self.encoder.weights
        pdf, tone = ((w[f"{n}.weight"], w[f"{n}.bias"]) for n in OUTPUTS)
        return Outputs(pdf, tone, self.scores)

    def scorer(self) -> EncodedScorer:
        """For an over that is still going on."""
        return EncodedScorer(self)


class EncodedScorer:
    """Scores of an over: of a long one piece by piece while it lasts."""

    def __init__(self, acoustics: EncodedAcoustics) -> None:
        self._acoustics = acoustics
        self._waiting: list[Pcm16 | Floats] = []
        self._samples = 0
        """Waiting: from the surroundings of the next piece on."""
        self._before = 0
        """Output frames of the former piece that are heard again."""
        self._done: list[Floats] = []
        self._rows: Floats | None = None

    def accept(self, pcm: Pcm16 | Floats) -> None:
        """More samples at 8 kHz in int16 scale."""
        self._waiting.append(pcm)
        self._samples += len(pcm)
        while self._samples >= self._enough:
            x = self._joined()
            found = self._acoustics.encoder.rows(x[: self._enough])
            self._done.append(found[self._before : self._before + PIECE])
            x = x[(self._before + PIECE - AROUND) * FRAME :]
            self._waiting, self._samples, self._before = [x], len(x), AROUND

    def rows(self) -> Floats:
        """Of the last hidden layer (frames of FRAME_S, WIDTH), of the whole over."""
        if self._rows is None:
            self._done.append(self._acoustics.encoder.rows(self._joined())[self._before :])
            self._rows = np.concatenate(self._done)
        return self._rows

    def finish(self) -> Floats:
        """Scores (frames of FRAME_S, pdfs) of the whole over; repeated calls return the same."""
        return self._acoustics.outputs.loglikes(self.rows())

    @property
    def _enough(self) -> int:
        """Samples that the next piece needs."""
        return (self._before + PIECE + AROUND) * FRAME + WINDOW

    def _joined(self) -> Floats:
        return np.concatenate(self._waiting or [np.zeros(0, np.float32)]).astype(np.float32)


def load_encoder(folder: Path, sha256: str) -> Encoder:
    """The encoder of a model folder. ``sha256``: as listed in ``model.json``. Raises HuyingError."""
    data = checked(folder / FILE, sha256)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            weights = {n: np.asfortranarray(kept[n], np.float32) for n in kept.files}  # read as their transposes
        for name in [n for n in weights if n.endswith(SCALE)]:
            weights[name.removesuffix(SCALE)] *= weights.pop(name)[:, None]
        missing = {"conv1.weight", "out.bias", "tone.bias", "norm.bias"} - set(weights)
        if missing:
            raise ValueError(f"without {', '.join(sorted(missing))}")
    except (EOFError, ValueError, KeyError, zipfile.BadZipFile) as e:
        raise HuyingError(
            f"{folder / FILE}: not an encoder of Huying's recipe ({e}); run “huying models verify”"
        ) from e
    return Encoder(weights)
