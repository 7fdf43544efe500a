"""Weights and thresholds by which our own ear writes free speech, chosen anew for other weights of the networks.

    python -m models.recipe dictation --speech FOLDER --whisper FOLDER --data FOLDER [--sentences 16]

Sentences of tuning people and of the reader's tuning half (``--sentences`` of each) go through the radio at 20 and
10 dB. One constant after the other is tried with two other values; what is better by BETTER stays. Printed are shares
of wrong toneless syllables, by our own ear and together with Whisper, the constants and where they stand. What Whisper
offers does not depend on our weights and is kept in ``--data``.
"""

from __future__ import annotations

import math
import pickle
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

import voice.station.choice as choice
from models.recipe.sentences import rows_of
from voice.grammar.spelling import Spelling
from voice.grammar.word_search import SYLLABLE, TONE, WORD_SCALE, WordSearch
from voice.measure.channel import Channel, received
from voice.measure.intelligibility import errors, rows
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Floats, Pcm16
from voice.places import sample_net, words_file
from voice.speech.acoustics import sounds_of
from voice.speech.mixture import IN_TEXT, Mixture
from voice.speech.recogniser import NOISE_RMS
from voice.speech.whisper import Passage, Transcript, Whisper
from voice.speech.word_model import WordModel, read
from voice.station.ear import open_ear
from voice.station.two_pass import TwoPass

SNR_DB = (20.0, 10.0)
BETTER = 0.003
BACKWARDS = 1 / 8
"""Share of speech played backwards that may be shown."""

PLACES = {
    "first": "voice/speech/mixture.py: IN_TEXT", "words": "voice/grammar/word_search.py: WORD_SCALE",
    "syllable": "voice/grammar/word_search.py: SYLLABLE", "tone": "voice/grammar/word_search.py: TONE",
    "hint": "voice/station/choice.py: HINT",
}  # fmt: skip
NOW = {"first": IN_TEXT, "words": WORD_SCALE, "syllable": SYLLABLE, "tone": TONE, "hint": choice.HINT}
OTHERS = {"first": (0.04, 0.15), "words": (0.25, 0.4), "syllable": (0.2, 0.4), "tone": (0.35, 0.6), "hint": (0.2, 0.4)}


@dataclass(slots=True)
class Over:
    """What somebody read, through the radio."""

    kind: str
    truth: list[str]
    pcm: Pcm16
    sounds: tuple[Floats, Floats]
    """By both networks."""
    passages: list[Passage]

    def mixed(self, first: float) -> Floats:
        return np.asarray(first * self.sounds[0] + (1 - first) * self.sounds[1], np.float32)


def _sentences(speech: Path, net: Net, count: int) -> Iterator[tuple[str, list[str], Pcm16]]:
    """(kind of speaker and level, toneless syllables, what arrives)."""
    every = [r for r in rows_of(speech) if r[2] == "tune" and next(iter(rows(net, r[4])))]
    random.Random(7).shuffle(every)  # noqa: S311
    noise = np.random.default_rng(1)
    for kind, reader in (("reader", True), ("people", False)):
        for archive, member, _, _, text in islice((r for r in every if (r[3] == "S0150") == reader), count):
            with zipfile.ZipFile(speech / archive) as z:
                inside = next(n for n in z.namelist() if Path(n).name == Path(member).name)
                with z.open(inside) as f:
                    samples, rate = soundfile.read(f, dtype="float32")
            for snr in SNR_DB:
                yield f"{kind} {snr:g} dB", next(iter(rows(net, text))), received(samples, Channel(snr), noise, rate)


def _judged(acoustics: Mixture, pcm: Pcm16) -> tuple[Floats, Floats]:
    out = []
    for network in (acoustics.first, acoustics.second):
        scorer = network.scorer()
        scorer.accept(pcm + np.random.default_rng(0).standard_normal(len(pcm), np.float32) * NOISE_RMS)
        out.append(np.asarray(sounds_of(scorer.finish()), np.float32))
    return out[0], out[1]


@dataclass
class Bench:
    """Overs, and what is written of them with any constants."""

    net: Net
    chooser: choice.Chooser
    overs: list[Over]

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(WordModel(read(words_file())))

    def texts(self, at: dict[str, float], offered: bool) -> Iterator[tuple[Over, Transcript]]:
        """What is written of each over, however little it is borne out."""
        search = WordSearch(self.spelling, at["words"], at["syllable"], at["tone"])
        chooser = replace(self.chooser, words=lambda: search)
        choice.HINT, choice.BORNE_OUT, choice.BORNE_OUT_ALONE = at["hint"], -math.inf, -math.inf
        for over in self.overs:
            bare = [Passage(0.0, len(over.pcm) / RATE, ())]
            yield over, chooser.choose(over.passages if offered else bare, over.mixed(at["first"]))

    def mistakes(self, over: Over, text: str) -> int:
        """Wrong syllables of a text."""
        return min(errors(over.truth, row) for row in rows(self.net, text))

    def wrong(self, at: dict[str, float], offered: bool) -> float:
        """Share of wrong syllables; printed by kind."""
        wrong, said = Counter[str](), Counter[str]()
        for over, text in self.texts(at, offered):
            wrong[over.kind] += self.mistakes(over, text.text)
            said[over.kind] += len(over.truth)
        share = sum(wrong.values()) / sum(said.values())
        told = ", ".join(f"{k} {wrong[k] / said[k]:.3f}" for k in said)
        constants = ", ".join(f"{k} {v:.3g}" for k, v in at.items())
        print(f"{'both' if offered else 'own'} {share:.4f} ({told}) with {constants}", flush=True)
        return share


def _evidence(text: Transcript) -> float:
    p = min(max(text.confidence, 1e-3), 1 - 1e-3)
    return choice.SURE[1] + math.log(p / (1 - p)) / choice.SURE[0]


def _logistic(evidence: Floats, right: Floats, total: Floats) -> tuple[float, float]:
    """(slope, evidence at which half is right), by Newton's method."""
    x, b = np.stack([np.ones(len(evidence)), evidence], 1), np.zeros(2)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ b))
        b += np.linalg.solve((x * (total * p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2), x.T @ (right - total * p))
    return float(b[1]), float(-b[0] / b[1])


def dictation(speech: Path, whisper: Path, model: Path, data: Path, count: int) -> None:
    """Choose the constants; what is best is printed."""
    net = load_net(sample_net())
    ear = open_ear(net, model=str(model))
    assert ear.chooser is not None
    assert isinstance(ear.recogniser, TwoPass)
    acoustics = ear.recogniser.acoustics
    assert isinstance(acoustics, Mixture)
    sentences = list(_sentences(speech, net, count))
    kept = data / f"offered-{count}.pickle"
    if not kept.exists():
        recogniser = Whisper(whisper)
        kept.write_bytes(pickle.dumps([recogniser.hear(pcm) for _, _, pcm in tqdm(sentences, desc="whisper")]))
    offered: list[list[Passage]] = pickle.loads(kept.read_bytes())  # noqa: S301  # our own cache
    overs = [
        Over(kind, truth, pcm, _judged(acoustics, pcm), texts)
        for (kind, truth, pcm), texts in zip(tqdm(sentences, desc="networks"), offered, strict=True)
    ]
    bench = Bench(net, ear.chooser, overs)
    at, least = dict(NOW), math.inf
    for name, values in OTHERS.items():
        together = name == "hint"
        if name in ("first", "hint"):
            least = bench.wrong(at, together)
        for value in values:
            tried = {**at, name: value}
            share = bench.wrong(tried, together)
            if share < least - BETTER:
                least, at = share, tried
    own = [(_evidence(t), len(o.truth), bench.mistakes(o, t.text)) for o, t in bench.texts(at, False)]
    e, n, m = np.array(own, np.float32).T
    slope, half = _logistic(e, n - np.minimum(n, m), n)
    back = [replace(o, sounds=_judged(acoustics, o.pcm[::-1].copy())) for o in overs[::2]]
    backwards = np.array([_evidence(t) for _, t in Bench(net, ear.chooser, back).texts(at, False)])
    alone = float(np.quantile(backwards, 1 - BACKWARDS))
    for name, value in at.items():
        print(f"{PLACES[name]} = {value:.3g}" + ("" if value != NOW[name] else "  (as it is)"))
    print(f"voice/station/choice.py: SURE = ({slope:.2f}, {half:.1f})")
    print(
        f"voice/station/choice.py: BORNE_OUT_ALONE = {alone:.1f}; {np.mean(e >= alone):.2f} of what was said reaches "
        f"it, {np.mean(backwards >= alone):.2f} of the same backwards"
    )
