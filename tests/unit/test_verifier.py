"""What is beside a word counts for its confidence, as far as it is itself believed."""

from __future__ import annotations

from typing import Any

import pytest

from voice.grammar.lexicon import Entry
from voice.net.loading import Net
from voice.speech.goodness import Calibration, Goodness
from voice.speech.hypothesis import Word
from voice.station.ear import Verifier

BESIDE = Calibration((0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -2.0))
"""Confidence falls with the free speech beside a word; 0.5 at goodness 0 without any."""


class Heard(Verifier):
    """Hears every word of a second as well as it is told."""

    def __init__(self, goodness: tuple[float, ...]) -> None:
        super().__init__(BESIDE, "standard", False)
        self._told = goodness

    def _aligned(self, frames: Any, entry: Entry, start: float, end: float) -> Goodness:
        return Goodness(self._told[int(start)], 0.0, 0.0, 5, entry.syllables)


@pytest.mark.parametrize(
    ("said", "goodness", "word", "believed"),
    [
        (["需要救护车", "北门有人打架", "这就过去"], (-3, 1, -3), 1, False),
        (["需要救护车", "北门有人打架", "这就过去"], (3, 1, 3), 1, True),
        (["#na", "北门有人打架", "#zai"], (0, 1, 0), 1, False),
        (["贾岗社区", "这就过去"], (1, -3), 0, True),
        (["贾岗社区", "收到", "这就过去"], (1, 1, -3), 1, True),
        (["这就过去", "贾岗社区"], (-3, 1), 1, False),
        (["收到", "收到"], (1, -1), 0, True),
        (["收到", "正常"], (1, -1), 0, False),
    ],
    ids=[
        "amid doubted phrases",
        "amid phrases",
        "amid syllables",
        "a call sign first",
        "behind a call sign",
        "a call sign last",
        "twice",
        "another",
    ],
)
def test_doubted_phrases_are_free_speech_beside_others(
    net: Net, said: list[str], goodness: tuple[float, ...], word: int, believed: bool
) -> None:
    entries = {e.text: e for e in net.lexicon.spoken}
    words = [Word(entries[t].symbol if t in entries else t, float(k), k + 1.0, 1.0) for k, t in enumerate(said)]
    verifier = Heard(goodness)
    score = verifier.of_frames(None, words, net.lexicon.by_symbol(), 0.5)  # type: ignore[arg-type]
    assert (score(entries[said[word]], words[word].start, words[word].end) >= 0.5) == believed
