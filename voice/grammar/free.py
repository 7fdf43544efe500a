"""Free speech without phrases: the best syllable sequence for a stretch of acoustic scores.

The filler of the graph, with a bigram of syllables where the model has one. The scores already exist, since every over
is verified, so this is a search over about 1,600 states in numpy, ten times faster than a second recogniser.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from voice.grammar.compiler import Costs
from voice.grammar.lexicon import FILLER, NOISE
from voice.grammar.search import ACOUSTIC_SCALE, GRAPH_SCALE
from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, phone_set, split_syllable
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S
from voice.speech.hypothesis import Hypothesis, Word

BIGRAM_SCALE = 0.3
"""Of the bigram's logarithms against the scaled acoustic scores. On the recipe's tuning people at 20 dB 0.31 of the
syllables are wrong with it, 0.38 with twice as much."""

KEPT = 24
"""Likeliest syllables ending in a frame that are continued."""

EXPECTED, FLATTER = 0.9, 0.25
"""Share of a text that is expected in the chances of syllables, and exponent of the chances of such texts among each
other."""

_LOG2 = math.log(2)
_SILENT = len(SYLLABLES)
_NOISE = _SILENT + 1
_INDEX = {s: k for k, s in enumerate(SYLLABLES)}


def states_of(syllables: Iterable[str], hold: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(pdf of each state, whether there is no initial), shapes (syllables, places) and (syllables,).

    Only the last state of a final is held, for ``hold`` frames at least; a syllable without an initial begins at the
    second place.
    """
    pdfs = phone_set().pdfs
    rows, alone = [], []
    for s in syllables:
        phones = split_syllable(s)
        assert phones is not None
        initial, final = pdfs[phones[0]], pdfs[phones[-1]]
        alone.append(len(phones) == 1)
        rows.append([initial[0], final[0], *[final[1]] * hold])
    return np.array(rows), np.array(alone)


class Tokens:
    """The best way into each state of each syllable, frame by frame (Viterbi)."""

    def __init__(self, pdfs: npt.NDArray[np.int64], alone: npt.NDArray[np.bool_]) -> None:
        """``pdfs``, shape (places, syllables), and ``alone``: transposed and as they are from ``states_of``."""
        self._pdfs, self._alone = pdfs, alone
        self._score = np.full(pdfs.shape, -np.inf, np.float32)
        self._origin = np.zeros(pdfs.shape, np.int32)

    @property
    def ends(self) -> tuple[Floats, npt.NDArray[np.int32]]:
        """(score, origin) at the end of each syllable."""
        return self._score[-1], self._origin[-1]

    def step(self, entry: Floats, via: npt.NDArray[np.int32], scores: Floats) -> None:
        """One frame on. ``entry``: score of entering each syllable; ``via``: the origin of whoever enters; ``scores``:
        of the frame's pdfs. Only the first two states and the last are stayed in."""
        score, origin = self._score, self._origin
        _take(score[-1], origin[-1], score[-2], origin[-2])
        for place in range(len(score) - 2, 1, -1):
            score[place], origin[place] = score[place - 1], origin[place - 1]
        _take(score[1], origin[1], np.where(self._alone, entry, score[0]), np.where(self._alone, via, origin[0]))
        _take(score[0], origin[0], np.where(self._alone, np.float32(-np.inf), entry), via)
        score += (scores - np.float32(_LOG2))[self._pdfs]


def _take(score: Floats, origin: npt.NDArray[np.int32], other: Floats, whence: npt.NDArray[np.int32]) -> None:
    """Whatever is as good or better."""
    better = other >= score
    np.maximum(score, other, out=score)
    np.copyto(origin, whence, where=better)


class FreeSpeech:
    """Recognises filler syllables from the scores of an over."""

    def __init__(self, costs: Costs, bigram: Floats | None = None) -> None:
        """``costs``: those of the net's graph, perhaps with another ``filler``. ``bigram``: natural logarithm of the
        chance of each syllable after each, shape (1 + SYLLABLES, SYLLABLES), first the row after silence; without
        one all syllables are equally likely."""
        pdfs = phone_set().pdfs
        n = len(SYLLABLES)
        self._costs, self._bigram = costs, bigram
        unlikely = np.zeros((1 + n, n), np.float32) if bigram is None else -(bigram + math.log(n))
        enter = GRAPH_SCALE * costs.filler + BIGRAM_SCALE * unlikely
        self._first, self._after = enter[0].astype(np.float32), enter[1:].astype(np.float32)
        self._loops = GRAPH_SCALE * np.array([costs.silence, costs.noise])
        pdfs_of, self._alone = states_of(SYLLABLES, costs.hold)
        self._pdfs = np.ascontiguousarray(pdfs_of.T)
        self._looped = [pdfs[SILENCE][0], pdfs[GARBAGE][0]]

    def expecting(self, rows: Iterable[tuple[Sequence[str], float]]) -> FreeSpeech:
        """One that expects what was perhaps said. ``rows``: syllables and their log-probability."""
        return FreeSpeech(self._costs, np.asarray(np.log(self._mixed(rows)), np.float32))

    def hints(self, rows: Iterable[tuple[Sequence[str], float]]) -> Floats:
        """How much likelier each syllable is after each if that was perhaps said: natural logarithms, shape
        (1 + SYLLABLES, SYLLABLES), first the row where nothing is before."""
        return np.asarray(np.log(self._mixed(rows) / self._known()), np.float32)

    def _known(self) -> Floats:
        n = len(SYLLABLES)
        return np.exp(self._bigram) if self._bigram is not None else np.full((1 + n, n), 1 / n, np.float32)

    def _mixed(self, rows: Iterable[tuple[Sequence[str], float]]) -> Floats:
        n = len(SYLLABLES)
        counts = np.zeros((1 + n, n))
        given = [([_INDEX[s] for s in row if s in _INDEX], weight) for row, weight in rows]
        likeliest = max((weight for _, weight in given), default=0.0)
        for row, weight in given:
            for before, after in pairwise([-1, *row]):
                counts[before + 1, after] += math.exp((weight - likeliest) * FLATTER)
        counts[0] = counts.sum(0)  # after a pause it may go on anywhere
        total = counts.sum(1, keepdims=True)
        known = self._known()
        return np.where(total > 0, (1 - EXPECTED) * known + EXPECTED * counts / np.maximum(total, 1e-30), known)

    def syllables(self, loglikes: Floats) -> list[str]:
        """All that is heard in an over."""
        words = self.hear(loglikes, 0.0, len(loglikes) * FRAME_S).words
        return [w.symbol.removeprefix(FILLER) for w in words if w.symbol.startswith(FILLER)]

    def hear(self, loglikes: Floats, start: float, end: float) -> Hypothesis:
        """Filler words and noise between two times, s; word times are within the over, confidence 1.0 (nothing
        competes).

        ``loglikes``: scores of the whole over, shape (frames of FRAME_S, pdfs).
        """
        a, b = max(0, round(start / FRAME_S)), round(min(end, len(loglikes) * FRAME_S) / FRAME_S)
        if b <= a:
            return Hypothesis(())
        scores = ACOUSTIC_SCALE * loglikes[a:b]
        path = self._search(scores)
        words = []
        for (_, before), (item, t) in pairwise([(_SILENT, 0), *path]):
            if item != _SILENT:
                symbol = NOISE if item == _NOISE else FILLER + SYLLABLES[item]
                words.append(Word(symbol, round((a + before) * FRAME_S, 2), round((a + t) * FRAME_S, 2), 1.0))
        return Hypothesis(tuple(words))

    def _search(self, scores: Floats) -> list[tuple[int, int]]:
        """Viterbi: (syllable, silence or noise; frame after its last) along the best path.

        Nodes are ends of items. Node 0 is the beginning; in every frame there are ``KEPT`` syllables, silence and
        noise.
        """
        frames, n, width = len(scores), len(SYLLABLES), KEPT + 2
        item, previous = np.full((2, 1 + frames * width), _SILENT)
        tokens = Tokens(self._pdfs, self._alone)
        still, still_from = np.full(2, -np.inf), np.zeros(2, np.int64)
        entry, via = -self._first, np.zeros(n, np.int32)
        best, best_node = 0.0, 0
        looped = scores[:, self._looped]
        for t in range(frames):
            tokens.step(entry, via, scores[t])
            score, origin = tokens.ends

            enter = best - self._loops
            still_from[enter > still] = best_node
            still = np.maximum(still, enter) + looped[t] - _LOG2

            kept = np.argpartition(score, -KEPT)[-KEPT:]
            ends = score[kept]
            nodes = 1 + t * width
            item[nodes : nodes + width] = [*kept, _SILENT, _NOISE]
            previous[nodes : nodes + width] = [*origin[kept], *still_from]
            quiet = int(still.argmax())
            followed = ends[:, None] - self._after[kept]
            entry = followed.max(0)
            via = (nodes + (followed == entry).argmax(0)).astype(np.int32)
            rested = np.float32(still[quiet]) - self._first
            via[rested > entry] = nodes + KEPT + quiet
            entry = np.maximum(entry, rested)
            top = int(ends.argmax())
            best, best_node = max((float(ends[top]), nodes + top), (float(still[quiet]), nodes + KEPT + quiet))
        path = []
        while best_node:
            path.append((int(item[best_node]), (best_node - 1) // width + 1))
            best_node = int(previous[best_node])
        return path[::-1]
