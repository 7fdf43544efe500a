"""Acoustic scores of an over, made by hand."""

from __future__ import annotations

import numpy as np

from voice.mandarin.accents import states
from voice.mandarin.phones import phone_set
from voice.pcm import Floats


def scores(syllables: str, frames: int = 5) -> Floats:
    """Of somebody who says these syllables, so many frames a state, in noise. “-” is silence."""
    rows = (((0,),) if s == "-" else states(s, "standard") for s in syllables.split())
    pdfs = [p for row in rows for p in row for _ in range(frames)]
    out = np.random.default_rng(0).standard_normal((len(pdfs), phone_set().toneless)).astype(np.float32)
    out[np.arange(len(pdfs)), [p[0] for p in pdfs]] += 6
    return out
