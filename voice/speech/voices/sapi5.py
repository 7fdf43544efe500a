"""The Windows voice, through pyttsx3. It reads characters: local readings and radio digits are passed to it as
characters with that pronunciation."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.mandarin.homophones import as_characters
from voice.pcm import Floats
from voice.speech import synthesiser as pyttsx3
from voice.speech.synthesiser import Synthesiser
from voice.speech.voices import Choice


def lacks() -> str:
    """See Engine."""
    if sys.platform != "win32":
        return "only on Windows"
    return "pip install pyttsx3" if importlib.util.find_spec("pyttsx3") is None else ""


@dataclass(frozen=True, slots=True)
class Sapi5:
    """A SAPI5 voice."""

    sound: pyttsx3.Voice
    synthesiser: Synthesiser

    by_clause = False

    @property
    def name(self) -> str:
        """See Voice."""
        return f"sapi5 {self.sound.variant or 'as set in Windows'}"

    def say(self, text: str, syllables: Sequence[str]) -> tuple[Floats, int]:
        """See Voice."""
        return self.synthesiser.say(as_characters(text, syllables), syllables, self.sound)

    def close(self) -> None:
        """No-op: the synthesiser is closed by its owner."""


def open_sapi5(choice: Choice, synthesiser: Synthesiser, cache: Path) -> Sapi5:
    """``speaker`` is the id of a SAPI5 voice; empty: the Windows default."""
    del cache
    return Sapi5(pyttsx3.Voice(round(choice.rate * choice.tempo), choice.pitch, choice.speaker), synthesiser)
