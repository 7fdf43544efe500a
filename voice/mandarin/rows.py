"""Which sound follows which in any row of Mandarin syllables: what a phrase is measured against."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import numpy.typing as npt

from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, phone_set, split_syllable

LEAK = 1e-3
"""Chance of any state after any state: what is heard may begin in the middle of a syllable."""

PAUSE = 0.15
"""Chance of silence after a syllable; garbage has a tenth of it."""

STAY = 0.5
"""Chance that a state goes on for another frame."""


@cache
def free_row() -> npt.NDArray[np.float32]:
    """Probability of each state after each state, (99, 99): toneless pdfs of ``phone_set``, one state each."""
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
