"""Recordings → one corpus: 8 kHz audio, silence trimmed to 150 ms, a transcript of toned syllables each.

Reads the four zips named in ``SOURCES`` from a folder. A recording that cannot be used (too short,
silent, transcript that is not Mandarin) is counted and reported, never dropped quietly.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from pypinyin import Style, lazy_pinyin
from tqdm import tqdm

from models.recipe.features import RATE
from voice.mandarin.phones import split_syllable

SOURCES = {
    "words-tan.zip": "tan",
    "syllables-wang.zip": "wang",
    "syllables-davinfifield.zip": "davinfifield",
    "students-dspspeech20.zip": None,
}
STUDENT_WORDS = ["数字", "语音", "语言", "识别", "中国", "总工", "北京", "背景", "上海", "商行", "复旦", "饭店"]
HELD_OUT = ("s21", "s22", "s23", "s24")
"""Speakers for evaluation only: never trained on, never tuned on."""

FOREIGN = "<foreign>"
"""Transcript of English words: trained as garbage."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One spoken item of a corpus."""

    name: str
    syllables: tuple[str, ...]
    """Pinyin with the tone as it is spoken (sandhi applied), 1..5, or (FOREIGN,)."""
    speaker: str
    start: int
    end: int
    """Sample range in the corpus audio."""


class Corpus:
    """A folder with ``audio.npy`` (int16, all recordings end to end) and ``index.json``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.audio = np.load(folder / "audio.npy", mmap_mode="r")
        rows = json.loads((folder / "index.json").read_text("utf-8"))
        self.recordings = [Recording(n, tuple(s), spk, a, b) for n, s, spk, a, b in rows]

    def pcm(self, r: Recording) -> np.ndarray:
        return np.asarray(self.audio[r.start : r.end], np.float32)


def trim(x: np.ndarray, margin: float = 0.15) -> np.ndarray:
    """Cut silence at both ends down to ``margin`` seconds (20 ms energy against its percentiles)."""
    n = RATE // 50
    k = len(x) // n
    if k < 5:
        return x
    level = 10 * np.log10((x[: k * n].reshape(k, n) ** 2).mean(1) + 1e-10)
    lo, hi = np.percentile(level, (10, 98))
    loud = np.where(level > max(lo + 0.3 * (hi - lo), hi - 35))[0]
    m = int(margin * RATE)
    return x[max(0, loud[0] * n - m) : min(len(x), (loud[-1] + 1) * n + m)]


def toned(word: str, sandhi: bool = True) -> list[str]:
    """Syllables of a Chinese word with the tones of connected speech, or of the dictionary."""
    return lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=sandhi, v_to_u=False)


def entries(speech: Path) -> Iterator[tuple[zipfile.ZipFile, str, list[str], str]]:
    """(zip, member, syllables, speaker) of every recording whose name tells its words."""
    for name, speaker in SOURCES.items():
        archive = zipfile.ZipFile(speech / name)
        for member in archive.namelist():
            if not member.endswith(".ogg"):
                continue
            if speaker is None:
                who, rest = member.split("/")
                word = rest.split("-")[0]
                yield archive, member, toned(word) if word in STUDENT_WORDS else [FOREIGN], who
                continue
            word = re.sub("_.*", "", member[:-4])
            if name.startswith("words") and re.fullmatch("[\u4e00-\u9fff]+", word):
                yield archive, member, toned(word), speaker
            elif re.fullmatch("[a-z]+[1-5]", word):
                yield archive, member, [word], speaker


def read(archive: zipfile.ZipFile, member: str) -> tuple[np.ndarray, int]:
    """(mono samples, rate in Hz) of a recording in a zip."""
    x, rate = sf.read(io.BytesIO(archive.read(member)), dtype="float32")
    return (x if x.ndim == 1 else x.mean(1)), rate


def save(folder: Path, items: list[tuple[str, list[str], str, np.ndarray]]) -> None:
    """Write a corpus from (name, syllables, speaker, int16 audio) rows."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = np.cumsum([0] + [len(i[3]) for i in items]).tolist()
    rows = [[n, s, spk, a, b] for (n, s, spk, _), a, b in zip(items, ends, ends[1:], strict=False)]
    np.save(folder / "audio.npy", np.concatenate([i[3] for i in items]))
    (folder / "index.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")


def normalised(x: np.ndarray) -> np.ndarray | None:
    """Trimmed, peak at 20000; None if there is nothing to hear."""
    x = trim(x - x.mean())
    peak = float(np.abs(x).max()) if len(x) else 0.0
    if len(x) < 0.15 * RATE or peak < 1e-3:
        return None
    return (x / peak * 20000).astype(np.int16)


def prepare(speech: Path, out: Path) -> None:
    """Build the corpus of real recordings in ``out``."""
    items: list[tuple[str, list[str], str, np.ndarray]] = []
    dropped: Counter[str] = Counter()
    for archive, member, syllables, speaker in tqdm(list(entries(speech)), desc="recordings"):
        if syllables != [FOREIGN] and any(split_syllable(s[:-1]) is None for s in syllables):
            dropped["not a Mandarin syllable"] += 1
            continue
        x, rate = read(archive, member)
        pcm = normalised(soxr.resample(x, rate, RATE))
        if pcm is None:
            dropped["silent or shorter than 0.15 s"] += 1
            continue
        items.append((member, syllables, speaker, pcm))
    save(out, items)
    hours = sum(len(i[3]) for i in items) / RATE / 3600
    print(f"{len(items)} recordings, {hours:.2f} h; left out: {dict(dropped) or 'none'}")
