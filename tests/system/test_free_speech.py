"""Speech without any phrase, out of scores that are there already, against Vosk with the same graph."""

from __future__ import annotations

import difflib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from voice.bench.speed import overs_of
from voice.grammar.compiler import Costs, compile_graph
from voice.grammar.free import FreeSpeech
from voice.grammar.lexicon import FILLER, NOISE
from voice.net.loading import Net
from voice.pcm import RATE, Floats, Pcm16
from voice.radio.over import Over
from voice.speech.acoustics import load_acoustic_model
from voice.speech.hypothesis import Hypothesis, Word
from voice.speech.recogniser import Recogniser, assemble
from voice.station.ear import FREE_SYLLABLE, Ear


def same_time(a: Word, b: Word) -> bool:
    return abs(a.start - b.start) < 0.15 and abs(a.end - b.end) < 0.15


def likeliest(vosk: Recogniser, pcm: Pcm16) -> list[Word]:
    """Vosk's likeliest row of words. Without alternatives it gives the row of least expected errors, another one."""
    stream = vosk.stream()
    stream._kaldi.SetMaxAlternatives(1)
    words: list[Word] = []

    def take(result: str) -> None:
        for alternative in json.loads(result)["alternatives"]:
            words.extend(Word(w["word"], w["start"], w["end"], 1.0) for w in alternative.get("result", ()))

    stream._take = take  # type: ignore[method-assign]
    stream.accept(pcm)
    stream.finish()
    return words


def scores_of(ear: Ear, pcm: Pcm16) -> Floats:
    """Scores by which the ear hears an over."""
    scores = ear.recogniser.recognise(pcm).loglikes
    assert scores is not None
    return scores


def test_it_hears_what_vosk_hears_with_the_filler_alone(net: Net, ear: Ear, tmp_path: Path) -> None:
    costs = replace(net.costs, filler=FREE_SYLLABLE)
    graph, free = compile_graph(None, costs, tmp_path / "graphs"), FreeSpeech(costs)
    model = load_acoustic_model(ear.model.path / "am" / "final.mdl")
    vosk = Recogniser(assemble(ear.model, graph.folder, tmp_path / "run"), ear.model.rate)
    assert ear.verification is not None
    agreed = timely = total = 0
    for over in overs_of(net):
        pcm = over.astype(np.int16)
        theirs = likeliest(vosk, pcm)
        scores = model.loglikes(pcm.astype(np.float32))
        ours = free.hear(scores, 0.0, len(pcm) / RATE).words
        match = difflib.SequenceMatcher(None, [w.symbol for w in theirs], [w.symbol for w in ours], autojunk=False)
        for block in match.get_matching_blocks():
            agreed += block.size
            timely += sum(same_time(theirs[block.a + k], ours[block.b + k]) for k in range(block.size))
        total += max(len(theirs), len(ours))
    assert total > 100
    assert agreed / total > 0.93
    assert timely / agreed > 0.95


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.0), (5.0, 9.0), (-3.0, 0.01), (0.3, 0.2)])
def test_where_there_is_nothing_nothing_is_heard(ear: Ear, start: float, end: float) -> None:
    assert ear.verification is not None
    scores = scores_of(ear, np.zeros(8000, np.int16))
    assert not ear.verification.free.hear(scores, start, end).words


def test_words_keep_their_times_when_only_a_part_is_heard(net: Net, ear: Ear) -> None:
    assert ear.verification is not None
    pcm = overs_of(net)[0].astype(np.int16)
    scores = scores_of(ear, pcm)
    whole = ear.verification.free.hear(scores, 0.0, len(pcm) / RATE).words
    middle = whole[len(whole) // 2]
    part = ear.verification.free.hear(scores, middle.start - 0.3, middle.end + 0.3).words
    assert any(w.symbol == middle.symbol and same_time(w, middle) for w in part)


def test_a_dearer_syllable_makes_fewer_of_them(net: Net, ear: Ear) -> None:
    assert ear.verification is not None
    pcm = overs_of(net)[0].astype(np.int16)
    scores = scores_of(ear, pcm)
    counts = [len(FreeSpeech(Costs(filler=f)).hear(scores, 0.0, len(pcm) / RATE).words) for f in (2.0, 20.0, 60.0)]
    assert counts[0] > counts[1] > counts[2]


def test_a_siren_and_knocks_are_noise(ear: Ear) -> None:
    t = np.arange(6 * RATE) / RATE
    siren = np.sin(2 * np.pi * np.cumsum(900 + 500 * np.sin(2 * np.pi * 0.7 * t)) / RATE)
    knocks = np.random.default_rng(4).standard_normal(len(t)) * np.exp(-(t % 0.45) * 25)
    for sound in (siren, knocks):
        words = ear.recogniser.recognise((sound / np.abs(sound).max() * 8000).astype(np.int16)).words
        assert {w.symbol for w in words} <= {NOISE}


def test_free_speech_of_a_report_is_searched_without_the_phrases(net: Net, ear: Ear) -> None:
    over = Over.whole(overs_of(net)[0].astype(np.int16))
    filler = Hypothesis((Word(FILLER + "a", 0.0, len(over.pcm) / RATE, 1.0),), scores_of(ear, over.pcm))
    message = ear.understand(over, filler)
    assert len(message.pinyin.split()) > 3, "not the one syllable that the graph left"


def test_an_answer_of_one_syllable_stays_as_the_graph_heard_it(net: Net, ear: Ear) -> None:
    over = Over.whole(overs_of(net)[0].astype(np.int16))
    short = Hypothesis((Word(FILLER + "zai", 0.2, 0.6, 1.0),), scores_of(ear, over.pcm))
    assert ear.understand(over, short).pinyin == "zai"
