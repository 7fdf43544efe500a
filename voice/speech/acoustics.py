"""The first network in numpy: scores of the sounds of an over, and what any network that judges sounds must offer."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voice.errors import HuyingError
from voice.mandarin.phones import FINALS, TONES, phone_set, without_tone
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


def sounds_of(loglikes: Floats) -> npt.NDArray[np.float16]:
    """Of scores those of the toneless pdfs and, behind them, the evidence of each tone, which is the same in all
    finals: shape (frames, toneless pdfs + tones)."""
    phones = phone_set()
    toned = [phones.pdfs[FINALS[0] + t][0] for t in TONES]
    evidence = loglikes[:, toned] - loglikes[:, phones.pdfs[FINALS[0]][:1]]
    return np.concatenate([loglikes[:, : phones.toneless], evidence], 1).astype(np.float16)


def scores_of(sounds: npt.NDArray[np.float16]) -> Floats:
    """The scores that these were taken of: see ``sounds_of``."""
    base, tone = (np.array(row) for row in without_tone())
    known = phone_set().toneless
    x = np.asarray(sounds, np.float32)
    evidence = np.concatenate([np.zeros_like(x[:, :1]), x[:, known:]], 1)
    return np.asarray(x[:, base] + evidence[:, tone], np.float32)


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
    """One of Kaldi's compressed matrices, with two bytes a number or one, and where it ends. Its transpose, which
    layers multiply by, is contiguous: a tenth faster."""
    token, at = data[at : at + 4], data.index(b" ", at) + 1
    low, span, rows, cols = struct.unpack_from("<ffii", data, at)
    at += 16
    if token == b"CM2 ":
        steps = np.frombuffer(data, "<u2", rows * cols, at).reshape(rows, cols).astype(np.float32)
        return np.asfortranarray(low + span / 65535 * steps), at + 2 * rows * cols
    if not token.startswith(b"CM "):
        raise ValueError(f"a matrix of kind {token!r}")
    q = np.frombuffer(data, "<u2", 4 * cols, at).reshape(cols, 4).T[:, :, None].astype(np.float32)
    at += 8 * cols
    code = np.frombuffer(data, np.uint8, rows * cols, at).reshape(cols, rows).astype(np.float32)
    steps = np.where(code <= 64, q[0] + (q[1] - q[0]) * code / 64, q[1] + (q[2] - q[1]) * (code - 64) / 128)
    steps = np.where(code > 192, q[2] + (q[3] - q[2]) * (code - 192) / 63, steps)
    return np.ascontiguousarray(low + span / 65535 * steps, np.float32).T, at + rows * cols


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
