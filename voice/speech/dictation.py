"""Stock Vosk models: dictation of free speech, and fallback for our own model.

A stock model has a fixed vocabulary and drops unknown words (vosk-api#2045, #1314), so call signs are split into known
words; what they cannot express is reported, never dropped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from voice.pcm import Pcm16
from voice.speech.recogniser import Recogniser, open_stock

LONGEST_WORD = 8
"""Longest vocabulary word tried, characters."""


def segment(text: str, knows: Callable[[str], bool]) -> list[str] | None:
    """``text`` as the fewest words accepted by ``knows``; among equals, the longest first word. None if impossible."""
    best: dict[int, list[str]] = {len(text): []}
    for i in range(len(text) - 1, -1, -1):
        for n in range(min(LONGEST_WORD, len(text) - i), 0, -1):
            rest = best.get(i + n)
            if rest is not None and (i not in best or len(rest) + 1 < len(best[i])) and knows(text[i : i + n]):
                best[i] = [text[i : i + n], *rest]
    return best.get(0)


def grammar_of(texts: Iterable[str], knows: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """(phrases for Vosk's run-time grammar, texts that the vocabulary cannot express)."""
    phrases: list[str] = []
    missing: list[str] = []
    for text in dict.fromkeys(texts):
        words = segment(text, knows)
        if words is None:
            missing.append(text)
        else:
            phrases.append(" ".join(words))
    return phrases, missing


class Dictation:
    """Free speech to Chinese text with a stock model."""

    def __init__(self, folder: Path) -> None:
        """Raises HuyingError if the model is broken."""
        self._recogniser: Recogniser = open_stock(folder)

    def write(self, pcm: Pcm16) -> str:
        """Text of one over (8000 Hz), without spaces; empty if nothing was recognised."""
        hypothesis = self._recogniser.recognise(pcm)
        return "".join(w.symbol for w in hypothesis.words if w.symbol != "[unk]")
