"""Voice and channel of an over as a short vector: a guess who spoke.

What the second network's convolutions make of an over, mean and spread over the frames with speech, projected by linear
discriminants of other people (``models.recipe.voiceprint``). These layers are Whisper's own: training does not move
them, so the projection goes with any weights.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.errors import HuyingError
from voice.pcm import RATE, Floats, Pcm16
from voice.speech.checked import checked
from voice.speech.encoder import SHIFT, WIDTH, Encoder, mel_of

FILE = "voiceprint.npz"
"""In a model folder; a model may have none."""

LOUD = 0.4
"""A frame has speech if its mean mel level is so far above the quiet ones (10th percentile), as a share of the way to
the loud ones (95th)."""

LEVEL = 0.2
"""Mean mel level that speech is brought to: how loud the receiver is says nothing of who speaks."""

LEAST_FRAMES = 25
"""Of 20 ms, with speech: an over with fewer says too little of a voice."""

FRAME = 2 * SHIFT
"""Samples from one frame to the next."""

LONGEST_S = 12.0
"""Of an over: more does not tell more."""


def statistics(encoder: Encoder, pcm: Pcm16 | Floats) -> Floats | None:
    """Mean and spread (2 · WIDTH,) of an over at RATE in int16 scale; None if there is too little speech."""
    if len(pcm) < LEAST_FRAMES * FRAME:
        return None
    mel = mel_of(np.asarray(pcm[: round(LONGEST_S * RATE)], np.float32))
    level = mel[::2].mean(1)
    low, high = np.percentile(level, (10, 95))
    speech = level > low + LOUD * (high - low)
    if speech.sum() < LEAST_FRAMES:
        return None
    h = encoder.convolved(mel + (np.float32(LEVEL) - level[speech].mean()), speech)
    return np.concatenate([h.mean(0), h.std(0)])


@dataclass(frozen=True, slots=True)
class Voiceprint:
    """From the statistics of an over to its print."""

    mean: Floats
    """(2 · WIDTH,) of the statistics."""
    projection: Floats
    """(2 · WIDTH, numbers of a print)."""
    encoder: Encoder

    def of(self, pcm: Pcm16 | Floats) -> Floats | None:
        """Print of an over, of length 1; None if there is too little speech. Two prints are alike by their product."""
        found = statistics(self.encoder, pcm)
        if found is None:
            return None
        projected = (found - self.mean) @ self.projection
        return np.asarray(projected / np.linalg.norm(projected), np.float32)


def check_voiceprint(folder: Path, sha256: str) -> tuple[Floats, Floats]:
    """Mean and projection of a model folder. ``sha256``: as listed in ``model.json``. Raises HuyingError."""
    path = folder / FILE
    try:
        with np.load(io.BytesIO(checked(path, sha256)), allow_pickle=False) as kept:
            mean, projection = (np.asarray(kept[n], np.float32) for n in ("mean", "projection"))
        if mean.shape != (2 * WIDTH,) or projection.ndim != 2 or len(projection) != 2 * WIDTH:
            raise ValueError(f"{mean.shape} and {projection.shape}")
    except (EOFError, ValueError, KeyError, zipfile.BadZipFile) as e:
        raise HuyingError(f"{path}: not a voiceprint of Huying's recipe ({e}); run “huying models verify”") from e
    return mean, projection
