"""Fit the map from goodness of pronunciation to confidence, on voices that were not trained on.

Every word that the graph prefers in an utterance is a sample: right if it was said, wrong if not. The
wrong ones come from sentences that are in no grammar and from real recordings of single words.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from models.recipe.people import PAIRS, People, large_net
from models.recipe.prepare import HELD_OUT, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TUNING_VOICES, WORDS, speak
from voice.audio.channel import Channel, to_receiver, transmit
from voice.audio.pcm import Pcm16
from voice.grammar.lexicon import Entry
from voice.speech.acoustics import Calibration, Goodness
from voice.station.listener import Ear, open_ear

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
    return [(verifier.goodness(frames, e, w.start, w.end), sounds_in(e, said, ear)) for e, w in words]


def sounds_in(entry: Entry, said: str, ear: Ear) -> bool:
    """Whether the entry's sound is part of what was said (贾岗社区 is part of 贾岗社区治安队)."""
    said_row = " ".join(s[:-1] for s in ear.net.readings.spoken(said)) if said else ""
    return any(
        " ".join(place[0][:-1] for place in reading) in said_row for reading in entry.readings
    )


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


def synthetic_samples(ear: Ear, seed: int, cache: Path) -> Iterator[Sample]:
    """Phrases of the net, sentences that are in no grammar and rows of random words, by the tuning voices."""
    rng = np.random.default_rng(seed)
    phrases = [e.text for e in ear.net.lexicon.spoken if e.kind != "digit" and not e.key.startswith("x")]
    said = [str(rng.choice(phrases)) for _ in range(400)]
    foreign = [str(rng.choice(SPEECH_LIKE)) + str(rng.choice(SPEECH_LIKE)) for _ in range(160)]
    foreign += ["".join(rng.choice(WORDS, int(rng.integers(3, 8)))) for _ in range(240)]
    for texts in (said, foreign):
        for t in speak(texts, TUNING_VOICES, SNRS, ear.net.readings, seed, cache / "tts"):
            yield from samples_of(ear, t.pcm, t.text)


def human_samples(ear: Ear, corpus: Corpus, seed: int) -> Iterator[Sample]:
    """Phrases, foreign words and rows of Chinese words by people who are not HELD_OUT."""
    rng = np.random.default_rng(seed)
    everybody = {r.speaker for r in corpus.recordings}
    students = tuple(sorted(s for s in everybody if re.fullmatch(r"s\d\d", s) and s not in HELD_OUT))
    who = People(corpus, students)
    for k, snr in enumerate(SNRS):
        for said in (*who.phrases(snr, seed + k, 60), *who.foreign_speech(snr, seed + k, 40)):
            yield from samples_of(ear, said.pcm, said.text)
    others = [r for r in corpus.recordings if r.speaker not in (*students, *HELD_OUT)]
    for k in range(240):
        x = np.concatenate([corpus.pcm(others[i]) for i in rng.choice(len(others), 4)])
        y, _, _ = transmit(x.astype(np.float64), Channel(snr_db=SNRS[k % len(SNRS)], tail_s=0.0), rng)
        yield from samples_of(ear, to_receiver(y), "")


def _fitted(job: tuple[str, Path, Path, Path, int]) -> tuple[Calibration, list[str]]:
    """(calibration, what it does at some thresholds) for nets “toneless” or “toned”."""
    name, model, real, cache, seed = job
    with tempfile.TemporaryDirectory() as place:
        ear = open_ear(large_net(Path(place) / "net", PAIRS, tones=name == "toned"), cache / "graphs", str(model))
        samples = [*synthetic_samples(ear, seed, cache), *human_samples(ear, Corpus(real), seed)]
    fitted = fit(samples)
    right = sum(r for _, r in samples)
    told = [f"{name}: {right} right and {len(samples) - right} wrong words; {fitted.weights}"]
    for threshold in (0.3, 0.5, 0.7, 0.9):
        kept = [r for g, r in samples if fitted.confidence(g) >= threshold]
        told.append(
            f"  at {threshold}: {sum(kept) / right:.3f} of the right and "
            f"{(len(kept) - sum(kept)) / (len(samples) - right):.3f} of the wrong words are believed"
        )
    return fitted, told


def calibrate(model: Path, real: Path, cache: Path, seed: int = 3) -> None:
    """Write ``calibration`` into the model folder's ``model.json``: for nets without and with tones."""
    card = model / "model.json"
    listed = json.loads(card.read_text("utf-8"))
    names = ("toneless", "toned")
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_fitted, [(n, model, real, cache, seed) for n in names]))
    listed["calibration"] = {n: list(c.weights) for n, (c, _) in zip(names, found, strict=True)}
    card.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print("\n".join(line for _, told in found for line in told))
