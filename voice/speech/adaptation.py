"""Adapts the acoustic model to a station's own voices and channel, in numpy.

Gradient descent on all affine components towards the transcribed frames, regularised by the original model: the target
of every frame interpolates between the two (Yu et al., KL-divergence regularised adaptation, ICASSP 2013). A few
minutes of speech move the model only slightly.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from voice.pcm import Floats
from voice.speech.acoustics import AcousticModel, Affine, Ints, mfcc

RESTRAINT = 0.5
"""Share of the original's posteriors in the target of a labelled frame; unlabelled frames use only these."""

STEP = 2e-4
"""Initial learning rate of Adam."""

EPOCHS = 6
TONE_SHARE = 0.3
"""Weight of the tone output's gradient, as in training."""

UNKNOWN = -1
"""Label of an unlabelled frame."""


@dataclass(frozen=True, slots=True)
class Example:
    """One over."""

    cepstra: Floats
    """As computed by ``mfcc``, unpadded."""
    pdf: Ints
    """Toneless pdf of every output frame, or UNKNOWN."""
    tone: Ints
    """Tone 0 to 5 of every output frame, or UNKNOWN."""


@dataclass(slots=True)
class _Pass:
    """Forward-pass state needed by the backward pass."""

    inputs: list[Floats] = field(default_factory=list)
    """Spliced input of each layer."""
    active: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    top: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))


def _forward(model: AcousticModel, cepstra: Floats) -> tuple[Floats, Floats, _Pass]:
    """(posteriors of pdfs, of tones, state for the backward pass)."""
    x = np.pad(cepstra, ((model.context, model.context), (0, 0)), mode="edge")
    seen = _Pass()

    def layer(affine: Affine, *parts: Floats) -> Floats:
        w, b = affine
        spliced = np.concatenate(parts, 1)
        z = spliced @ w.T + b
        seen.inputs.append(spliced)
        seen.active.append(z > 0)
        return np.asarray(np.maximum(z, 0.0), np.float32)

    h = layer(model.layers[0], x[:-2], x[1:-1], x[2:])
    n = (len(h) - 3) // 3 + 1
    h = layer(model.layers[1], *(h[k : k + 3 * n - 2 : 3] for k in range(3)))
    for d, affine in zip(model.dilations, model.layers[2:], strict=True):
        h = h[d:-d] + layer(affine, h[: -2 * d], h[d:-d], h[2 * d :])
    seen.top = h
    return _softmax(model.pdf, h), _softmax(model.tone, h), seen


def _softmax(affine: Affine, h: Floats) -> Floats:
    w, b = affine
    z = h @ w.T + b
    e = np.exp(z - z.max(1, keepdims=True))
    return np.asarray(e / e.sum(1, keepdims=True), np.float32)


def _target(posteriors: Floats, labels: Ints, restraint: float) -> Floats:
    """The original's posteriors, interpolated with the labels where present."""
    out = posteriors.copy()
    known = np.flatnonzero(labels >= 0)
    out[known] *= restraint
    out[known, labels[known]] += 1 - restraint
    return out


def _backward(model: AcousticModel, seen: _Pass, pdf_error: Floats, tone_error: Floats) -> list[Affine]:
    """Gradients of the layers, then of the pdf and tone outputs."""
    heads: list[Affine] = [(e.T @ seen.top, e.sum(0)) for e in (pdf_error, tone_error)]
    dh = pdf_error @ model.pdf[0] + tone_error @ model.tone[0]
    out: list[Affine] = []
    for k in range(len(model.layers) - 1, -1, -1):
        dz = np.where(seen.active[k], dh, 0.0).astype(np.float32)
        out.append((dz.T @ seen.inputs[k], dz.sum(0)))
        if k == 0:
            break
        ds = dz @ model.layers[k][0]
        width = ds.shape[1] // 3
        left, middle, right = ds[:, :width], ds[:, width : 2 * width], ds[:, 2 * width :]
        if k == 1:
            below = np.zeros((len(seen.inputs[0]), width), np.float32)
            for j, part in enumerate((left, middle, right)):
                below[j : j + 3 * len(part) - 2 : 3] += part
        else:
            d = model.dilations[k - 2]
            below = np.zeros((len(dh) + 2 * d, width), np.float32)
            below[: -2 * d] += left
            below[d:-d] += middle + dh  # the residual connection
            below[2 * d :] += right
        dh = below
    return [*out[::-1], *heads]


def _parts(model: AcousticModel) -> list[Affine]:
    return [*model.layers, model.pdf, model.tone]


def _rebuilt(model: AcousticModel, parts: Sequence[Affine]) -> AcousticModel:
    return replace(model, layers=tuple(parts[:-2]), pdf=parts[-2], tone=parts[-1])


class _Adam:
    """Kingma and Ba, 2015."""

    def __init__(self, parts: Sequence[Affine], rate: float) -> None:
        self.rate, self.step = rate, 0
        self.moments = [[(np.zeros_like(x), np.zeros_like(x)) for x in affine] for affine in parts]

    def move(self, parts: Sequence[Affine], gradients: Sequence[Affine]) -> list[Affine]:
        """One step."""
        self.step += 1
        norm = float(np.sqrt(sum(float((g**2).sum()) for pair in gradients for g in pair)))
        shrink = min(1.0, 5.0 / (norm + 1e-9))
        out = []
        for affine, gradient, moments in zip(parts, gradients, self.moments, strict=True):
            moved = []
            for x, g, (m, v) in zip(affine, gradient, moments, strict=True):
                m += 0.1 * (shrink * g - m)
                v += 0.001 * ((shrink * g) ** 2 - v)
                rate = self.rate * np.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step)
                moved.append(np.asarray(x - rate * m / (np.sqrt(v) + 1e-8), np.float32))
            out.append((moved[0], moved[1]))
        return out


def surprise(model: AcousticModel, examples: Sequence[Example]) -> float:
    """Mean negative log-posterior of the labelled frames, nats: lower is better."""
    total, frames = 0.0, 0
    for e in examples:
        posteriors, _, _ = _forward(model, e.cepstra)
        known = np.flatnonzero(e.pdf[: len(posteriors)] >= 0)
        total -= float(np.log(posteriors[known, e.pdf[known]] + 1e-9).sum())
        frames += len(known)
    return total / max(1, frames)


def adapt(
    model: AcousticModel,
    examples: Sequence[Example],
    *,
    epochs: int = EPOCHS,
    step: float = STEP,
    restraint: float = RESTRAINT,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _share: None,
) -> AcousticModel:
    """The model adapted to the examples. ``progress`` is given the completed fraction, 0..1."""
    rng = np.random.default_rng(seed)
    targets = []
    for e in examples:
        pdf, tone, _ = _forward(model, e.cepstra)
        targets.append((_target(pdf, e.pdf, restraint), _target(tone, e.tone, restraint)))
    parts = _parts(model)
    adam = _Adam(parts, step)
    total, done = epochs * len(examples), 0
    moved = model
    for _ in range(epochs):
        for k in rng.permutation(len(examples)):
            cepstra = examples[k].cepstra + rng.normal(0, 0.1, examples[k].cepstra.shape).astype(np.float32)
            pdf, tone, seen = _forward(moved, cepstra)
            frames = max(1, len(pdf))
            errors = (pdf - targets[k][0]) / frames, TONE_SHARE * (tone - targets[k][1]) / frames
            adam.rate = step * (1 - done / total)
            parts = adam.move(parts, _backward(moved, seen, *errors))
            moved = _rebuilt(model, parts)
            done += 1
            progress(done / total)
    return moved


def example(pcm: Floats, pdf: Ints, tone: Ints) -> Example:
    """Training example of an over: 8 kHz samples in int16 scale with labels of its output frames."""
    return Example(mfcc(pcm), pdf, tone)


def patched(data: bytes, model: AcousticModel) -> bytes:
    """``final.mdl`` of the same architecture with the weights of ``model``."""
    out = bytearray(data)
    at = data.index(b"<Nnet3> ")
    for w, b in (*model.layers, model.pdf, model.tone):
        at = data.index(b"<LinearParams> CM2 ", at) + 19
        low, span = float(w.min()), float(w.max() - w.min()) or 1.0
        steps = np.rint((np.asarray(w, np.float64) - low) / span * 65535).astype("<u2")
        rows, cols = struct.unpack_from("<ii", data, at + 8)
        if (rows, cols) != w.shape:
            raise ValueError(f"a component is {rows} × {cols} and not {w.shape[0]} × {w.shape[1]}")
        struct.pack_into("<ff", out, at, low, span)
        out[at + 16 : at + 16 + 2 * w.size] = steps.tobytes()
        at = data.index(b"<BiasParams> FV ", at + 16 + 2 * w.size) + 21
        out[at : at + 4 * len(b)] = np.asarray(b, "<f4").tobytes()
    return bytes(out)
