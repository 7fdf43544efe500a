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

from models.recipe.costs import NETS, tuning_sets
from models.recipe.people import PAIRS, large_net
from models.recipe.prepare import STUDENT_WORDS
from voice.grammar.lexicon import Entry
from voice.pcm import Pcm16
from voice.speech.acoustics import Calibration, Goodness
from voice.station.ear import Ear, open_ear

Sample = tuple[Goodness, bool]


def samples_of(ear: Ear, pcm: Pcm16, said: str) -> list[Sample]:
    """Goodness of every graph word heard in an over, and whether ``said`` contains it."""
    symbols = ear.interpreter.lexicon.by_symbol()
    hypothesis = ear.recogniser.recognise(pcm)
    words = [(symbols[w.symbol], w) for w in hypothesis.words if w.symbol in symbols]
    if not words:
        return []
    assert ear.verification is not None
    verifier = ear.verification.verifier
    frames = verifier.frames(pcm)
    row = hypothesis.words
    return [(verifier.goodness(frames, row, e, w.start, w.end), sounds_in(e, said, ear)) for e, w in words]


def sounds_in(entry: Entry, said: str, ear: Ear) -> bool:
    """Whether the entry's sound is part of what was said (贾岗社区 is part of 贾岗社区治安队)."""
    return sounds_in_row(entry, ear.net.readings.spoken(said) if said else [])


def sounds_in_row(entry: Entry, row: list[str]) -> bool:
    """The same of a row of toned syllables; tones do not count."""
    said = " ".join(s[:-1] for s in row)
    return any(" ".join(place[0][:-1] for place in reading) in said for reading in entry.readings)


def fit(samples: list[Sample]) -> Calibration:
    """Logistic regression by Newton's method with a little ridge; both classes weigh the same."""
    x = np.array([g.features for g, _ in samples])
    y = np.array([float(r) for _, r in samples])
    weight = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    w = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - 1e-2 * w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(x.shape[1])
        w += np.linalg.solve(hessian, gradient)
    return Calibration(tuple(round(float(v), 4) for v in w))


def _samples(job: tuple[str, str, Path, Path, Path]) -> list[Sample]:
    """Of all tuning overs that one net hears; with or without tones."""
    tones, name, model, real, cache = job
    with tempfile.TemporaryDirectory() as place:
        net = large_net(Path(place) / name, tuple(STUDENT_WORDS) if name == "words" else PAIRS, tones == "toned")
        ear = open_ear(net, cache / "graphs", str(model))
        sets = tuning_sets(real, cache)
        heard = [w for w in sets if (NETS[w] == "pairs") == (name == "pairs")]
        return [s for which in heard for over in sets[which] for s in samples_of(ear, over.pcm, over.text)]


def _told(name: str, fitted: Calibration, samples: list[Sample]) -> list[str]:
    right = sum(r for _, r in samples)
    told = [f"{name}: {right} right and {len(samples) - right} wrong words; {fitted.weights}"]
    for threshold in (0.3, 0.5, 0.7, 0.9, 0.95):
        kept = [r for g, r in samples if fitted.confidence(g) >= threshold]
        told.append(
            f"  at {threshold}: {sum(kept) / right:.3f} of the right and "
            f"{(len(kept) - sum(kept)) / (len(samples) - right):.3f} of the wrong words are believed"
        )
    return told


def calibrate(model: Path, real: Path, cache: Path) -> None:
    """Write ``calibration`` into the model folder's ``model.json``: for nets without and with tones."""
    tuning_sets(real, cache)
    card = model / "model.json"
    listed = json.loads(card.read_text("utf-8"))
    jobs = [(t, n, model, real, cache) for t in ("toneless", "toned") for n in ("words", "pairs")]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_samples, jobs))
    listed["calibration"] = {}
    for name, samples in (("toneless", found[0] + found[1]), ("toned", found[2] + found[3])):
        fitted = fit(samples)
        listed["calibration"][name] = list(fitted.weights)
        print("\n".join(_told(name, fitted, samples)))
    card.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
