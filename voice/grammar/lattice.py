"""Which syllables may have been said between which frames: all that are not much worse than the best row of syllables.

Free toneless syllables with pauses between them, searched from both ends of an over; what begins and ends where the
best row through it is within a beam of the best of all is kept, with its own score. A search over words needs no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from voice.grammar.free import states_of
from voice.grammar.search import ACOUSTIC_SCALE
from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, TONES, phone_set
from voice.pcm import Floats
from voice.speech.word_model import Ints

SYLLABLE = 1.35
"""What a syllable costs here: without it there would be too many. As in the net's free speech, without its bigram."""

BEAM = 5.0
"""Scaled log-likelihood by which a row of syllables may be worse than the best."""

LONGEST = 24
"""Frames of a syllable."""

HOLD = 2
"""Least frames of a final's second half."""

STRANGE = 1.0
"""What a frame of other noise than silence costs."""

TONE = 0.7
"""Of the evidence of a tone in a frame: frames are far from independent."""

SAID_AS = np.array(
    [[0.85, 0.05, 0.01, 0.05, 0.04], [0.05, 0.85, 0.02, 0.02, 0.06], [0.02, 0.2, 0.62, 0.08, 0.08],
     [0.06, 0.03, 0.02, 0.82, 0.07], [0.02, 0.02, 0.02, 0.04, 0.9]], np.float32
)  # fmt: skip
"""Share of each tone of a dictionary (row) that is said, or heard, as each."""

SHARE = np.array([0.22, 0.21, 0.17, 0.33, 0.07], np.float32)
"""Of each tone in what people say."""

_STAY = math.log(2)


@dataclass(frozen=True, slots=True)
class Lattice:
    """Syllables by the boundary at which they end. A boundary is before the frame of its number."""

    start: Ints
    end: Ints
    """Ascending."""
    syllable: Ints
    """Number in SYLLABLES."""
    score: Floats
    """Scaled log-likelihood."""
    tones: Floats
    """How likely what is heard is with each tone, against any: ratios, shape (syllables, tones)."""
    quiet: Floats
    """The same of each frame if nothing is said in it."""
    best: float = 0.0
    """Of the best row of syllables, with their costs."""

    @property
    def first(self) -> Ints:
        """Of the syllables that end at each boundary; one more number than boundaries."""
        return np.searchsorted(self.end, np.arange(len(self.quiet) + 2))


@cache
def _states() -> tuple[Ints, npt.NDArray[np.bool_]]:
    """See ``states_of``; places first."""
    states, alone = states_of(SYLLABLES, HOLD)
    return np.ascontiguousarray(states.T), alone


def lattice_of(sounds: Floats, beam: float = BEAM) -> Lattice:
    """``sounds``: see ``sounds_of``; the tones may be missing."""
    pdfs = phone_set().pdfs
    states, alone = _states()
    scaled = np.asarray(ACOUSTIC_SCALE * sounds, np.float32)
    quiet = np.maximum(scaled[:, pdfs[SILENCE][0]], scaled[:, pdfs[GARBAGE][0]] - STRANGE) - np.float32(_STAY)
    emission = (scaled - np.float32(_STAY))[:, states]  # (frames, places, syllables)
    reached = _forward(emission, quiet, alone)
    left, begun = _backward(emission, quiet, alone)
    least = reached[-1] - beam
    t, s = np.nonzero(reached[:-1, None] + begun - SYLLABLE >= least)
    found = _segments(emission, alone, t, s)
    ends = t[None, :] + 1 + np.arange(len(found))[:, None]
    inside = ends <= len(quiet)
    whole = np.where(inside, reached[t][None, :] + found - SYLLABLE + left[np.minimum(ends, len(quiet))], -np.inf)
    d, k = np.nonzero(whole >= least)
    order = np.argsort(ends[d, k], kind="stable")
    d, k = d[order], k[order]
    ends = ends[d, k]
    return Lattice(t[k], ends, s[k], found[d, k], _tones(sounds, t[k] + ~alone[s[k]], ends), quiet, float(reached[-1]))


def _tones(sounds: Floats, start: Ints, end: Ints) -> Floats:
    """See ``Lattice.tones``; of finals between these frames."""
    evidence = sounds[:, phone_set().toneless :]
    if evidence.shape[1] != len(TONES):
        return np.ones((len(start), len(TONES)), np.float32)
    total = np.concatenate([np.zeros((1, len(TONES))), np.cumsum(evidence, 0, np.float64)])
    summed = TONE * (total[end] - total[np.minimum(start, end - 1)])
    likely = np.exp(summed - summed.max(1, keepdims=True)) @ SAID_AS.T
    return np.asarray(likely / (likely @ SHARE)[:, None], np.float32)


def _step(score: Floats, entry: Floats, alone: npt.NDArray[np.bool_]) -> Floats:
    """Scores of the places of each row, shape (places, rows), after one more frame, without the frame's own."""
    came = np.empty_like(score)
    came[0] = np.where(alone, -np.inf, entry)
    came[1:] = score[:-1]
    np.copyto(came[1], entry, where=alone)
    for held in (0, 1, -1):
        np.maximum(came[held], score[held], out=came[held])
    return came


def _forward(emission: Floats, quiet: Floats, alone: npt.NDArray[np.bool_]) -> Floats:
    """Best score up to each boundary."""
    reached = np.zeros(len(quiet) + 1, np.float32)
    score = np.full(emission.shape[1:], -np.inf, np.float32)
    for t, e in enumerate(emission):
        score = _step(score, np.full(len(alone), reached[t] - SYLLABLE, np.float32), alone)
        score += e
        reached[t + 1] = max(score[-1].max(), reached[t] + quiet[t])
    return reached


def _backward(emission: Floats, quiet: Floats, alone: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(best score from each boundary on, the same of each syllable that begins there without its cost)."""
    frames, places, n = emission.shape
    left = np.zeros(frames + 1, np.float32)
    begun = np.empty((frames, n), np.float32)
    score = np.full((places, n), -np.inf, np.float32)
    for t in range(frames - 1, -1, -1):
        came = np.empty_like(score)
        came[:-1], came[-1] = score[1:], left[t + 1]
        for held in (0, 1, -1):
            np.maximum(came[held], score[held], out=came[held])
        came += emission[t]
        score = came
        begun[t] = np.where(alone, score[1], score[0])
        left[t] = max(begun[t].max() - SYLLABLE, quiet[t] + left[t + 1])
    return left, begun


def _segments(emission: Floats, alone: npt.NDArray[np.bool_], t: Ints, s: Ints) -> Floats:
    """Score of syllable ``s`` that begins at frame ``t``, for each of these and each duration: (LONGEST, len(t))."""
    frames = len(emission)
    score = np.full((emission.shape[1], len(t)), -np.inf, np.float32)
    none = np.full(len(t), -np.inf, np.float32)
    out = np.empty((LONGEST, len(t)), np.float32)
    without = alone[s]
    for d in range(LONGEST):
        entry = np.zeros(len(t), np.float32) if d == 0 else none
        score = _step(score, entry, without)
        score += emission[np.minimum(t + d, frames - 1), :, s].T
        out[d] = score[-1]
    return out
