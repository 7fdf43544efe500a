"""Kokoro-82M: a neural voice on the CPU, driven by tone-numbered pinyin from our own readings.

The model (hexgrad, Apache-2.0; ONNX export of kokoro-onnx, MIT) converts phonemes, a style and a speed to speech at 24
kHz, in about 0.4 s per second of sound on one core. A style is a table of 510 rows, one per length of the phoneme
string, by 256 columns: the first 128 are timbre, the others prosody. Styles can be blended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from voice.errors import HuyingError
from voice.pcm import Floats as Floats
from voice.places import cache_folder, install
from voice.speech import products

RATE = 24000
"""Output sample rate, Hz."""

LONGEST = 510
"""Most phonemes per utterance: rows of a style."""

STYLE = 256
"""Columns of a style."""

MARKS = frozenset(",.?!")
"""Separate tokens that make a pause and shape the intonation."""

HELD_OUT = frozenset("zf_xiaoyi zm_yunyang am_onyx bf_lily af_river jm_kumo hm_psi em_alex".split())
"""Voices never used for training or tuning."""

_MODEL, _VOCABULARY, _VOICES = "kokoro.onnx", "vocab.json", "voices"

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
"""Tone marks in the model's notation: after the vowel; the neutral tone is unmarked."""

_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s",
}  # fmt: skip

_FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n", "eng": "ə0ŋ",
    "er": "ɚ0", "i": "i0", "ia": "ja0", "ie": "je0", "iao": "jau0", "iu": "jou0", "ian": "jɛ0n", "in": "i0n",
    "iang": "ja0ŋ", "ing": "i0ŋ", "iong": "jʊ0ŋ", "o": "wo0", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "ua": "wa0",
    "uo": "wo0", "uai": "wai0", "ui": "wei0", "uan": "wa0n", "un": "wə0n", "uang": "wa0ŋ", "v": "y0", "ve": "ɥe0",
    "van": "ɥɛ0n", "vn": "y0n",
}  # fmt: skip
"""Finals as spelled after an initial (ü is v); 0 marks the position of the tone. After Duanmu, Phonology of Standard
Chinese."""

_ALONE = {
    "o": "ɔ0", "yi": "i0", "ya": "ja0", "yo": "jɔ0", "ye": "je0", "yao": "jau0", "you": "jou0", "yan": "jɛ0n",
    "yin": "i0n", "yang": "ja0ŋ", "ying": "i0ŋ", "yong": "jʊ0ŋ", "wu": "u0", "wa": "wa0", "wo": "wo0", "wai": "wai0",
    "wei": "wei0", "wan": "wa0n", "wen": "wə0n", "wang": "wa0ŋ", "weng": "wə0ŋ", "yu": "y0", "yue": "ɥe0",
    "yuan": "ɥɛ0n", "yun": "y0n",
}  # fmt: skip
"""Syllables without an initial whose spelling differs from their final."""


@cache
def phonemes_of(syllable: str) -> str:
    """Phoneme string of a toned syllable: ``"jia3"`` → ``"ʨja↓"``; no tone number is the neutral tone.

    Raises ValueError if it is not a Mandarin syllable.
    """
    s, tone = (syllable[:-1], syllable[-1]) if syllable[-1:].isdigit() else (syllable, "5")
    s = s.lower().replace("ü", "v")
    initial = s[:2] if s[:2] in _INITIALS else s[:1] if s[:1] in _INITIALS else ""
    final = s[len(initial) :]
    if initial in ("zh", "ch", "sh", "r", "z", "c", "s") and final == "i":
        said = "ɨ0"
    elif initial in ("j", "q", "x") and final.startswith("u"):
        said = _FINALS.get("v" + final[1:], "")
    else:
        said = _FINALS.get("ve" if final == "ue" else final, "")
    said = _ALONE.get(s, said)
    if not said or tone not in _TONES:
        raise ValueError(f"“{syllable}” is not a toned pinyin syllable")
    return _INITIALS.get(initial, "") + said.replace("0", _TONES[tone])


def phonemes(words: Iterable[Sequence[str]]) -> str:
    """Words (sequences of toned syllables) and marks (``[","]``) → ``"ʨja↓ka↓ŋ, ʂou→"``."""
    out = ""
    for word in words:
        mark = len(word) == 1 and word[0] in MARKS
        out += ("" if mark or not out else " ") + (word[0] if mark else "".join(map(phonemes_of, word)))
    return out


def _opened(model: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def session(path: Path) -> Any:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    try:
        return session(products.rewritten(model, cache_folder()))
    except Exception:  # no room, an old onnxruntime, a damaged file: as it is, only slower
        return session(model)


class Kokoro:
    """The loaded model and its voices. Not thread-safe."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises HuyingError if onnxruntime is missing or cannot load it, or the folder is incomplete."""
        for name in (_MODEL, _VOCABULARY, _VOICES):
            if not (folder / name).exists():
                raise HuyingError(f"{folder / name}: is missing; run “huying models pull kokoro-82m-zh”")
        try:
            import onnxruntime
        except ImportError as e:
            raise HuyingError(f"the neural voice needs onnxruntime ({e}): {install('voice')}") from e
        self.folder = folder
        try:
            self._session: Any = _opened(folder / _MODEL, threads)
            self._vocabulary: dict[str, int] = json.loads((folder / _VOCABULARY).read_text("utf-8"))["vocab"]
        except Exception as e:  # onnxruntime has its own exception classes
            raise HuyingError(
                f"{folder}: the model cannot be loaded by onnxruntime {onnxruntime.__version__} ({e}); "
                "run “huying models verify kokoro-82m-zh”"
            ) from e
        takes = {i.name for i in self._session.get_inputs()}
        if takes != {"tokens", "style", "speed"}:
            raise HuyingError(
                f"{folder / _MODEL}: takes {', '.join(sorted(takes))} instead of tokens, style, speed: another export "
                "of the model; run “huying models pull kokoro-82m-zh”"
            )

    def names(self) -> list[str]:
        """Installed voices; ``zf_`` and ``zm_`` are Mandarin, women and men."""
        return sorted(p.stem for p in (self.folder / _VOICES).glob("*.bin"))

    def style(self, name: str) -> Floats:
        """Style of a voice, shape (LONGEST, STYLE). Raises HuyingError if missing or damaged."""
        path = self.folder / _VOICES / f"{name}.bin"
        if not path.is_file():
            raise HuyingError(f"no voice “{name}”; there is: {', '.join(self.names()) or 'none'}")
        values = np.fromfile(path, np.float32)
        if len(values) != LONGEST * STYLE or not np.isfinite(values).all():
            raise HuyingError(f"{path}: not a voice of Kokoro; run “huying models pull kokoro-82m-zh”")
        return values.reshape(LONGEST, STYLE)

    def say(self, words: Iterable[Sequence[str]], style: Floats, speed: float = 1.0) -> Floats:
        """Speech in -1..1, shape (n,), at RATE; ``speed`` 1.0 is about four syllables a second.

        Raises HuyingError for more than LONGEST phonemes, ValueError for an invalid syllable.
        """
        said = phonemes(words)
        unknown = {c for c in said if c not in self._vocabulary}
        if unknown:
            raise HuyingError(f"{self.folder / _VOCABULARY}: lacks {' '.join(sorted(unknown))}: another version's file")
        tokens = [self._vocabulary[c] for c in said]
        if not tokens:
            return np.zeros(0, np.float32)
        if len(tokens) > LONGEST:
            raise HuyingError(f"{len(tokens)} phonemes at once, the model takes {LONGEST}; cut the text in sentences")
        row = style[len(tokens) - 1].reshape(1, STYLE).astype(np.float32)
        (made,) = self._session.run(
            None,
            {"tokens": np.array([[0, *tokens, 0]], np.int64), "style": row, "speed": np.array([speed], np.float32)},
        )
        return np.asarray(made, np.float32).ravel()
