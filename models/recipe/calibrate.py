"""Fit the map from goodness of pronunciation to confidence, on the tuning overs of ``costs``.

Every word that the graph prefers in an over is a sample: right if it was said, wrong if not. Most wrong ones come
from foreign words, from rows of words and from sentences that are in no grammar.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from models.recipe.costs import NETS, OWN, strangers, tuning_sets
from models.recipe.kinds import KINDS, kind, sounds_in
from models.recipe.people import PAIRS, large_net
from models.recipe.prepare import STUDENT_WORDS
from voice.pcm import Pcm16
from voice.speech.goodness import Calibration, Goodness, frames_of
from voice.station.ear import Ear, open_ear

PROCESSES = 2
THINNED = 4
"""Of the tuning overs of ``costs`` one in so many."""

FOREIGN = 240
"""Sentences without a phrase, of one kind of speakers."""

Sample = tuple[Goodness, bool]


def samples_of(ear: Ear, pcm: Pcm16, said: str) -> list[Sample]:
    """Goodness of every graph word heard in an over, and whether ``said`` contains it."""
    symbols = ear.interpreter.lexicon.by_symbol()
    hypothesis = ear.recogniser.recognise(pcm)
    words = [(symbols[w.symbol], w) for w in hypothesis.words if w.symbol in symbols]
    if not words:
        return []
    assert ear.verification is not None and hypothesis.loglikes is not None
    verifier = ear.verification.verifier
    frames = frames_of(hypothesis.loglikes)
    row = hypothesis.words
    return [(verifier.goodness(frames, row, e, w.start, w.end), sounds_in(e, said, ear)) for e, w in words]


def fit(groups: list[list[Sample]]) -> Calibration:
    """Logistic regression by Newton's method with a little ridge; every group of samples weighs the same, so that one
    kind of speakers, of whom there are many overs, does not decide for the others."""
    samples = [s for group in groups for s in group]
    x = np.array([g.features for g, _ in samples])
    y = np.array([float(r) for _, r in samples])
    weight = np.concatenate([np.full(len(g), 1 / len(g)) for g in groups if g])
    weight *= len(samples) / weight.sum()
    w = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - 1e-2 * w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(x.shape[1])
        w += np.linalg.solve(hessian, gradient)
    return Calibration(tuple(round(float(v), 4) for v in w))


def _samples(job: tuple[str, str, Path, Path, Path]) -> list[Sample]:
    """Of all tuning overs that one net hears; with or without tones."""
    tones, name, model, data, cache = job
    real = data / "real"
    with tempfile.TemporaryDirectory() as place:
        if name in KINDS:
            of = kind(name, "tune", data)
            ear = open_ear(of.net(Path(place), tones == "toned"), cache / "graphs", str(model))
            told, air = strangers(of)
            return [s for over in (*told, *air[:FOREIGN]) for s in samples_of(ear, over.pcm, over.text)]
        net = large_net(Path(place) / name, tuple(STUDENT_WORDS) if name == "words" else PAIRS, tones == "toned")
        ear = open_ear(net, cache / "graphs", str(model))
        sets = tuning_sets(real, cache)
        heard = [w for w in OWN if (NETS[w] == "pairs") == (name == "pairs")]
        return [s for which in heard for over in sets[which][::THINNED] for s in samples_of(ear, over.pcm, over.text)]


def error_of(fitted: Calibration, samples: list[Sample], bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and share right in bins of confidence."""
    rows = np.array([(fitted.confidence(g), float(r)) for g, r in samples])
    which = np.minimum((rows[:, 0] * bins).astype(int), bins - 1)
    return float(sum(abs((rows[which == b, 0] - rows[which == b, 1]).sum()) for b in range(bins)) / len(rows))


def _told(name: str, fitted: Calibration, samples: list[Sample]) -> list[str]:
    right = sum(r for _, r in samples)
    told = [f"{name}: {right} right and {len(samples) - right} wrong words; error {error_of(fitted, samples):.3f}"]
    for threshold in (0.3, 0.5, 0.7, 0.9, 0.95):
        kept = [r for g, r in samples if fitted.confidence(g) >= threshold]
        right, wrong = max(1, right), max(1, len(samples) - right)
        told.append(
            f"  at {threshold}: {sum(kept) / right:.3f} of the right and "
            f"{(len(kept) - sum(kept)) / wrong:.3f} of the wrong words are believed"
        )
    return told


GROUPS = ("words", "pairs", *KINDS)
"""“words”: the tuning overs of ``costs`` in a net with the students' words, “pairs”: those of pairs of them."""


def calibrate(model: Path, data: Path, cache: Path) -> None:
    """Write ``calibration`` into the model folder's ``model.json``: for nets without and with tones."""
    tuning_sets(data / "real", cache)
    card = model / "model.json"
    listed = json.loads(card.read_text("utf-8"))
    jobs = [(t, n, model, data, cache) for t in ("toneless", "toned") for n in GROUPS]
    with ProcessPoolExecutor(PROCESSES) as pool:
        found = list(pool.map(_samples, jobs))
    listed["calibration"] = {}
    for k, name in enumerate(("toneless", "toned")):
        groups = found[k * len(GROUPS) : (k + 1) * len(GROUPS)]
        fitted = fit(groups)
        listed["calibration"][name] = list(fitted.weights)
        for group, samples in zip(GROUPS, groups, strict=True):
            print("\n".join(_told(f"{name} {group}", fitted, samples)))
    card.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
