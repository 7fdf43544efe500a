"""Recognition result of one over."""

from __future__ import annotations

from dataclasses import dataclass

from voice.pcm import Seconds


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

    def __bool__(self) -> bool:
        return bool(self.words)
