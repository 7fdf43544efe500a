"""A corpus spoken by hundreds of natural voices: blends of Kokoro's, other vocal tracts, tempos and accents.

A speaker is a Mandarin voice with the timbre of up to two others blended into it and a little of their prosody, or a
voice of another language with most of its own; then resampled: higher and smaller, or lower and larger. Some have the
tones of Zhengzhou or the sounds of the south *written* into what they say.
The voices of ``HELD_OUT`` take no part. Every folder of ``SPEAKERS`` × ``OVERS`` utterances
depends on its number alone: a run that was broken off goes on, several runs can share the numbers.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from models.recipe import talk
from models.recipe.features import RATE
from models.recipe.prepare import normalised, read, save
from voice.mandarin.phones import split_syllable
from voice.speech.kokoro import HELD_OUT, MARKS, Floats, Kokoro
from voice.speech.kokoro import RATE as SPOKEN_RATE

TIMBRE, PROSODY = slice(0, 128), slice(128, 256)
"""Columns of a style."""

SPEAKERS, OVERS = 8, 25

ACCENTED = 0.16
"""Share of the speakers who have the tones of Zhengzhou, and of those who merge the sounds of the south."""

STRANGERS = 0.5
"""Share of the speakers who speak Mandarin with a voice of another language."""

TO_TUNE = frozenset("af_sky am_adam bf_emma bm_george ef_dora hf_alpha jf_alpha if_sara".split())
"""Voices of other languages that tune as they are, and lend only to blends."""

ZHENGZHOU = {"1": "2", "2": "4", "3": "1", "4": "3", "5": "5"}
"""Standard tone → the one of standard Mandarin that is nearest to Zhengzhou's 24, 42, 55 and 312."""


def for_tuning(folder: Path) -> bool:
    """Whether the speakers of a folder choose thresholds and costs instead of being trained on: every tenth."""
    return int(folder.name) % 10 == 4


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who does not exist."""

    name: str
    style: Floats
    size: float
    """Frequencies are multiplied by this."""
    tempo: float
    accent: str = "standard"


def speaker(kokoro: Kokoro, name: str, rng: np.random.Generator, voices: list[str] | None = None) -> Speaker:
    """A random one out of ``voices`` (by default all that are not held out)."""
    names = voices or [n for n in kokoro.names() if n not in HELD_OUT]
    mandarin = [n for n in names if n[0] == "z"]
    style = kokoro.style(mandarin[int(rng.integers(len(mandarin)))]).copy()
    lent, manner = rng.uniform(0.0, 0.85), rng.uniform(0.0, 0.3)
    a, b = (kokoro.style(names[int(k)]) for k in rng.integers(len(names), size=2))
    share = rng.choice([0.0, rng.uniform(0, 0.6)])
    return _drawn(name, style, (1 - share) * a + share * b, lent, manner, rng)


def stranger(kokoro: Kokoro, name: str, rng: np.random.Generator) -> Speaker:
    """A random voice of another language, with a little of a Mandarin one or nothing. That of ``speaker`` talks like a
    native, whatever its timbre."""
    names = [n for n in kokoro.names() if n not in HELD_OUT | TO_TUNE]
    native = [n for n in names if n[0] == "z"]
    foreign = [n for n in names if n[0] != "z"]
    style = kokoro.style(native[int(rng.integers(len(native)))]).copy()
    other = kokoro.style(foreign[int(rng.integers(len(foreign)))])
    lent, manner = (1.0, 1.0) if rng.random() < 0.4 else (rng.uniform(0.5, 1), rng.uniform(0.3, 1))
    return _drawn(name, style, other, lent, manner, rng)


def _drawn(name: str, style: Floats, other: Floats, lent: float, manner: float, rng: np.random.Generator) -> Speaker:
    """A style with shares of another's timbre and prosody, and chance for the rest."""
    style[:, TIMBRE] = (1 - lent) * style[:, TIMBRE] + lent * other[:, TIMBRE]
    style[:, PROSODY] = (1 - manner) * style[:, PROSODY] + manner * other[:, PROSODY]
    r = rng.random()
    accent = "zhengzhou" if r < ACCENTED / 2 else "south" if r < ACCENTED else "standard"
    size = float(np.exp(rng.uniform(np.log(0.87), np.log(1.18)))) if rng.random() < 0.7 else 1.0
    return Speaker(name, style, size, float(rng.uniform(0.9, 1.4)), accent)


def pronounced(words: talk.Words, accent: str, rng: np.random.Generator) -> tuple[talk.Words, list[str]]:
    """(what the voice is given, the transcript): sounds as they are spoken; tone 0 where tones are not standard."""
    if accent == "south":
        from models.recipe.stations import accented

        words = [w if w[0] in MARKS else accented(w, accent, rng) for w in words]
    plain = [s for w in words if w[0] not in MARKS for s in w]
    if accent == "zhengzhou":
        given = [w if w[0] in MARKS else [s[:-1] + ZHENGZHOU[s[-1]] for s in w] for w in words]
        return given, [f"{s[:-1]}0" for s in plain]
    return words, plain


def spoken(kokoro: Kokoro, who: Speaker, words: talk.Words, tempo: float) -> np.ndarray:
    """float32 samples at RATE."""
    x = kokoro.say(words, who.style, float(np.clip(tempo / who.size, 0.6, 1.8)))
    return np.asarray(soxr.resample(x, SPOKEN_RATE * who.size, RATE), np.float32)


def generate(voices: Path, out: Path, first: int, count: int) -> None:
    """Folders ``first`` to ``first + count - 1`` of the corpus; those that are there already stay."""
    kokoro = Kokoro(voices)
    for number in range(first, first + count):
        folder = out / f"{number:04d}"
        if (folder / "index.json").is_file():
            continue
        rng = np.random.default_rng((77, number))
        items = []
        for s in range(SPEAKERS):
            kind = stranger if rng.random() < STRANGERS else speaker
            who = kind(kokoro, f"natural-{number:04d}-{s}", rng)
            for k in range(OVERS):
                words, transcript = pronounced(talk.said(rng), who.accent, rng)
                tempo = float(np.clip(who.tempo * rng.uniform(0.85, 1.15), 0.85, 1.5))
                pcm = normalised(spoken(kokoro, who, words, tempo))
                if pcm is not None:
                    items.append((f"{who.name}-{k}-{who.accent}", transcript, who.name, pcm))
        save(folder, items)
        print(f"{folder}: {sum(len(i[3]) for i in items) / RATE / 60:.1f} min", flush=True)


OLDER = "voices-kokoro.zip"


def older(archives: list[Path], out: Path) -> None:
    """A corpus out of zips of natural voices made before (``labels.tsv``: file, speaker, tempo, text, pinyin)."""
    items = []
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            for line in archive.read("labels.tsv").decode("utf-8").splitlines():
                member, who, _, _, pinyin = line.split("\t")
                row = talk.joined([pinyin.split()])[0]
                if any(split_syllable(s[:-1]) is None for s in row):
                    continue
                x, rate = read(archive, member)
                pcm = normalised(soxr.resample(x, rate, RATE))
                if pcm is not None:
                    items.append((member, row, f"{path.stem}-{who}", pcm))
    save(out, items)
    print(f"{out}: {len(items)} utterances, {sum(len(i[3]) for i in items) / RATE / 3600:.2f} h")
