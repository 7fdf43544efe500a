"""Figures found in the scores of an over: the network of what may be said, and a margin over speech without one."""

from __future__ import annotations

import numpy as np
import pytest

from voice.grammar.compiler import Costs
from voice.grammar.evidence import Evidence
from voice.grammar.interpreter import Interpreter
from voice.grammar.spoken_figures import MARGIN, FigureSpeech, SpokenFigure, numbers
from voice.mandarin.figures import figures
from voice.mandarin.phones import phone_set, split_syllable
from voice.net.loading import load_net
from voice.pcm import Floats
from voice.places import sample_net
from voice.speech.acoustics import FRAME_S
from voice.speech.hypothesis import Hypothesis, Word

DIGITS = {
    "ling": "0", "dong": "0", "yao": "1", "yi": "1", "er": "2", "liang": "2", "san": "3", "si": "4", "wu": "5",
    "liu": "6", "qi": "7", "guai": "7", "ba": "8", "jiu": "9",
}  # fmt: skip


def scores_of(said: str, gain: float = 12.0) -> Floats:
    """Scores as a perfect model would give them: five frames a syllable, a gap of silence before and after."""
    pdfs = phone_set().pdfs
    rows: list[int] = [0] * 8
    for s in said.split():
        phones = split_syllable(s)
        assert phones is not None
        initial = [pdfs[phones[0]][0]] * 2 if len(phones) == 2 else []
        rows += [*initial, *[pdfs[phones[-1]][0]] * 2, *[pdfs[phones[-1]][1]] * 3]
    rows += [0] * 8
    out = np.full((len(rows), phone_set().toneless), -gain, np.float32)
    out[np.arange(len(rows)), rows] = 0.0
    return out


@pytest.mark.parametrize(
    "said, figure",
    [
        ("shi dian shi wu fen", "10:15"),
        ("shi jian er shi yi dian san shi", "21:30"),
        ("ba dian ban dao", "8:30"),
        ("yu ei yao er san si wu", "豫/渝A12345"),
        ("jing en yao er san si wu", "京N12345"),
        ("xia wu shi dian ji he", "下午10:00"),
        ("ming tian wan shang ba dian ban", "明天晚上8:30"),
        ("xing qi san kai hui", "周三"),
        ("hu jiao dong yao liang", "012"),
        ("qing dao san hao lou ji he", "3号楼"),
        ("gai dao pin dao si", "频道4"),
        ("pai san ge ren qu", "3人"),
        ("liu yue wu hao kai hui", "6月5日"),
    ],
)
def test_heard_among_other_words(said: str, figure: str) -> None:
    scores = scores_of(said)
    found = FigureSpeech(Costs(), DIGITS).find(scores, 0.0, len(scores) * FRAME_S)
    assert found is not None and found.margin > MARGIN
    assert figures(found.syllables, DIGITS) == (figure,)
    assert 0.0 < found.start < found.end < len(scores) * FRAME_S


def test_words_before_digits_are_found_with_them() -> None:
    """呼叫 is not 五幺."""
    scores = scores_of("hu jiao dong yao liang")
    found = FigureSpeech(Costs(), DIGITS).find(scores, 0.0, len(scores) * FRAME_S)
    assert found is not None and found.syllables == ("hu", "jiao", "dong", "yao", "liang")


@pytest.mark.parametrize(("sure", "figure"), [(True, "012"), (False, "012?")])
def test_a_figure_that_may_be_another_one_is_marked(sure: bool, figure: str) -> None:
    net = load_net(sample_net())
    heard = SpokenFigure(("dong", "yao", "liang"), 0.0, 0.9, 2.5, sure)
    said = Hypothesis(tuple(Word(f"#{s}", k / 3, (k + 1) / 3, 1.0) for k, s in enumerate(["dong", "yao", "niang"])))
    audio = Evidence(figures=lambda a, b: [heard] if a <= 0 < b else [])
    assert Interpreter(net.lexicon).interpret(said, audio).figures == (figure,)


@pytest.mark.parametrize("said", ["men kou you ren tui xiao", "wo men zai kai hui", "dou hao zhe ne"])
def test_other_words_are_none(said: str) -> None:
    scores = scores_of(said)
    found = FigureSpeech(Costs(), DIGITS).find(scores, 0.0, len(scores) * FRAME_S)
    assert found is None or found.margin < MARGIN


def test_a_stretch_that_is_too_short() -> None:
    assert FigureSpeech(Costs(), DIGITS).find(scores_of("si"), 0.0, 0.3) is None


def test_readings_of_numbers() -> None:
    read = [" ".join(n) for n in numbers(0, 22)]
    assert read[:4] == ["ling", "yi", "yao", "er"] and {"shi", "shi er", "er shi", "er shi er"} <= set(read)
    assert "shi liang" not in read


def test_a_net_without_words_for_digits_hears_no_digits() -> None:
    scores = scores_of("hu jiao dong yao liang")
    found = FigureSpeech(Costs(), {}).find(scores, 0.0, len(scores) * FRAME_S)
    assert found is None or found.margin < MARGIN


@pytest.mark.parametrize(
    "said, read",
    [
        ("pin dao er shi yi xia", ("频道2",)),
        ("pin dao er yi ding", ("频道2",)),
        ("pin dao er shi yi ban", ("频道21",)),
        ("pin dao yi bian", ("频道1",)),
        ("shi dian er shi yi bian", ("10:21",)),
    ],
)
def test_a_word_behind_a_figure_takes_nothing_of_it(said: str, read: tuple[str, ...]) -> None:
    assert figures(said.split(), DIGITS) == read
