"""Real people through the channel simulator: single words, phrases, whole exchanges.

HELD_OUT of ``prepare`` are for measuring, the others for tuning. They said twelve
words, so phrases of four syllables are two words of the same person, without a pause between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.recipe.prepare import HELD_OUT, STUDENT_WORDS, Corpus, Recording, trim
from voice.measure.channel import Channel, gap, received, to_receiver, transmit
from voice.measure.simulate import Spoken
from voice.measure.utterances import Utterance
from voice.net.loading import Net, load_net
from voice.pcm import RATE, Pcm16
from voice.places import sample_net
from voice.radio.over import Over

CALL_SIGNS = ("中国", "上海", "北京", "复旦", "总工", "饭店")
PROWORDS = {
    "语音": "ack",
    "语言": "normal",
    "识别": "not_found",
    "数字": "situation",
    "商行": "on_the_way",
    "背景": "arrived",
}
"""北京 and 背景 differ in tone alone: they are in the net all the same."""

EXCHANGES = 120
"""Calls and answers per signal-to-noise ratio."""

PAIRS = tuple(a + b for a in STUDENT_WORDS for b in STUDENT_WORDS if a != b)
"""Phrases of four syllables: 132, of which 66 differ from another one in the tones of 北京 and 背景 alone."""

TONE_PAIR = ("北京", "背景")


@dataclass(frozen=True, slots=True)
class Said:
    """One over of one person."""

    pcm: Pcm16
    text: str
    speaker: str


def utterance(said: Said) -> Utterance:
    """What was said, as an over."""
    return Utterance(Over.whole(said.pcm), said.text, said.speaker)


class People:
    """The takes of some of the students."""

    def __init__(self, corpus: Corpus, speakers: tuple[str, ...] = HELD_OUT) -> None:
        self.corpus = corpus
        self.speakers = speakers
        self.takes: dict[tuple[str, str], list[Recording]] = {}
        self.foreign: dict[str, list[Recording]] = {}
        for r in corpus.recordings:
            word = r.name.split("/")[-1].split("-")[0]
            if r.speaker in speakers:
                pool = self.takes.setdefault((r.speaker, word), []) if word in STUDENT_WORDS else None
                (pool if pool is not None else self.foreign.setdefault(r.speaker, [])).append(r)

    def words(self, snr: float | None, seed: int) -> Iterator[Said]:
        """Every take of every word, one an over."""
        rng = np.random.default_rng(seed)
        for (speaker, word), takes in sorted(self.takes.items()):
            for r in takes:
                yield Said(_sent(self.corpus.pcm(r), snr, rng), word, speaker)

    def phrases(self, snr: float | None, seed: int, count: int) -> Iterator[Said]:
        """Two different words of one person as one phrase."""
        rng = np.random.default_rng(seed)
        for k in range(count):
            speaker = self.speakers[k % len(self.speakers)]
            a, b = rng.choice(STUDENT_WORDS, 2, replace=False)
            parts = []
            for word in (str(a), str(b)):
                takes = self.takes[speaker, word]
                parts.append(trim(self.corpus.pcm(takes[int(rng.integers(len(takes)))]), 0.03))
            yield Said(_sent(np.concatenate(parts), snr, rng), f"{a}{b}", speaker)

    def foreign_speech(self, snr: float | None, seed: int, count: int) -> Iterator[Said]:
        """English words of one person, four to eight in a row."""
        rng = np.random.default_rng(seed)
        for k in range(count):
            speaker = self.speakers[k % len(self.speakers)]
            pool = self.foreign[speaker]
            picked = rng.integers(len(pool), size=int(rng.integers(4, 9)))
            yield Said(_sent(np.concatenate([self.corpus.pcm(pool[i]) for i in picked]), snr, rng), "", speaker)


def _sent(x: np.ndarray, snr: float | None, rng: np.random.Generator) -> Pcm16:
    channel = Channel(snr_db=snr, tail_s=0.0, onset_cut_s=0.0)
    return received(x, channel, rng)


def student_net(folder: Path) -> Net:
    """A net whose call signs and prowords are the twelve words of the student recordings."""
    (folder / "words").mkdir(parents=True)
    lines = ["[unit]", *(f"{meaning} = {word}" for word, meaning in PROWORDS.items())]
    (folder / "words" / "prowords.txt").write_text("\n".join(lines) + "\n", "utf-8")
    rows = ["编号,名称,呼号", *(f"{k},{w},{w}" for k, w in enumerate(CALL_SIGNS, 1))]
    return _net(folder, rows, '["words"]', "standard", 6.0)


def large_net(folder: Path, extra: tuple[str, ...], tones: bool = True) -> Net:
    """The sample net's 42 units and all its phrases, with ``extra`` call signs beside them."""
    folder.mkdir(parents=True)
    rows = (sample_net() / "roster.csv").read_text("utf-8").splitlines()
    rows = [",".join(r.split(",")[:3]) for r in rows]
    rows += [f"x{k},{w},{w}" for k, w in enumerate(extra)]
    return _net(folder, rows, '["zh"]', "standard" if tones else "zhongyuan", 10.0)


BESIDE = 12
"""Units of the sample net beside the phrases of ``small_net``."""


def small_net(folder: Path, phrases: tuple[str, ...], tones: bool = True) -> Net:
    """BESIDE of the sample net's units, all its phrases, and ``phrases`` as call signs beside them."""
    folder.mkdir(parents=True)
    rows = (sample_net() / "roster.csv").read_text("utf-8").splitlines()[: BESIDE + 1]
    rows = [",".join(r.split(",")[:3]) for r in rows]
    rows += [f"x{k},{w},{w}" for k, w in enumerate(phrases)]
    return _net(folder, rows, '["zh"]', "standard" if tones else "zhongyuan", 10.0)


def _net(folder: Path, rows: list[str], grammars: str, accent: str, timeout: float) -> Net:
    (folder / "roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    settings = (
        f'name = "{folder.name}"\nroster = "roster.csv"\ngrammars = {grammars}\n[control]\ncall_sign = "总台值班室"\n'
        f'[timing]\nanswer_timeout_s = {timeout}\n[language]\naccent = "{accent}"\n'
    )
    (folder / "net.toml").write_text(settings, "utf-8")
    return load_net(folder)


def student_recording(people: People, snr: float | None, seed: int) -> tuple[Pcm16, list[Spoken]]:
    """EXCHANGES exchanges between different people; every word is said twice, in two different takes."""
    rng = np.random.default_rng(seed)
    channel = Channel(snr_db=snr)
    parts = [gap(1.0, channel, rng)]
    at = len(parts[0])
    truth: list[Spoken] = []

    def send(speaker: str, word: str, who: str) -> None:
        nonlocal at
        pool = people.takes[speaker, word]
        first, second = rng.choice(len(pool), 2, replace=False)
        pause = np.zeros(int(rng.uniform(0.0, 0.2) * RATE))
        speech = np.concatenate([people.corpus.pcm(pool[first]), pause, people.corpus.pcm(pool[second])])
        x, begin, end = transmit(speech.astype(np.float64), channel, rng)
        start = at / RATE
        up = len(x) / RATE - channel.tail_s
        truth.append(Spoken(start, start + up, start + begin, start + end, (who,), (f"{word},{word}",)))
        wait = gap(float(rng.uniform(0.8, 2.5)), channel, rng)
        parts.extend([x, wait])
        at += len(x) + len(wait)

    for _ in range(EXCHANGES):
        caller, answerer = rng.choice(people.speakers, 2, replace=False)
        unit = int(rng.integers(len(CALL_SIGNS)))
        send(str(caller), CALL_SIGNS[unit], "control")
        send(str(answerer), str(rng.choice(list(PROWORDS))), str(unit + 1))
    parts.append(gap(8.0, channel, rng))
    return to_receiver(np.concatenate(parts)), truth
