"""How well a phrase explains a stretch of audio, frame by frame, and how likely it makes that it was said.

A search says which words the graph preferred, not by what margin. Here the phrase is force-aligned, and its likelihood
is compared with that of the best unconstrained path: the goodness of pronunciation. Calibrated, that is the confidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice.mandarin.rows import STAY, free_row
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S

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


LONGEST = 5
"""Frames that a state lasts at most on average, where a row's end is looked for: 0.45 s a syllable."""

EVIDENCE = 0.4
"""Scale of scores in sums over paths, because frames are far from independent; the same as in training."""


def _step(alpha: npt.NDArray[np.float64], emitted: Floats) -> None:
    """One frame further along rows of states, the last axis: each state stays or goes on to the next."""
    alpha *= STAY
    alpha[..., 1:] += alpha[..., :-1] * ((1 - STAY) / STAY)
    alpha *= emitted


def _row_sum(emission: Floats) -> float:
    """Log sum over all paths through a state sequence, with silence at either end: (frames, states)."""
    peak = emission.max(1, keepdims=True)
    emitted = np.exp(EVIDENCE * (emission - peak))
    alpha = np.zeros(emission.shape[1])
    alpha[:2] = emitted[0, :2]
    total = EVIDENCE * float(peak.sum())
    for e in emitted[1:]:
        _step(alpha, e)
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


def begun(loglikes: Floats, rows: Sequence[States], a: int) -> list[tuple[float, int]]:
    """For each row of states that may begin at frame ``a``: its greatest log likelihood ratio to any syllable sequence
    up to the same frame, and the frame behind that. ``row_ratios`` with the ends open."""
    most = max(map(len, rows), default=0)
    frames = loglikes[a : a + LONGEST * most]
    if len(frames) == 0:
        return [(-math.inf, a)] * len(rows)
    emission = np.full((len(frames), len(rows), most + 1), -np.inf, np.float32)
    emission[:, :, 0] = frames[:, :2].max(1)[:, None]  # silence before it
    of = {s: frames[:, list(s)].max(1) for s in {s for row in rows for s in row}}
    for k, row in enumerate(rows):
        emission[:, k, 1 : len(row) + 1] = np.stack([of[s] for s in row], 1)
    last = np.arange(len(rows)), np.array([len(row) for row in rows])
    matrix = free_row()
    peak = frames[:, : len(matrix)].max(1)
    emitted = np.exp(EVIDENCE * (emission - peak[:, None, None]))
    free = np.exp(EVIDENCE * (frames[:, : len(matrix)] - peak[:, None]))
    alpha = np.zeros(emission.shape[1:])
    alpha[:, :2] = emitted[0, :, :2]
    anything = free[0].astype(float)
    best, ends = np.full(len(rows), -np.inf), np.full(len(rows), a)
    for t in range(1, len(frames)):
        _step(alpha, emitted[t])
        anything = (anything @ matrix) * free[t]
        scale = anything.sum() + 1e-300
        anything /= scale
        alpha /= scale
        ratio = np.log(alpha[last] + 1e-300)
        better = ratio > best
        best[better], ends[better] = ratio[better], a + t + 1
    return list(zip(best.tolist(), ends.tolist(), strict=True))


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
