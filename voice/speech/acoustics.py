"""The acoustic model in numpy: how well a phrase explains a stretch of audio, frame by frame.

Vosk reports which words the graph preferred, not by what margin. Here the same network is evaluated again over the
over, the phrase is force-aligned, and its likelihood is compared with that of the best unconstrained path: the goodness
of pronunciation. That ratio, calibrated, is the confidence.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voice.errors import HuyingError
from voice.mandarin.rows import STAY, free_row
from voice.pcm import Floats, Pcm16

Ints = npt.NDArray[np.int64]
"""Numbers of pdfs or tones, one per frame."""

FRAME_S = 0.03
"""Output frame period of the network, s."""

_WINDOW, _SHIFT, _NFFT, _MELS, _LOW, _HIGH = 256, 80, 256, 48, 150.0, 3700.0


def _mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hz, np.float64) / 700.0))


def _filters() -> tuple[Floats, Floats, Floats]:
    """(window, mel matrix, cosine matrix with lifter): Kaldi's MFCC at 8 kHz."""
    mel = _mel(8000 / _NFFT * np.arange(_NFFT // 2 + 1))
    edges = np.linspace(float(_mel(_LOW)), float(_mel(_HIGH)), _MELS + 2)
    rise = (mel[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - mel[:, None]) / (edges[2:] - edges[1:-1])
    banks = np.maximum(0.0, np.minimum(rise, fall))
    k, n = np.arange(_MELS)[:, None], np.arange(_MELS)
    cosine = np.sqrt(2.0 / _MELS) * np.cos(np.pi / _MELS * (n + 0.5) * k)
    cosine[0] = np.sqrt(1.0 / _MELS)
    lifter = 1 + 11.0 * np.sin(np.pi * np.arange(_MELS) / 22.0)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / (_WINDOW - 1))) ** 0.85
    return (
        window.astype(np.float32),
        banks.astype(np.float32),
        (cosine * lifter[:, None]).T.astype(np.float32),
    )


_WIN, _BANKS, _COSINE = _filters()


def mfcc(pcm: Floats) -> Floats:
    """(samples,) at 8 kHz in int16 scale → (frames, 48)."""
    if len(pcm) < _WINDOW:
        return np.zeros((0, _MELS), np.float32)
    f = np.lib.stride_tricks.sliding_window_view(pcm, _WINDOW)[::_SHIFT]
    f = f - f.mean(1, keepdims=True)
    f = f - 0.97 * np.concatenate([f[:, :1], f[:, :-1]], 1)
    power = np.abs(np.fft.rfft(f * _WIN, _NFFT)) ** 2
    return np.asarray(np.log(np.maximum(power @ _BANKS, 1.1920929e-07)) @ _COSINE, np.float32)


Affine = tuple[Floats, Floats]
"""(matrix (out, in), bias)."""

PIECE = 128
"""Output frames computed at a time by ``Scorer`` during an over: 3.8 s. Fewer are inefficient (16 take twice the
time); more leave more to do at the end of the over, 3 ms per second of it."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network makes of the rows of its last hidden layer: all that adaptation moves."""

    pdf: Affine
    """Of the toneless pdfs."""
    tone: Affine
    """Of the tones 0 to 5."""
    scores: Affine
    """Maps both log-softmaxes to scores."""

    def loglikes(self, rows: Floats) -> Floats:
        """Scores (frames of FRAME_S, pdfs): scaled log-likelihoods, as the search uses them."""
        both = np.concatenate([log_softmax(self.pdf, rows), log_softmax(self.tone, rows)], 1)
        w, b = self.scores
        return np.asarray(both @ w.T + b, np.float32)


class OverListener(Protocol):
    """Scores one over, during it or afterwards."""

    def accept(self, pcm: Pcm16 | Floats) -> None:
        """More samples at 8 kHz in int16 scale."""

    def finish(self) -> Floats:
        """Scores (frames of FRAME_S, pdfs) of the whole over, independent of how it was divided into pieces. Repeated
        calls return the same."""


class OverScorer(OverListener, Protocol):
    """The same by one network."""

    def rows(self) -> Floats:
        """Of the network's last hidden layer, one per FRAME_S of the whole over."""


class Acoustics(Protocol):
    """What judges sounds: one network or several."""

    def scorer(self) -> OverListener:
        """For one over."""


class Network(Protocol):
    """A network that judges sounds."""

    @property
    def outputs(self) -> Outputs:
        """Its last layers."""

    def scorer(self) -> OverScorer:
        """For one over."""


def rows_of(acoustics: Network, pcm: Pcm16 | Floats) -> Floats:
    """Of the last hidden layer, for a whole over."""
    scorer = acoustics.scorer()
    scorer.accept(pcm)
    return scorer.rows()


@dataclass(frozen=True, slots=True)
class AcousticModel:
    """Weights of our own TDNN, as exported by ``models.recipe.export``."""

    layers: tuple[Affine, ...]
    """Each layer sees its input at three frames: (out, 3·in)."""
    dilations: tuple[int, ...]
    """Dilations of the layers from the third on, in output frames: input at -d, 0 and +d."""
    outputs: Outputs

    @property
    def context(self) -> int:
        """Frames of 10 ms seen by an output frame on either side."""
        return 2 + 3 * sum(self.dilations)

    def loglikes(self, pcm: Floats) -> Floats:
        """Scores (output frames of 30 ms, pdfs): scaled log-likelihoods, as the decoder uses them."""
        scorer = Scorer(self)
        scorer.accept(pcm)
        return scorer.finish()

    def scorer(self) -> Scorer:
        """For an over that is still going on."""
        return Scorer(self)


def log_softmax(layer: Affine, h: Floats) -> Floats:
    """Log posteriors of an output layer, (rows, outputs)."""
    w, b = layer
    z = h @ w.T + b
    z -= z.max(1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)), np.float32)


class Scorer:
    """Scores of an over, computed during it: every layer keeps the few frames its next output needs."""

    def __init__(self, model: AcousticModel) -> None:
        self._model = model
        self._waiting: list[Pcm16 | Floats] = []
        """Samples from the next frame's first on."""
        self._more = _WINDOW + 3 * PIECE * _SHIFT
        """Samples that are missing until a PIECE is there."""
        self._last: Floats | None = None
        """The latest frame of cepstra: the ends of the over are repeated."""
        self._kept: list[Floats | None] = [None] * len(model.layers)
        self._done: list[Floats] = []

    def accept(self, pcm: Pcm16 | Floats) -> None:
        """More samples at 8 kHz in int16 scale."""
        self._waiting.append(pcm)
        self._more -= len(pcm)
        if self._more <= 0:
            self._compute(self._cepstra())
            self._more = 3 * PIECE * _SHIFT

    def rows(self) -> Floats:
        """Of the last hidden layer (output frames of 30 ms, width)."""
        made = self._cepstra()
        if self._last is not None:
            self._compute(np.concatenate([made, np.repeat(self._last, self._model.context, 0)]))
            self._last = None
        return np.concatenate([np.zeros((0, self._model.outputs.pdf[0].shape[1]), np.float32), *self._done])

    def finish(self) -> Floats:
        """Scores (output frames of 30 ms, pdfs) of the whole over."""
        return self._model.outputs.loglikes(self.rows())

    def _cepstra(self) -> Floats:
        """Of the pending samples; the first frame of the over is repeated before it."""
        if not self._waiting:
            return np.zeros((0, _MELS), np.float32)
        x = np.concatenate(self._waiting).astype(np.float32)
        made = mfcc(x)
        self._waiting = [x[len(made) * _SHIFT :]]
        if len(made) == 0:
            return made
        before = np.repeat(made[:1], self._model.context if self._last is None else 0, 0)
        self._last = made[-1:]
        return np.concatenate([before, made])

    def _compute(self, cepstra: Floats) -> None:
        h = self._layer(0, cepstra, 1)
        h = self._layer(1, h, 1, 3)
        for k, d in enumerate(self._model.dilations, 2):
            h = self._layer(k, h, d)
        self._done.append(h)

    def _layer(self, k: int, x: Floats, d: int, step: int = 1) -> Floats:
        """Layer ``k`` sees frames 0, d and 2d after every ``step``-th; residual if the input is not subsampled."""
        kept = self._kept[k]
        x = x if kept is None else np.concatenate([kept, x])
        n = max(0, (len(x) - 2 * d - 1) // step + 1)
        self._kept[k] = x[n * step :]
        w, b = self._model.layers[k]
        if n == 0:
            return np.zeros((0, len(b)), np.float32)
        h = np.concatenate([x[j * d : j * d + (n - 1) * step + 1 : step] for j in range(3)], 1) @ w.T
        h += b
        np.maximum(h, 0.0, out=h)
        if k > 1:
            h += x[d : d + n]
        return np.asarray(h, np.float32)


_SEEN_BEFORE = re.compile(rb"Append\(Offset\([\w.]+, -([0-9]+)\)")
"""From the network's configuration: left context of each layer in frames of 10 ms."""


def _matrix(data: bytes, at: int) -> tuple[Floats, int]:
    """One of Kaldi's compressed matrices, with two bytes a number or one, and where it ends."""
    token, at = data[at : at + 4], data.index(b" ", at) + 1
    low, span, rows, cols = struct.unpack_from("<ffii", data, at)
    at += 16
    if token == b"CM2 ":
        steps = np.frombuffer(data, "<u2", rows * cols, at).reshape(rows, cols).astype(np.float32)
        return low + span / 65535 * steps, at + 2 * rows * cols
    if not token.startswith(b"CM "):
        raise ValueError(f"a matrix of kind {token!r}")
    q = np.frombuffer(data, "<u2", 4 * cols, at).reshape(cols, 4).T[:, :, None].astype(np.float32)
    at += 8 * cols
    code = np.frombuffer(data, np.uint8, rows * cols, at).reshape(cols, rows).astype(np.float32)
    steps = np.where(code <= 64, q[0] + (q[1] - q[0]) * code / 64, q[1] + (q[2] - q[1]) * (code - 64) / 128)
    steps = np.where(code > 192, q[2] + (q[3] - q[2]) * (code - 192) / 63, steps)
    return np.ascontiguousarray((low + span / 65535 * steps).T, np.float32), at + rows * cols


BIAS = b"<BiasParams> FV \x04"
"""Between a component's matrix and the number of its biases."""


def affines(data: bytes) -> Iterator[tuple[Affine, int, int]]:
    """Affine components of a ``final.mdl``, each with where its numbers begin and end, from the matrix to the bias.
    Raises ValueError or struct.error."""
    at = data.find(b"<Nnet3> ")
    while (start := data.find(b"<LinearParams> CM", at) + 15) >= 15:
        w, at = _matrix(data, start)
        at = data.index(BIAS, at) + len(BIAS)
        (n,) = struct.unpack_from("<i", data, at)
        b = np.frombuffer(data, "<f4", n, at + 4)
        at += 4 + b.nbytes
        yield (w, b), start, at


def load_acoustic_model(final_mdl: Path) -> AcousticModel:
    """Read the affine components from our ``final.mdl``. Raises HuyingError for other models."""
    data = final_mdl.read_bytes()
    try:
        found = [affine for affine, _, _ in affines(data)]
        config = data[data.find(b"<Nnet3> ") : data.find(b"<NumComponents>")]
        offsets = [int(d) for d in _SEEN_BEFORE.findall(config)]
        if len(offsets) < 2 or len(found) != len(offsets) + 3:
            raise ValueError(f"{len(found)} affine components, {len(offsets)} of them see three frames")
    except (ValueError, struct.error) as e:
        raise HuyingError(f"{final_mdl}: not a network of Huying's recipe ({e}); run “huying models verify”") from e
    return AcousticModel(tuple(found[:-3]), tuple(d // 3 for d in offsets[2:]), Outputs(*found[-3:]))


Frames = tuple[Floats, Floats, Floats]
"""(score of every state, of the best state of any speech, of the usual one), one row per 30 ms."""


def frames_of(loglikes: Floats) -> Frames:
    """Scores of an over with what they are compared with: the best toneless state but silence (pdf 0), and the mean of
    all, which an absent sound has."""
    toneless = loglikes[:, : len(free_row())]
    return loglikes, np.asarray(toneless[:, 1:].max(1)), np.asarray(toneless.mean(1))


States = tuple[tuple[int, ...], ...]
"""A sequence of HMM states; each allows one or more pdfs (accents, alternative syllables)."""


BESIDE_S = 1.5
SHORT = 3
"""Phrases up to this many syllables are prone to false alarms."""

UNLIKELY, UNLIKELY_SYLLABLE = -20.0, -3.0
"""Likelihood ratios of a phrase and of its syllables are clipped below these values."""

DWELL = 12
"""Longest state duration that people produce: 0.36 s in frames."""


@dataclass(frozen=True, slots=True)
class Goodness:
    """A phrase compared with the best free path, in nats per frame; 0 is perfect, -3 is hopeless."""

    mean: float
    worst: float
    """Of the worst syllable."""

    second: float
    """Of the second-worst syllable, or of the only one."""

    shortest: int
    """Frames of the shortest syllable: a sound that was not spoken is aligned to very few."""

    syllables: int

    contrast: float = 0.0
    """Margin of the best sound over the usual one, in the syllable with the smallest margin: small in noise, where
    anything fits."""

    longest: int = 0
    """Frames of the longest state: people do not dwell on a sound, a tone or an engine does."""

    ratio: float = 0.0
    """Log likelihood ratio of the phrase to any syllable sequence, summed over all paths: high if no other sequence
    explains the audio as well, low if one explains it better."""

    before: float = 0.0
    after: float = 0.0
    """Seconds of unexplained speech within ``BESIDE_S`` before and after. Any long utterance contains something that
    resembles a short phrase."""

    @property
    def features(self) -> tuple[float, ...]:
        """Features weighted by the calibration, a constant first."""
        beside, amid = self.before + self.after, min(self.before, self.after)
        short = float(self.syllables <= SHORT)
        return (
            1.0,
            self.mean,
            self.worst,
            self.second,
            float(min(self.shortest, 5)),
            float(min(self.syllables, 6)),
            beside,
            amid,
            short * beside,
            short * amid,
            self.contrast,
            float(np.clip(self.longest - DWELL, 0, DWELL)) / DWELL,
            max(UNLIKELY, self.ratio) / 10,
            max(UNLIKELY_SYLLABLE, self.ratio / max(1, self.syllables)),
        )


EVIDENCE = 0.4
"""Scale of scores in sums over paths, because frames are far from independent; the same as in training."""


def _row_sum(emission: Floats) -> float:
    """Log sum over all paths through a state sequence, with silence at either end: (frames, states)."""
    peak = emission.max(1, keepdims=True)
    emitted = np.exp(EVIDENCE * (emission - peak))
    alpha = np.zeros(emission.shape[1])
    alpha[:2] = emitted[0, :2]
    total = EVIDENCE * float(peak.sum())
    for e in emitted[1:]:
        alpha *= STAY
        alpha[1:] += alpha[:-1] * ((1 - STAY) / STAY)
        alpha *= e
        scale = alpha.sum() + 1e-300
        total += math.log(scale)
        alpha /= scale
    return total + math.log(alpha[-2:].sum() + 1e-30)


def free_sum(scores: Floats) -> float:
    """The same over all syllable sequences, from any first state: (frames, toneless states)."""
    peak = scores.max(1, keepdims=True)
    emitted = np.exp(EVIDENCE * (scores - peak))
    alpha = emitted[0]
    total = EVIDENCE * float(peak.sum())
    matrix = free_row()
    for e in emitted[1:]:
        alpha = (alpha @ matrix) * e
        scale = alpha.sum() + 1e-30
        total += math.log(scale)
        alpha /= scale
    return total + math.log(alpha.sum() + 1e-30)


def _interval(frames: int, states: int, start: float, end: float) -> tuple[int, int]:
    """First and end frame of a time in s, wide enough for so many states where the over is."""
    a = max(0, round(start / FRAME_S))
    b = min(frames, max(round(end / FRAME_S), a + states))
    return max(0, min(a, b - states)), b


def _emission(frames: Floats, states: States) -> Floats:
    """Score of every frame in every state, with silence at either end."""
    silence = frames[:, :2].max(1)  # pdf 0 and 1: silence and garbage
    return np.stack([silence, *(frames[:, list(s)].max(1) for s in states), silence], 1)


def _best_path(emission: Floats) -> npt.NDArray[np.intp]:
    """State of each frame. Speech may start later than the first frame and end earlier than the last."""
    n = emission.shape[1] - 2
    score = np.full(n + 2, -np.inf)
    score[:2] = emission[0, :2]
    moved = np.zeros(emission.shape, bool)
    for t in range(1, len(emission)):
        step = np.concatenate([[-np.inf], score[:-1]])
        moved[t] = step > score
        score = np.maximum(step, score) + emission[t]
    places = np.zeros(len(emission), np.intp)
    j = n + 1 if score[n + 1] > score[n] else n
    for t in range(len(emission) - 1, -1, -1):
        places[t] = j
        j -= int(moved[t, j])
    return places


def syllable_frames(
    loglikes: Floats, states: States, syllable_of: tuple[int, ...], start: float, end: float
) -> list[tuple[int, int]]:
    """First and end frame of each syllable; empty if there are too few frames for the states."""
    a, b = _interval(len(loglikes), len(states), start, end)
    if b - a < len(states) or not states:
        return []
    places = _best_path(_emission(loglikes[a:b], states))
    which = np.asarray([-1, *syllable_of, -1])[places]
    found = [np.flatnonzero(which == k) for k in range(max(syllable_of) + 1)]
    return [(a + int(f[0]), a + int(f[-1]) + 1) for f in found if len(f)]


def row_ratios(loglikes: Floats, rows: Sequence[States], a: int, b: int) -> list[float]:
    """Log likelihood ratio of each row of states to any syllable sequence, between frames ``a`` and ``b``."""
    frames = loglikes[a:b]
    free = free_sum(frames[:, : len(free_row())])
    return [_row_sum(_emission(frames, states)) - free for states in rows]


def goodness(
    loglikes: Floats,
    free: Floats,
    usual: Floats,
    states: States,
    syllable_of: tuple[int, ...],
    start: float,
    end: float,
) -> Goodness:
    """Align ``states`` to the frames between ``start`` and ``end`` s; ``syllable_of`` maps each to its syllable.

    ``loglikes``, ``free``, ``usual``: for the whole over, from ``frames_of``.
    """
    a, b = _interval(len(loglikes), len(states), start, end)
    frames = loglikes[a:b]
    n = len(states)
    syllables = max(syllable_of) + 1 if syllable_of else 0
    if len(frames) < n or n == 0:
        return Goodness(-9.0, -9.0, -9.0, 0, syllables)
    emission = _emission(frames, states)
    places = _best_path(emission)
    said = (places > 0) & (places <= n)
    path = places[said] - 1
    loss = (emission[np.arange(len(frames)), places] - free[a:b])[said]
    which = np.asarray(syllable_of)[path]
    frames_of = np.bincount(which, minlength=syllables)
    per = np.sort(np.bincount(which, loss, syllables) / np.maximum(frames_of, 1))
    second = float(per[min(1, syllables - 1)])
    beaten = np.bincount(which, (free - usual)[a:b][said], syllables) / np.maximum(frames_of, 1)
    return Goodness(
        float(loss.mean()),
        float(per[0]),
        second,
        int(frames_of.min()),
        syllables,
        float(beaten.min()),
        int(np.bincount(path).max()),
        _row_sum(emission) - free_sum(frames[:, : len(free_row())]),
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic map from goodness to the probability that the phrase was said. Fitted by the recipe."""

    weights: tuple[float, ...]
    """Weights of ``Goodness.features``; trailing ones may be missing."""

    def confidence(self, g: Goodness) -> float:
        """0..1."""
        z = float(np.dot(self.weights, g.features[: len(self.weights)]))
        return float(1 / (1 + np.exp(-np.clip(z, -30, 30))))


DEFAULT_CALIBRATION = Calibration((3.0, 2.0, 0.5, 0.0, 0.0, 0.2))
