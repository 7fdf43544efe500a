"""Recognition result of one over."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from voice.pcm import Floats, Seconds


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a hypothesis."""

    symbol: str
    """Graph symbol: an entry's symbol, ``#jia`` for a filler syllable, or plain text of a stock model."""

    start: Seconds
    end: Seconds
    """Seconds from the start of the over."""

    confidence: float
    """The recogniser's own confidence, 0..1. Near 1 even for wrong words (vosk-api#741): never a gate by itself."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Words of one over in order; empty if nothing was recognised."""

    words: tuple[Word, ...]
    loglikes: Floats | None = field(default=None, compare=False, repr=False)
    """Acoustic scores of the whole over by which they were found, shape (frames of 30 ms, pdfs); a stock model shows
    none."""
    sounds: npt.NDArray[np.float16] | None = field(default=None, compare=False, repr=False)
    """Scores by which free speech in it is written down, see ``sounds_of``."""

    def __bool__(self) -> bool:
        return bool(self.words)
