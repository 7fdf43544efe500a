"""The acoustic model in numpy, computed piece by piece while the over lasts."""

from __future__ import annotations

import numpy as np

from tests.conftest import ROOT
from voice.speech.acoustics import Scorer, load_acoustic_model


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
