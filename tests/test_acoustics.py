"""The acoustic model in numpy, computed piece by piece while the over lasts."""

from __future__ import annotations

import numpy as np

from tests.conftest import ROOT
from voice.speech.acoustics import CONTEXT, DILATIONS, AcousticModel, Floats, Scorer, load_acoustic_model, mfcc


def at_once(model: AcousticModel, pcm: Floats) -> Floats:
    """The network over all frames, layer after layer."""
    cepstra = mfcc(pcm)
    if len(cepstra) == 0:
        return np.zeros((0, len(model.scores[1])), np.float32)
    h = np.pad(cepstra, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    for k, (w, b) in enumerate(model.layers):
        d, step = (1 if k < 2 else DILATIONS[k - 2]), (3 if k == 1 else 1)
        n = (len(h) - 2 * d - 1) // step + 1
        out = np.maximum(np.concatenate([h[j * d :: step][:n] for j in range(3)], 1) @ w.T + b, 0)
        h = out + h[d:-d] if k > 1 else out

    def log_softmax(w: Floats, b: Floats) -> Floats:
        z = h @ w.T + b
        z -= z.max(1, keepdims=True)
        return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)))

    w, b = model.scores
    return np.asarray(np.concatenate([log_softmax(*model.pdf), log_softmax(*model.tone)], 1) @ w.T + b)


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
