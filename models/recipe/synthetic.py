"""A second corpus, spoken by espeak-ng: random words in many of its voices.

Our own announcements, the demo and the hear-yourself test are synthetic speech; the model must
know such voices. Words come from the transcripts of the real corpus, in random order, so no call
sign of any net is trained on. The voices of ``HELD_OUT_VOICES`` are kept for evaluation.
"""

from __future__ import annotations

import ctypes
import zipfile
from pathlib import Path

import numpy as np
import soxr
from tqdm import tqdm

from models.recipe.features import RATE
from models.recipe.prepare import normalised, save
from models.recipe.prepare import toned as toned_word
from voice.grammar.phones import SYLLABLES, split_syllable
from voice.speech.spelling import espeak_syllable

HELD_OUT_VOICES = ("f3", "m4", "anika", "pablo", "klatt3", "john")
LEFT_OUT_VOICES = ("whisper", "whisperf", "Demonic", "croak", "UniRobot", "anikaRobot", "fast")
"""Not human enough to teach anything."""


class Espeak:
    """espeak-ng as a function from text to samples, through its C interface."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path()
        self.rate = self._lib.espeak_Initialize(1, 0, str(Path(data).parent).encode(), 0)
        self.variants = sorted(p.name for p in Path(data, "voices", "!v").iterdir())
        self._chunks: list[bytes] = []
        proto = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

        def collect(wav: int | None, n: int, _events: object) -> int:
            if wav and n > 0:
                self._chunks.append(ctypes.string_at(wav, 2 * n))
            return 0

        self._callback = proto(collect)
        self._lib.espeak_SetSynthCallback(self._callback)

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


def synthesise(speech: Path, out: Path, count: int = 9000, seed: int = 7) -> None:
    """Build a corpus of ``count`` utterances of 2 to 9 syllables in ``out``."""
    rng = np.random.default_rng(seed)
    names = [n[:-4].split("_")[0] for n in zipfile.ZipFile(speech / "words-tan.zip").namelist()]
    words = sorted({n for n in names if n and all("\u4e00" <= c <= "\u9fff" for c in n)})
    engine = Espeak()
    voices = [v for v in engine.variants if v not in HELD_OUT_VOICES + LEFT_OUT_VOICES]
    items = []
    for i in tqdm(range(count), desc="espeak-ng"):
        toned: list[str] = []
        while len(toned) < 2:
            for w in rng.choice(words, int(rng.integers(1, 6))):
                toned += toned_word(str(w))
        if rng.random() < 0.25:  # every syllable, in rows that no dictionary has
            toned = [f"{s}{rng.integers(1, 5)}" for s in rng.choice(SYLLABLES, int(rng.integers(2, 8)))]
        toned = [t for t in toned if split_syllable(t.rstrip("12345")) is not None]
        if len(toned) < 2:
            continue
        joined = rng.random() < 0.4
        spelled = [espeak_syllable(t) for t in toned]
        text = "".join(spelled) if joined else " ".join(spelled)
        variant = str(rng.choice(voices))
        x = engine.say(
            text, f"cmn-latn-pinyin+{variant}", int(rng.integers(120, 260)), int(rng.integers(20, 85))
        )
        pcm = normalised(soxr.resample(x, engine.rate, RATE)) if len(x) else None
        if pcm is None:
            continue
        items.append((f"espeak-{i}", sandhi(toned), f"espeak-{variant}", pcm))
    save(out, items)
    print(f"{len(items)} utterances, {sum(len(i[3]) for i in items) / RATE / 3600:.2f} h")
