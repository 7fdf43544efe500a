"""Recognition in two passes: what was heard so far, and what was said.

While an over lasts, the stock Vosk wheel shows words as they come. When it has ended, our own search finds the words in
the scores of the whole over, by both networks where a model has two. Only the second pass is logged, so a replay
is spared the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from voice.grammar.search import Search
from voice.pcm import Floats, Pcm16
from voice.speech.acoustics import Acoustics, sounds_of
from voice.speech.hypothesis import Hypothesis
from voice.speech.mixture import IN_TEXT, MixtureScorer
from voice.speech.recogniser import NOISE_RMS, OverStream, Recogniser


class TwoPass:
    """A model of ours with one graph. Create one stream per over; streams may run in parallel threads."""

    def __init__(self, acoustics: Acoustics, search: Search, first: Callable[[], Recogniser]) -> None:
        """``first``: loads the recogniser that hears during an over; called when somebody asks for the first time."""
        self.acoustics, self.search, self._load = acoustics, search, first

    @cached_property
    def first(self) -> Recogniser:
        """Hears during an over."""
        return self._load()

    @property
    def loaded(self) -> bool:
        """Somebody has asked for the one that hears during an over."""
        return "first" in self.__dict__

    def stream(self) -> TwoPassStream:
        """A stream for one over."""
        return TwoPassStream(self)

    def recognise(self, pcm: Pcm16) -> Hypothesis:
        """Recognise a whole over."""
        stream = self.stream()
        stream.accept(pcm)
        return stream.finish()


class TwoPassStream:
    """Streaming recognition during an over."""

    def __init__(self, recogniser: TwoPass) -> None:
        self._recogniser = recogniser
        self._scorer = recogniser.acoustics.scorer()
        self._noise = np.random.default_rng(0)
        self._first: OverStream | None = None
        self._unheard: list[Pcm16] = []
        """By the first pass: it hears them when somebody wants to know."""

    def accept(self, pcm: Pcm16) -> None:
        """Add samples, shape (n,), int16, at RATE."""
        noise = self._noise.standard_normal(len(pcm), np.float32) * NOISE_RMS
        self._scorer.accept(pcm + noise)
        self._unheard.append(pcm)

    def so_far(self) -> tuple[str, ...]:
        """Symbols recognised so far; may still change."""
        if self._first is None:
            self._first = self._recogniser.first.stream()
        for pcm in self._unheard:
            self._first.accept(pcm)
        self._unheard = []
        return self._first.so_far()

    def scores(self) -> Floats:
        """Acoustic scores of the whole over, which has ended: (frames of 30 ms, pdfs)."""
        return self._scorer.finish()

    def finish(self) -> Hypothesis:
        """The over has ended."""
        loglikes = self.scores()
        return replace(self._recogniser.search.best(loglikes), loglikes=loglikes, sounds=self.sounds())

    def sounds(self) -> npt.NDArray[np.float16]:
        """Scores of the whole over by which free speech in it is written down. They may wait long: half precision."""
        scorer = self._scorer
        return sounds_of(scorer.finish(IN_TEXT) if isinstance(scorer, MixtureScorer) else scorer.finish())
