"""Which syllable follows which: a bigram beside the acoustic model, for free speech."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from voice.errors import HuyingError
from voice.mandarin.phones import SYLLABLES
from voice.pcm import Floats
from voice.speech.checked import checked

FILE = "bigram.npz"
"""In a model folder; a model may have none."""

STEP = 0.05
"""Nats that one step of its bytes stands for."""

TURNS = 50
"""After so many syllables the first one does not matter any more."""

FLOOR = 1e-6
"""Added to each syllable's share."""


def load_bigram(folder: Path, sha256: str) -> Floats:
    """Natural logarithm of the chance of each syllable after silence (first row) and after each syllable, shape
    (1 + SYLLABLES, SYLLABLES). ``sha256``: as listed in ``model.json``. Raises HuyingError."""
    path = folder / FILE
    try:
        nats = np.load(io.BytesIO(checked(path, sha256)), allow_pickle=False)["nats"]
    except (EOFError, ValueError, KeyError, zipfile.BadZipFile) as e:
        raise HuyingError(f"{path}: cannot be read ({e}); the model is incomplete, pull or copy it again") from e
    if nats.shape != (1 + len(SYLLABLES), len(SYLLABLES)):
        raise HuyingError(
            f"{path}: made for {nats.shape[-1]} syllables, not {len(SYLLABLES)}; the model is of another version"
        )
    return np.asarray(-STEP * nats, np.float32)


def shares(bigram: Floats) -> dict[str, float]:
    """Natural logarithm of each syllable's share of all that is said: the shares that following keeps as they are."""
    follows = np.exp(bigram[1:])
    share = np.full(len(SYLLABLES), 1 / len(SYLLABLES))
    for _ in range(TURNS):
        share = share @ follows
        share /= share.sum()
    return dict(zip(SYLLABLES, np.log(share + FLOOR).tolist(), strict=True))
