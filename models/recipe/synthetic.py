"""A second corpus, spoken by espeak-ng: random words in many of its voices.

Our own announcements, the demo and the hear-yourself test are synthetic speech; the model must
know such voices. Words come from the transcripts of the real corpus, in random order, so no call
sign of any net is trained on. Half is spoken by its voice variants, half by random ones, in the
ranges that the variants have. The voices of ``HELD_OUT_VOICES`` are kept for evaluation.
"""

from __future__ import annotations

import ctypes
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import soxr
from tqdm import tqdm

from models.recipe.features import RATE
from models.recipe.prepare import normalised, save
from models.recipe.prepare import toned as toned_word
from voice.mandarin.phones import SYLLABLES, split_syllable
from voice.mandarin.spelling import espeak_syllable

HELD_OUT_VOICES = ("f3", "m4", "anika", "pablo", "klatt3", "john")
LEFT_OUT_VOICES = ("whisper", "whisperf", "Demonic", "croak", "UniRobot", "anikaRobot", "fast")
"""Not human enough to teach anything."""

INVENTED = 300
"""Random voice variants."""

OWN_VARIANT = "own"
"""Name under which espeak-ng knows the random variant of the moment."""


def invented_voice(rng: np.random.Generator) -> str:
    """A random voice variant in espeak-ng's own format: pitch, tract, strength of formants, breath, muffling."""
    base = float(np.exp(rng.uniform(np.log(65), np.log(240))))
    tract = 0.9 + 0.25 * np.log(base / 65) / np.log(240 / 65) + rng.uniform(-0.1, 0.1)
    lines = ["language variant", f"pitch {base:.0f} {base * rng.uniform(1.1, 1.7):.0f}"]
    width = rng.uniform(70, 150)
    for k in range(9):
        strength = rng.uniform(60, 140) if k < 4 else rng.uniform(0, 120)
        percent = 100 * (tract if k else 1) * rng.normal(1, 0.03)
        lines.append(f"formant {k} {percent:.0f} {strength:.0f} {width * rng.uniform(0.8, 1.25):.0f}")
    lines.append(f"flutter {rng.integers(0, 13)}")
    lines.append(f"roughness {rng.integers(0, 6)}")
    lines.append(f"voicing {np.exp(rng.uniform(np.log(25), np.log(200))):.0f}")
    lines.append(f"consonants {rng.uniform(45, 150):.0f} {rng.uniform(35, 150):.0f}")
    lines.append(f"intonation {rng.choice([1, 1, 2, 3])}")
    if rng.random() < 0.15:
        lines.append("breath 0 " + " ".join(str(k) for k in rng.integers(1, 7, 7)))
    if rng.random() < 0.5:  # muffled or shrill: gains at rising frequencies
        gains = np.clip(255 - np.cumsum(rng.uniform(-10, 90, 5)), 8, 255)
        points = zip((100, 600, 1200, 2000, 3000), gains, strict=True)
        lines.append("tone " + " ".join(f"{hz} {gain:.0f}" for hz, gain in points))
    if rng.random() < 0.15:
        lines.append(f"klatt {rng.integers(1, 7)}")
    return "\n".join(lines) + "\n"


class Espeak:
    """espeak-ng as a function from text to samples, through its C interface.

    ``place``: an empty folder for a copy of its data, into which voice variants of ours are written.
    """

    def __init__(self, place: Path) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        data = place / "espeak-ng-data"
        shutil.copytree(espeakng_loader.get_data_path(), data)
        folder = data / "voices" / "!v"
        self.variants = sorted(p.name for p in folder.iterdir())
        self._own = folder / OWN_VARIANT
        self._own.write_text("language variant\n", "utf-8")
        # Without a thread of its own (2): with one, a second instance in the same process waits for ever.
        self.rate = self._lib.espeak_Initialize(2, 0, str(place).encode(), 0)
        self._chunks: list[bytes] = []
        proto = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

        def collect(wav: int | None, n: int, _events: object) -> int:
            if wav and n > 0:
                self._chunks.append(ctypes.string_at(wav, 2 * n))
            return 0

        self._callback = proto(collect)
        self._lib.espeak_SetSynthCallback(self._callback)

    def define(self, variant: str) -> None:
        """Make OWN_VARIANT the voice that this text describes. (The list of espeak-ng ends at 350 names.)"""
        self._own.write_text(variant, "utf-8")

    def say(self, text: str, voice: str, rate: int, pitch: int) -> np.ndarray:
        """float32 samples at ``self.rate`` Hz; rate in words per minute, pitch 0..99."""
        self._chunks.clear()
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        self._lib.espeak_SetParameter(1, rate, 0)
        self._lib.espeak_SetParameter(3, pitch, 0)
        raw = text.encode() + b"\0"
        self._lib.espeak_Synth(raw, ctypes.c_size_t(len(raw)), 0, 1, 0, 1 | 0x1000, None, None)
        self._lib.espeak_Synchronize()
        return np.frombuffer(b"".join(self._chunks), np.int16).astype(np.float32) / 32768


def sandhi(row: list[str]) -> list[str]:
    """What espeak-ng makes of the tones it is given: a third before a third becomes a second."""
    return [
        f"{s[:-1]}2" if s[-1] == "3" and k + 1 < len(row) and row[k + 1][-1] == "3" else s for k, s in enumerate(row)
    ]


def _row(words: list[str], rng: np.random.Generator) -> list[str]:
    """Two syllables or more, with tones: words, or a row that no dictionary has."""
    toned: list[str] = []
    while len(toned) < 2:
        for w in rng.choice(words, int(rng.integers(1, 6))):
            toned += toned_word(str(w))
    if rng.random() < 0.25:
        toned = [f"{s}{rng.integers(1, 5)}" for s in rng.choice(SYLLABLES, int(rng.integers(2, 8)))]
    return [t for t in toned if split_syllable(t.rstrip("12345")) is not None]


def synthesise(speech: Path, out: Path, count: int = 9000, seed: int = 7) -> None:
    """Build a corpus of ``count`` utterances of 2 to 9 syllables in ``out``."""
    rng = np.random.default_rng(seed)
    names = [n[:-4].split("_")[0] for n in zipfile.ZipFile(speech / "words-tan.zip").namelist()]
    words = sorted({n for n in names if n and all("\u4e00" <= c <= "\u9fff" for c in n)})
    invented = [invented_voice(rng) for _ in range(INVENTED)]
    items = []
    with tempfile.TemporaryDirectory() as place:
        engine = Espeak(Path(place))
        known = [v for v in engine.variants if v not in HELD_OUT_VOICES + LEFT_OUT_VOICES]
        for i in tqdm(range(count), desc="espeak-ng"):
            toned = _row(words, rng)
            if len(toned) < 2:
                continue
            text = ("" if rng.random() < 0.4 else " ").join(map(espeak_syllable, toned))
            name = variant = str(rng.choice(known))
            if i % 2:
                k = int(rng.integers(INVENTED))
                name, variant = f"invented{k}", OWN_VARIANT
                engine.define(invented[k])
            x = engine.say(text, f"cmn-latn-pinyin+{variant}", int(rng.integers(120, 280)), int(rng.integers(20, 85)))
            pcm = normalised(soxr.resample(x, engine.rate, RATE)) if len(x) else None
            if pcm is not None:
                items.append((f"espeak-{i}", sandhi(toned), f"espeak-{name}", pcm))
    save(out, items)
    print(f"{len(items)} utterances, {sum(len(i[3]) for i in items) / RATE / 3600:.2f} h")
