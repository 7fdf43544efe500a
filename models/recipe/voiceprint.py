"""The voiceprint beside a model: which linear combinations of an over's statistics tell speakers apart.

Speakers of training (people of Common Voice, students, blends of Kokoro's voices) through the channel simulator, each
by a radio of its own, some overs also by others, at 20 or 10 dB; principal components, then linear discriminants
(Fisher, 1936) with a shrunk covariance within speakers. The tuning and evaluation speakers have no part in it
(docs/training-log.md).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.recipe.features import RATE
from models.recipe.prepare import HELD_OUT, Corpus, Recording, trim
from voice.measure.channel import Channel, received
from voice.speech.encoder import FILE as ENCODER
from voice.speech.encoder import Encoder, load_encoder
from voice.speech.voiceprint import FILE, statistics

FIELD = "voiceprint_sha256"

OVERS = 8
"""Of one speaker."""

SHORTEST_S, LONGEST_S = 1.5, 4.0

COMPONENTS, SIZE = 150, 48
"""Principal components that are kept, and numbers of a print."""

SHRINKAGE = 0.1
"""Share of the identity in the covariance within speakers."""

SNRS = (20.0, 10.0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a recording as long as an over."""

    part: str
    """“train”, “tune” or “eval”."""
    speaker: str
    index: int
    """Among those of the speaker."""
    pcm: np.ndarray


def radio(name: str) -> Channel:
    """One of many radios."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    low, high, limiter = (float(rng.uniform(*span)) for span in ((250, 400), (2700, 3400), (0.8, 2.5)))
    return Channel(tail_s=0.0, lead_s=0.1, low_hz=low, high_hz=high, limiter=limiter)


def stretches(corpus: Corpus, seed: int, words: bool = False) -> Iterator[Stretch]:
    """OVERS of every speaker. ``words``: its recordings are single words, of which several make an over."""
    by: dict[tuple[str, str], list[Recording]] = {}
    for r in corpus.recordings:
        part = r.name.split("/")[0]
        if r.speaker not in HELD_OUT:
            by.setdefault((part if part in ("tune", "eval") else "train", r.speaker), []).append(r)
    for (part, who), recordings in sorted(by.items()):
        rng = np.random.default_rng((seed, zlib.crc32(who.encode())))
        made = _of_words if words else _of_sentences
        for k, pcm in enumerate(made(corpus, recordings, rng)):
            if k == OVERS:
                break
            yield Stretch(part, who, k, pcm)


def _of_sentences(corpus: Corpus, recordings: list[Recording], rng: np.random.Generator) -> Iterator[np.ndarray]:
    for i in rng.permutation(len(recordings)):
        x = corpus.pcm(recordings[i])
        if len(x) < SHORTEST_S * RATE:
            continue
        n = min(len(x), round(rng.uniform(SHORTEST_S, LONGEST_S) * RATE))
        half = len(x) // 2
        for first, room in ((0, half - n), (half, half - n)) if len(x) > 2 * n else ((0, len(x) - n),):
            at = first + int(rng.integers(room + 1))
            yield x[at : at + n]


def _of_words(corpus: Corpus, recordings: list[Recording], rng: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        n, parts = rng.uniform(SHORTEST_S, LONGEST_S) * RATE, list[np.ndarray]()
        while sum(map(len, parts)) < n:
            parts.append(trim(corpus.pcm(recordings[int(rng.integers(len(recordings)))]), 0.03))
        yield np.concatenate(parts)


def radios_of(s: Stretch) -> tuple[str, ...]:
    """The speaker's own radio; every fourth over also by another, so that the voice counts beside the radio."""
    return (s.speaker, f"{s.speaker} {s.index}") if s.index % 4 == 2 else (s.speaker,)


def heard(encoder: Encoder, s: Stretch, by: str, snr: float, seed: int) -> np.ndarray | None:
    """Its statistics as a radio brings it."""
    rng = np.random.default_rng((seed, zlib.crc32(s.speaker.encode()), s.index, round(snr)))
    channel = radio(by).with_(snr_db=snr, onset_cut_s=float(rng.uniform(0, 0.03)))
    return statistics(encoder, received(s.pcm, channel, rng))


def discriminants(x: np.ndarray, speakers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mean, projection) of statistics (overs, numbers) and who said them."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / spread
    _, _, rows = np.linalg.svd(z, full_matrices=False)
    components = rows[:COMPONENTS].T
    z = z @ components
    groups = [z[speakers == s] for s in np.unique(speakers)]
    groups = [g for g in groups if len(g) > 2]
    within = np.mean([np.cov(g.T, bias=True) for g in groups], 0)
    middles = np.stack([g.mean(0) for g in groups])
    size = len(within)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.eye(size) * np.trace(within) / size
    inverse = np.linalg.inv(np.linalg.cholesky(within))
    _, axes = np.linalg.eigh(inverse @ (middles.T @ middles / len(middles)) @ inverse.T)
    projection = components @ inverse.T @ axes[:, ::-1][:, :SIZE] / spread[:, None]
    return mean, projection


def convolutions_of(model: Path) -> str:
    """SHA-256 of the convolutions of a model folder's encoder, which a voiceprint is made for."""
    with np.load(model / ENCODER, allow_pickle=False) as kept:
        return hashlib.sha256(b"".join(kept[f"conv{k}.weight"].tobytes() for k in (1, 2))).hexdigest()


def belongs(model: Path) -> bool:
    """Whether the voiceprint of a model folder is made for the convolutions of its encoder."""
    with np.load(model / FILE, allow_pickle=False) as kept:
        return str(kept["convolutions"]) == convolutions_of(model)


def voiceprint(data: Path, model: Path, seed: int) -> None:
    """Write the voiceprint of a model folder, and its checksum into ``model.json``."""
    card = json.loads((model / "model.json").read_text("utf-8"))
    encoder = load_encoder(model, card["encoder_sha256"])
    rows, speakers = [], []
    for name in ("people", "real", "older"):
        for s in stretches(Corpus(data / name), seed, name == "real"):
            for by in radios_of(s) if s.part == "train" else ():
                found = heard(encoder, s, by, SNRS[s.index % 2], seed)
                if found is not None:
                    rows.append(found)
                    speakers.append(s.speaker)
        print(name, len(rows), "overs,", len(set(speakers)), "speakers", flush=True)
    mean, projection = discriminants(np.stack(rows).astype(np.float64), np.array(speakers))
    write(model, mean, projection)


def write(model: Path, mean: np.ndarray, projection: np.ndarray) -> None:
    """The file, and its checksum in ``model.json``."""
    card = json.loads((model / "model.json").read_text("utf-8"))
    made_for = np.array(convolutions_of(model))
    np.savez_compressed(
        model / FILE, mean=mean.astype(np.float32), projection=projection.astype(np.float16), convolutions=made_for
    )
    card[FIELD] = hashlib.sha256((model / FILE).read_bytes()).hexdigest()
    (model / "model.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
