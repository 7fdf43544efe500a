"""Free speech without phrases: the best syllable sequence for a stretch of acoustic scores.

Uses only the filler of the graph, with the same weights. The scores already exist, since every over is verified, so
this is a search over about 1,600 states in numpy, ten times faster than a second recogniser.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from voice.grammar.compiler import Costs
from voice.grammar.lexicon import FILLER, NOISE
from voice.mandarin.phones import GARBAGE, SILENCE, SYLLABLES, phone_set, split_syllable
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S
from voice.speech.hypothesis import Hypothesis, Word

ACOUSTIC_SCALE = 0.2
"""Acoustic scale, as in the model's ``model.conf``: applied to scores before graph costs are subtracted."""

GRAPH_SCALE = 0.9
"""Scale of the graph's costs: as applied by Vosk to its lattices before the best path is taken (``recognizer.cc``)."""

_LOG2 = math.log(2)
_SILENT = len(SYLLABLES)
_NOISE = _SILENT + 1


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


class FreeSpeech:
    """Recognises filler syllables from the scores of an over."""

    def __init__(self, costs: Costs) -> None:
        """``costs``: those of the net's graph, so that syllables are weighted equally."""
        pdfs = phone_set().pdfs
        self._enter = GRAPH_SCALE * costs.filler
        self._loops = GRAPH_SCALE * np.array([costs.silence, costs.noise])
        self._pdfs, self._alone = states_of(SYLLABLES, costs.hold)
        self._looped = [pdfs[SILENCE][0], pdfs[GARBAGE][0]]

    def hear(self, loglikes: Floats, start: float, end: float) -> Hypothesis:
        """Filler words and noise between two times, s; word times are within the over, confidence 1.0 (nothing
        competes).

        ``loglikes``: scores of the whole over, shape (frames of FRAME_S, pdfs).
        """
        a, b = max(0, round(start / FRAME_S)), min(len(loglikes), round(end / FRAME_S))
        if b <= a:
            return Hypothesis(())
        scores = ACOUSTIC_SCALE * loglikes[a:b]
        ends, begun = self._search(scores[:, self._pdfs], scores[:, self._looped])
        words = []
        t = b - a
        while t > 0:
            which, before = int(ends[t]), int(begun[t])
            if which != _SILENT:
                symbol = NOISE if which == _NOISE else FILLER + SYLLABLES[which]
                words.append(Word(symbol, round((a + before) * FRAME_S, 2), round((a + t) * FRAME_S, 2), 1.0))
            t = before
        return Hypothesis(tuple(reversed(words)))

    def _search(self, emission: Floats, looped: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Viterbi. Best item ending after t frames (syllable, silence or noise) and its first frame; where nothing
        can have ended yet, silence. ``looped``: scores of silence and noise."""
        frames, n, places = emission.shape
        score = np.full((n, places), -np.inf, np.float32)
        origin = np.zeros((n, places), np.int64)
        hub, still, still_from = 0.0, np.full(2, -np.inf), np.zeros(2, np.int64)
        ends, begun = np.full(frames + 1, _SILENT), np.zeros(frames + 1, np.int64)
        held = [0, 1, places - 1]
        for t in range(frames):
            came = np.empty_like(score)
            came_from = np.empty_like(origin)
            came[:, 1:], came_from[:, 1:] = score[:, :-1], origin[:, :-1]
            came[:, 0] = -np.inf
            came[~self._alone, 0] = came[self._alone, 1] = hub - self._enter
            came_from[~self._alone, 0] = came_from[self._alone, 1] = t
            stay = score[:, held] > came[:, held]
            came[:, held] = np.where(stay, score[:, held], came[:, held])
            came_from[:, held] = np.where(stay, origin[:, held], came_from[:, held])
            score = came + (emission[t] - np.float32(_LOG2))
            origin = came_from
            enter = hub - self._loops
            still_from[enter > still] = t
            still = np.maximum(still, enter) + looped[t] - _LOG2
            best = int(score[:, -1].argmax())
            spoken = float(score[best, -1])
            which = int(still.argmax())
            hub = max(spoken, float(still[which]))
            ends[t + 1], begun[t + 1] = (
                (best, origin[best, -1]) if spoken > still[which] else (_SILENT + which, still_from[which])
            )
        return ends, begun
