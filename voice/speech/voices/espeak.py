"""espeak-ng through pyttsx3: no prerequisites, driven by toned pinyin, intelligible, but not pleasant."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.errors import HuyingError
from voice.pcm import Floats
from voice.speech import synthesiser as pyttsx3
from voice.speech.synthesiser import Synthesiser, voice_variants
from voice.speech.voices import Choice


def lacks() -> str:
    """See Engine."""
    if sys.platform == "win32":
        return "on Windows sapi5 speaks"
    missing = [m for m in ("pyttsx3", "espeakng_loader") if importlib.util.find_spec(m) is None]
    return f"pip install {' '.join(missing)}" if missing else ""


@dataclass(frozen=True, slots=True)
class Espeak:
    """One of espeak-ng's voices."""

    sound: pyttsx3.Voice
    synthesiser: Synthesiser

    by_clause = False
    """50 ms per sentence."""

    @property
    def name(self) -> str:
        """See Voice."""
        return f"espeak {self.sound.variant}"

    def say(self, text: str, syllables: Sequence[str]) -> tuple[Floats, int]:
        """See Voice."""
        return self.synthesiser.say(text, syllables, self.sound)

    def close(self) -> None:
        """No-op: the synthesiser is closed by its owner."""


def open_espeak(choice: Choice, synthesiser: Synthesiser, cache: Path) -> Espeak:
    """Raises HuyingError for a variant espeak-ng lacks: it would silently use another."""
    del cache  # the synthesiser has its own cache
    known, wanted = voice_variants(), choice.speaker or choice.variant
    if known and wanted not in known:
        usual = sorted(v for v in known if v[0] in "fm" and v[1:].isdigit())
        raise HuyingError(f"no voice “{wanted}”; there is: {', '.join(usual)}, …")
    return Espeak(pyttsx3.Voice(round(choice.rate * choice.tempo), choice.pitch, wanted), synthesiser)
