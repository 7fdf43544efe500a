"""The acoustic model in numpy: computed piece by piece, and the best path that Mandarin allows."""

from __future__ import annotations

import itertools

import numpy as np

from tests.conftest import ROOT
from voice.grammar.phones import follows, phone_set
from voice.speech.acoustics import Scorer, best_path, load_acoustic_model


def test_scores_while_the_over_lasts_are_those_of_the_whole() -> None:
    model = load_acoustic_model(ROOT / "models" / "huying-zh-8k" / "am" / "final.mdl")
    rng = np.random.default_rng(0)
    for n in (0, 100, 700, 4000, 30_000, 77_777):
        pcm = (rng.standard_normal(n) * 900).astype(np.float32)
        scorer, at = Scorer(model), 0
        while at < n:
            step = int(rng.integers(1, 4000))
            scorer.accept(pcm[at : at + step])
            at += step
        assert np.allclose(scorer.finish(), model.loglikes(pcm), atol=1e-3)


def test_the_best_free_path_keeps_to_mandarin_syllables() -> None:
    allowed = follows()
    loglikes = np.random.default_rng(1).normal(0, 3, (200, phone_set().num_pdfs)).astype(np.float32)
    path = best_path(loglikes, allowed)
    assert all(allowed[a, b] for a, b in itertools.pairwise(path))
    greedy = float(loglikes[:, : len(allowed)].max(1).sum())
    mine = float(loglikes[np.arange(200), path].sum())
    other = [0] * 200
    assert float(loglikes[np.arange(200), other].sum()) < mine <= greedy
    assert len(best_path(loglikes[:0], allowed)) == 0
    zh, ang, a = (phone_set().pdfs[p] for p in ("zh", "ang", "a"))
    assert allowed[zh[0], ang[0]] and allowed[ang[0], ang[1]] and allowed[ang[1], zh[0]]
    assert not allowed[zh[0], zh[0] + 1] and not allowed[ang[0], a[1]]
