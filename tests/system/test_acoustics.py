"""The acoustic model in numpy, computed piece by piece while the over lasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.places import ROOT
from voice.grammar.lexicon import NOISE
from voice.mandarin.phones import phone_set, split_syllable
from voice.pcm import Floats
from voice.speech.acoustics import FRAME_S, AcousticModel, Scorer, load_acoustic_model, mfcc
from voice.speech.goodness import BESIDE_S, Calibration, Goodness, goodness
from voice.speech.hypothesis import Word
from voice.station.verifier import unexplained


def at_once(model: AcousticModel, pcm: Floats) -> Floats:
    """The network over all frames, layer after layer."""
    cepstra = mfcc(pcm)
    if len(cepstra) == 0:
        return np.zeros((0, len(model.outputs.scores[1])), np.float32)
    h = np.pad(cepstra, ((model.context, model.context), (0, 0)), mode="edge")
    for k, (w, b) in enumerate(model.layers):
        d, step = (1 if k < 2 else model.dilations[k - 2]), (3 if k == 1 else 1)
        n = (len(h) - 2 * d - 1) // step + 1
        out = np.maximum(np.concatenate([h[j * d :: step][:n] for j in range(3)], 1) @ w.T + b, 0)
        h = out + h[d:-d] if k > 1 else out

    def log_softmax(w: Floats, b: Floats) -> Floats:
        z = h @ w.T + b
        z -= z.max(1, keepdims=True)
        return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)))

    w, b = model.outputs.scores
    return np.asarray(np.concatenate([log_softmax(*model.outputs.pdf), log_softmax(*model.outputs.tone)], 1) @ w.T + b)


def test_scores_while_the_over_lasts_are_those_of_the_whole() -> None:
    model = load_acoustic_model(ROOT / "models" / "huying-zh-8k" / "am" / "final.mdl")
    rng = np.random.default_rng(0)
    for n in (0, 100, 300, 700, 4000, 30_000, 77_777):
        pcm = (rng.standard_normal(n) * 900).astype(np.float32)
        scorer, at = Scorer(model), 0
        while at < n:
            step = int(rng.integers(1, 4000))
            scorer.accept(pcm[at : at + step])
            at += step
        found, whole = scorer.finish(), at_once(model, pcm)
        assert found.shape == whole.shape
        assert np.allclose(found, whole, atol=1e-3)


def test_what_is_said_beside_a_phrase_counts() -> None:
    """Filler and noise within 1.5 s to both sides, other phrases and what is further away not; older models do not."""
    words = [
        Word("#jin", 0.0, 1.0, 1.0),
        Word("P1", 1.0, 1.6, 1.0),
        Word("#tian", 1.6, 1.9, 1.0),
        Word("U1", 1.9, 2.4, 1.0),
        Word(NOISE, 2.9, 3.9, 1.0),
    ]
    assert unexplained(words, 0.4, 1.0) == pytest.approx(0.6)
    assert unexplained(words, 1.6, 1.6 + BESIDE_S) == pytest.approx(0.3 + 0.2)
    alone = Goodness(-0.5, -0.8, -0.7, 4, 2)
    amid = replace(alone, before=0.6, after=0.5)
    assert amid.features[6:10] == (1.1, 0.5, 1.1, 0.5) and replace(amid, syllables=4).features[8:10] == (0.0, 0.0)
    old, new = Calibration((1.0, 2.0)), Calibration((1.0, 2.0, 0, 0, 0, 0, -1.0, -1.0, 0, 0))
    assert old.confidence(alone) == old.confidence(amid) == new.confidence(alone) > new.confidence(amid)


def test_contrast_is_that_of_the_least_clear_syllable() -> None:
    """Two syllables of one state each: the first stands out by 8, the second by 2; both are what fits best."""
    loglikes = np.zeros((10, phone_set().toneless), np.float32)
    loglikes[:5, 3], loglikes[5:, 4] = 8.0, 2.0
    usual = np.zeros(10, np.float32)
    found = goodness(loglikes, loglikes.max(1), usual, ((3,), (4,)), (0, 1), 0.0, 10 * FRAME_S)
    assert found.mean == pytest.approx(0.0) and found.contrast == pytest.approx(2.0)
    assert found.features[10] == found.contrast and found.longest == 5


def test_a_sound_that_is_held_is_doubted() -> None:
    """A state of 12 frames is drawn out, one of 24 and more is no speech."""
    short, held, tone = (Goodness(-0.5, -0.8, -0.7, 4, 2, longest=n).features[11] for n in (12, 18, 99))
    assert (short, held, tone) == (0.0, 0.5, 1.0)


def test_a_phrase_is_weighed_against_all_rows_of_syllables() -> None:
    """High where its sounds stand out, low where those of another syllable do."""
    states = tuple((d,) for phone in split_syllable("ma") or () for d in phone_set().pdfs[phone])
    others = [d for phone in split_syllable("shu") or () for d in phone_set().pdfs[phone]]

    def ratio(said: list[int], by: float) -> float:
        loglikes = np.zeros((12, phone_set().toneless), np.float32)
        for k, d in enumerate(said):
            loglikes[k * 4 : k * 4 + 4, d] = by
        top = loglikes.max(1)
        return goodness(loglikes, top, 0 * top, states, (0,) * len(states), 0.0, 12 * FRAME_S).ratio

    right, wrong = ratio([s for (s,) in states], 8.0), ratio(others, 8.0)
    noise = ratio(others, 0.0)
    assert right > noise > wrong + 10 and right > wrong + 20
