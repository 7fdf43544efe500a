"""Adapts a network to a station's own voices and channel, in numpy: its two output layers and nothing below them.

What the last hidden layer makes of an over does not change, so it is computed once. The rest is softmax regression on
its rows towards the transcribed frames, restrained by the original: the target of every frame interpolates between the
two (Yu et al., KL-divergence regularised adaptation, ICASSP 2013). The same for both networks.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from voice.pcm import Floats
from voice.speech.acoustics import BIAS, Affine, Ints, Outputs, affines, log_softmax
from voice.speech.encoder import FILE, OUTPUTS, SCALE

RESTRAINT = 0.5
"""Share of the original's posteriors in the target of a labelled frame; unlabelled frames use only these."""

STEP = 10.0
"""First step of gradient descent, in inverse mean squares of a row, so that it means the same in every network."""

EPOCHS = 24
"""Twice as many win one in a hundred of the surprise that is left in held-out overs of a simulated station, and move
what the network thinks of other speech by a quarter more."""

UNKNOWN = -1
"""Label of an unlabelled frame."""


@dataclass(frozen=True, slots=True)
class Example:
    """One over."""

    rows: Floats
    """Of the network's last hidden layer, one per output frame."""
    pdf: Ints
    """Toneless pdf of every output frame, or UNKNOWN."""
    tone: Ints
    """Tone 0 to 5 of every output frame, or UNKNOWN."""


def unlabelled(rows: Floats) -> Example:
    """An over about which the network is to think as before."""
    nothing = np.full(len(rows), UNKNOWN)
    return Example(rows, nothing, nothing)


def target(layer: Affine, rows: Floats, labels: Ints, restraint: float = RESTRAINT) -> Floats:
    """The original's posteriors, interpolated with the labels where present."""
    out = np.exp(log_softmax(layer, rows))
    known = np.flatnonzero(labels >= 0)
    out[known] *= restraint
    out[known, labels[known]] += 1 - restraint
    return out


def gradient(layer: Affine, rows: Floats, wanted: Floats) -> Affine:
    """Of the mean cross-entropy with the targets."""
    error = np.asarray(np.exp(log_softmax(layer, rows)) - wanted, np.float32) / max(1, len(rows))
    return np.asarray(error.T @ rows), np.asarray(error.sum(0))


def adapt(
    outputs: Outputs,
    examples: Sequence[Example],
    *,
    epochs: int = EPOCHS,
    step: float = STEP,
    restraint: float = RESTRAINT,
    seed: int = 0,
) -> Outputs:
    """Output layers adapted to the examples: a step of gradient descent an over, shorter and shorter."""
    rng = np.random.default_rng(seed)
    step /= float(np.mean([(e.rows**2).sum(1).mean() for e in examples if len(e.rows)]))
    order = [int(k) for _ in range(epochs) for k in rng.permutation(len(examples))]

    def moved(layer: Affine, labels: Sequence[Ints]) -> Affine:
        wanted = [target(layer, e.rows, of, restraint) for e, of in zip(examples, labels, strict=True)]
        w, b = layer
        for done, k in enumerate(order):
            dw, db = gradient((w, b), examples[k].rows, wanted[k])
            rate = np.float32(step * (1 - done / len(order)))
            w, b = w - rate * dw, b - rate * db
        return w, b

    pdf, tone = moved(outputs.pdf, [e.pdf for e in examples]), moved(outputs.tone, [e.tone for e in examples])
    return replace(outputs, pdf=pdf, tone=tone)


def surprise(outputs: Outputs, examples: Sequence[Example]) -> float:
    """Mean negative log-posterior of the labelled frames, nats: lower is better."""
    total, frames = 0.0, 0
    for e in examples:
        known = np.flatnonzero(e.pdf >= 0)
        total -= float(log_softmax(outputs.pdf, e.rows)[known, e.pdf[known]].sum())
        frames += len(known)
    return total / max(1, frames)


def put(outputs: Outputs, folder: Path) -> None:
    """Give other output layers to the network of a model folder that decides what was said."""
    card = folder / "model.json"
    listed = json.loads(card.read_text("utf-8"))
    encoded = bool(listed.get("encoder_sha256"))
    path = folder / FILE if encoded else folder / "am" / "final.mdl"
    data = (encoder_with if encoded else mdl_with)(outputs, path.read_bytes())
    path.write_bytes(data)
    listed["encoder_sha256" if encoded else "sha256"] = hashlib.sha256(data).hexdigest()
    card.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")


def mdl_with(outputs: Outputs, data: bytes) -> bytes:
    """A ``final.mdl`` with other output layers, two bytes a number."""
    *_, (_, *pdf), (_, *tone), _scores = affines(data)
    for (start, end), (w, b) in ((tone, outputs.tone), (pdf, outputs.pdf)):  # the last first: places stay
        low, span = float(w.min()), float(np.ptp(w)) or 1.0
        steps = np.rint((np.asarray(w, np.float64) - low) / span * 65535).astype("<u2")
        matrix = b"CM2 " + struct.pack("<ffii", low, span, *w.shape) + steps.tobytes()
        bias = BIAS + struct.pack("<i", len(b)) + np.asarray(b, "<f4").tobytes()
        data = data[:start] + matrix + bias + data[end:]
    return data


def encoder_with(outputs: Outputs, data: bytes) -> bytes:
    """An ``encoder.npz`` with other output layers, which need no scale."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        weights = {n: kept[n] for n in kept.files}
    for name, (w, b) in zip(OUTPUTS, (outputs.pdf, outputs.tone), strict=True):
        weights |= {f"{name}.weight": w, f"{name}.bias": b}
        weights.pop(f"{name}.weight{SCALE}", None)
    out = io.BytesIO()
    np.savez(out, **weights)
    return out.getvalue()
