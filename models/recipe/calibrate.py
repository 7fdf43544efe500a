"""Fit the map from goodness of pronunciation to confidence, on voices that were not trained on.

Every word that the graph prefers in an utterance is a sample: right if it was said, wrong if not. The
wrong ones come from sentences that are in no grammar and from real recordings of single words.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.recipe.prepare import HELD_OUT, Corpus
from models.recipe.trials import SNRS, SPEECH_LIKE, TUNING_VOICES, speak
from voice.audio.channel import Channel, to_receiver, transmit
from voice.audio.pcm import Pcm16
from voice.grammar.lexicon import Entry
from voice.net.loading import load_net
from voice.places import sample_net
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
    x = np.array([[1.0, g.mean, g.worst, min(g.syllables, 6)] for g, _ in samples])
    y = np.array([float(r) for _, r in samples])
    weight = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    w = np.zeros(4)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - 1e-2 * w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(4)
        w += np.linalg.solve(hessian, gradient)
    return Calibration(*(round(float(v), 4) for v in w))


def calibrate(model: Path, real: Path, cache: Path, seed: int = 3) -> None:
    """Write ``calibration`` into the model folder's ``model.json``."""
    net = load_net(sample_net())
    ear = open_ear(net, cache / "graphs", str(model))
    rng = np.random.default_rng(seed)
    phrases = [e.text for e in net.lexicon.spoken if e.kind != "digit"]
    said = [str(rng.choice(phrases)) for _ in range(720)]
    foreign = [str(rng.choice(SPEECH_LIKE)) + str(rng.choice(SPEECH_LIKE)) for _ in range(360)]
    samples: list[Sample] = []
    for texts, positive in ((said, True), (foreign, False)):
        trials = speak(texts, TUNING_VOICES, SNRS, net.readings, seed, cache / "tts")
        for t in tqdm(trials, total=len(texts), desc="said" if positive else "foreign"):
            samples += samples_of(ear, t.pcm, t.text)
    corpus = Corpus(real)
    words = [r for r in corpus.recordings if r.speaker not in HELD_OUT]
    for k in tqdm(range(500), desc="real words"):
        picked = rng.choice(len(words), 4)
        x = np.concatenate([corpus.pcm(words[i]) for i in picked])
        snr = SNRS[k % len(SNRS)]
        y, _, _ = transmit(x.astype(np.float64), Channel(snr_db=snr, tail_s=0.0), rng)
        samples += samples_of(ear, to_receiver(y), "")
    fitted = fit(samples)
    card = model / "model.json"
    listed = json.loads(card.read_text("utf-8"))
    listed["calibration"] = asdict(fitted)
    card.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
    right = sum(r for _, r in samples)
    print(f"{right} right and {len(samples) - right} wrong words; {fitted}")
    for threshold in (0.3, 0.5, 0.7, 0.9):
        kept = [r for g, r in samples if fitted.confidence(g) >= threshold]
        print(
            f"  at {threshold}: {sum(kept) / right:.3f} of the right and "
            f"{(len(kept) - sum(kept)) / (len(samples) - right):.3f} of the wrong words are believed"
        )
