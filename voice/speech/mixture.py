"""Both networks together: the weighed mean of their scores.

They go wrong in different places. The encoder knows how people talk, the first network has heard single words in every
noise: on the recipe's tuning speakers the mean hears more of both than either (docs/training-log.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voice.pcm import Floats, Pcm16
from voice.speech.acoustics import AcousticModel, OverListener
from voice.speech.encoder import EncodedAcoustics

FIRST = 0.4
"""Weight of the first network's scores; the encoder has the rest. Tuning speakers are heard the same with 0.1 to 0.4;
with 0.25 short phrases of held-out natural voices were heard less often."""


IN_TEXT = 0.08
"""The same where free speech is written down: the encoder knows far better how people talk."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Two networks that judge an over."""

    first: AcousticModel
    second: EncodedAcoustics

    def scorer(self) -> MixtureScorer:
        """For one over."""
        return MixtureScorer(self.first.scorer(), self.second.scorer())


class MixtureScorer:
    """Scores one over by both."""

    def __init__(self, first: OverListener, second: OverListener) -> None:
        self._first, self._second = first, second
        self._scores: tuple[Floats, Floats] | None = None
        """By each network, of the over that has ended."""

    def accept(self, pcm: Pcm16 | Floats) -> None:
        """More samples at 8 kHz in int16 scale."""
        self._first.accept(pcm)
        self._second.accept(pcm)

    def finish(self, first: float = FIRST) -> Floats:
        """Scores (frames of FRAME_S, pdfs) of the whole over; repeated calls return the same. ``first``: weight of the
        first network."""
        if self._scores is None:
            self._scores = self._first.finish(), self._second.finish()
        mean = first * self._scores[0]
        mean += (1 - first) * self._scores[1]
        return np.asarray(mean, np.float32)
