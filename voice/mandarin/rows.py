"""Transition probabilities in arbitrary rows of Mandarin syllables: the background that phrases are scored against."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import numpy.typing as npt

from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, phone_set, split_syllable

LEAK = 1e-3
"""Probability floor of every transition: audio may begin in mid-syllable."""

PAUSE = 0.15
"""Probability of silence after a syllable; garbage gets a tenth of it."""

STAY = 0.5
"""Self-loop probability of a state, per frame."""


@cache
def free_row() -> npt.NDArray[np.float32]:
    """Transition matrix, shape (99, 99), row: from: the toneless pdfs of ``phone_set``, one state each."""
    phones = phone_set()
    n = phones.toneless
    silence, garbage = phones.pdfs[SILENCE][0], phones.pdfs[GARBAGE][0]
    rows = [split_syllable(s) or () for s in SYLLABLES]
    starts, inner = np.zeros(n), np.zeros((n, n))
    for row in rows:
        states = [d for phone in row for d in phones.pdfs[phone]]
        starts[states[0]] += 1
        for a, b in itertools.pairwise(states):
            inner[a, b] += 1
    starts *= (1 - 1.1 * PAUSE) / starts.sum()
    starts[silence], starts[garbage] = PAUSE, 0.1 * PAUSE
    last = {phones.pdfs[row[-1]][-1] for row in rows} | {silence, garbage}
    after = np.stack([starts if a in last else inner[a] / max(1.0, inner[a].sum()) for a in range(n)])
    p = (1 - STAY) * after + STAY * np.eye(n)
    return np.asarray((1 - LEAK) * p + LEAK / n, np.float32)
