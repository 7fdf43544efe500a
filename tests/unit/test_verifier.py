"""What is beside a word counts for its confidence, as far as it is itself believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from voice.grammar.lexicon import Entry
from voice.grammar.message import Doubt
from voice.grammar.spoken_figures import SpokenFigure
from voice.grammar.word_search import Found
from voice.mandarin.phones import phone_set
from voice.mandarin.readings import toneless
from voice.net.loading import Net
from voice.speech.acoustics import FRAME_S
from voice.speech.goodness import Calibration, Goodness, frames_of
from voice.speech.hypothesis import Word
from voice.station.verifier import Verification, Verifier

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


@pytest.mark.parametrize(
    ("said", "logged", "doubt"),
    [
        ({"穿灰衣服": 0.0, "穿黑衣服": -8.0}, "穿灰衣服", Doubt.NONE),
        ({"穿灰衣服": 0.0, "穿黑衣服": -0.5}, "穿黑衣服", Doubt.NONE),
        ({"穿黑衣服": 0.0, "穿白衣服": -8.0}, "穿黑衣服", Doubt.NONE),
        ({"穿白衣服": 0.0, "穿黑衣服": -0.5}, "穿白衣服", Doubt.ANOTHER),
    ],
)
def test_the_likeliest_of_sisters_is_said(net: Net, said: dict[str, float], logged: str, doubt: Doubt) -> None:
    """hui is common and heard readily where hei was said. Scores of the sounds of each; all others have -12."""
    entries = {e.text: e for e in net.lexicon.spoken}
    shares = {"hui": -4.0, "hei": -9.0, "bai": -9.0}
    verifier = Verifier(BESIDE, "standard", False, net.lexicon.spoken, shares)
    loglikes = np.full((60, 479), -12.0, np.float32)
    rows = {text: verifier._first_reading(entries[text])[0][0] for text in said}
    n = 3 * max(map(len, rows.values()))
    for text, score in said.items():
        for k, pdfs in enumerate(rows[text]):
            places = loglikes[3 * k : 3 * k + 3]
            places[:, list(pdfs)] = np.maximum(places[:, list(pdfs)], score)
    for other in ("穿灰衣服", "穿黑衣服", "穿白衣服"):
        found, doubted = verifier.doubt(frames_of(loglikes[:n]), lambda: None, entries[other], 0.0, n * FRAME_S)
        assert (found.text, doubted) == (logged, doubt), other


class Row:
    """Finds a figure of so many syllables at a time of the over, 0.2 s each."""

    def __init__(self, syllables: int, at: float) -> None:
        self.figure = SpokenFigure(("san",) * syllables, at, at + 0.2 * syllables, 9.0)

    def find(self, _: Any, start: float, end: float) -> SpokenFigure | None:
        return self.figure if start <= self.figure.start and self.figure.end <= end else None


class Sure(Verifier):
    """Hears every figure."""

    def confidence(self, frames: Any, figure: SpokenFigure) -> float:
        return 1.0

    def borne_out(self, loglikes: Any, figure: SpokenFigure) -> bool:
        return True


@pytest.mark.parametrize(
    ("syllables", "at", "seconds", "sure"),
    [(3, 1.0, 2.0, True), (3, 2.5, 4.0, False), (3, 0.0, 4.0, False), (6, 2.5, 5.0, True)],
    ids=["alone", "amid talk", "before talk", "long"],
)
def test_a_short_figure_amid_talk_is_doubtful(syllables: int, at: float, seconds: float, sure: bool) -> None:
    heard = Verification(Sure(BESIDE, "standard", False), cast(Any, None), cast(Any, Row(syllables, at)))
    (found,) = heard.figures(cast(Any, (None,)), cast(Any, None), 0.0, seconds)
    assert found.sure == sure


def test_speech_begins_with_a_call_sign_that_any_syllables_explain_worse(net: Net) -> None:
    verifier = Verifier(BESIDE, "standard", False)
    units = [e for e in net.lexicon.spoken if e.kind == "unit"]
    sign = next(e for e in units if e.text == "贾岗社区治安队")
    spoken, _ = verifier._row(tuple(toneless(place[0]) for place in sign.readings[0]))
    after, _ = verifier._row(("kan", "yi", "xia"))
    loglikes = np.full((200, phone_set().toneless), -12.0, np.float32)
    for k in range(10):
        loglikes[k, 0] = 0.0
    for k, state in enumerate(np.repeat(np.array([s[0] for s in (*spoken, *after)]), 2)):
        loglikes[10 + k, state] = 0.0
    found = verifier.called(loglikes, units, 0.15)
    assert found is not None
    entry, end, _ = found
    assert entry.key == sign.key
    assert abs(end - FRAME_S * (10 + 2 * len(spoken))) < 0.1
    assert verifier.called(loglikes, units, 0.6) is None, "another unit of the same ending"
    assert verifier.called(loglikes, units, 9.0) is None, "behind the end"
    assert verifier.called(loglikes, [], 0.15) is None


@pytest.mark.parametrize(
    ("said", "doubt"),
    [(("dao", "le"), Doubt.NONE), (("dao", "na", "le"), Doubt.REFUTED), (("gao", "le"), Doubt.REFUTED)],
)
def test_a_syllable_that_is_another_one_refutes_a_short_phrase(net: Net, said: tuple[str, ...], doubt: Doubt) -> None:
    """到哪了 is no 到了: where 了 would have to be is another syllable."""
    verifier = Verifier(BESIDE, "standard", False)
    states = verifier._row(said)[0]
    loglikes = np.full((5 * len(states), 479), -6.0, np.float32)
    for k, pdfs in enumerate(states):
        loglikes[5 * k : 5 * k + 5, list(pdfs)] = 0.0
    arrived = next(e for e in net.lexicon.spoken if e.text == "到了")
    assert verifier.doubt(frames_of(loglikes), lambda: None, arrived, 0.0, len(loglikes) * FRAME_S) == (arrived, doubt)


def test_words_decide_where_a_syllable_is_in_doubt(net: Net) -> None:
    """到了 and 到呢 sound alike: what is likelier to be said counts, and only there."""
    verifier = Verifier(BESIDE, "standard", False, net.lexicon.spoken)
    (arrived,) = (e for e in net.lexicon.spoken if e.text == "到了")

    def doubt(likelier: float, *words: str) -> Doubt:
        loglikes = np.full((30, 479), -6.0, np.float32)
        for row in (("dao", "le"), ("dao", "ne")):
            score = likelier if "ne" in row else 0.0
            for k, pdfs in enumerate(verifier._row(row)[0]):
                places = loglikes[5 * k : 5 * k + 5]
                places[:, list(pdfs)] = np.maximum(places[:, list(pdfs)], score)
        found = Found(words, tuple(tuple(net.readings.spoken(w)) for w in words), 0.0)
        toneless = tuple(tuple(s.rstrip("12345") for s in way) for way in found.syllables)
        written = replace(found, syllables=toneless)
        return verifier.doubt(frames_of(loglikes), lambda: written, arrived, 0.0, 30 * FRAME_S)[1]

    assert doubt(0.3, "到", "呢") == Doubt.NONE, "sounds leave no doubt"
    assert doubt(2.4, "到", "呢") == Doubt.ANOTHER
    assert doubt(2.4, "到了") == Doubt.NONE
    assert doubt(2.4, "到了", "吗") == Doubt.ANOTHER, "amid other words"
    assert doubt(5.0, "到了") == Doubt.REFUTED, "words do not make up for sounds"
