"""Voices of a simulated net: espeak-ng variants, or natural voices blended from Kokoro's.

Natural actors are blends of the eight voices reserved from training and tuning (``kokoro.HELD_OUT``): a recording made
with them has unseen speakers.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr

from voice.mandarin.readings import PAUSE
from voice.mandarin.words import in_words
from voice.measure.scenario import Speech
from voice.net.loading import Net
from voice.pcm import Floats, trimmed
from voice.places import install
from voice.speech.kokoro import HELD_OUT, RATE, Kokoro
from voice.speech.packages import packaged
from voice.speech.synthesiser import SpeechSettings, Synthesiser

UNIT_VOICES = (
    "m1", "f1", "m3", "f4", "m7", "Annie", "m2", "f5", "Alex", "m5", "linda", "m6", "max", "m8", "Michael",
    "grandma", "ed",
)  # fmt: skip
"""espeak-ng variants assigned to units in roster order."""

MODEL = "kokoro-82m-zh"

TIMBRE = (0.15, 0.7)
"""Range of another voice's share in a blend's timbre: a larger share of a foreign voice blurs the consonants."""

TEMPO = (1.0, 1.3)
"""Kokoro's 1.0 is about four syllables a second; radio operators speak faster."""

PITCH = (0.92, 1.1)
"""Factor range for pitch and formants: speakers of different size."""

PAUSE_S = 0.12
"""Pause at a comma."""


class Actors(Protocol):
    """Speak the lines of a scenario."""

    def say(self, number: int | None, s: Speech) -> tuple[Floats, int]:
        """(samples in -1..1, shape (n,); rate in Hz). ``number``: index of the unit on the roster; None is net
        control. Raises HuyingError if it cannot be spoken."""


class EspeakActors:
    """espeak-ng: one variant per unit."""

    def __init__(self, net: Net, synthesiser: Synthesiser, control: str = "f2") -> None:
        """``control``: net control's variant."""
        self._net, self._synthesiser, self._control = net, synthesiser, control

    def say(self, number: int | None, s: Speech) -> tuple[Floats, int]:
        """See Actors."""
        if number is None:
            own = self._net.settings.voice
            sound = SpeechSettings(s.rate or own.rate, s.pitch or own.pitch, s.voice or self._control)
        else:
            spread = np.random.default_rng(number)
            sound = SpeechSettings(
                s.rate or int(spread.integers(140, 190)),
                s.pitch or int(spread.integers(35, 65)),
                s.voice or UNIT_VOICES[number % len(UNIT_VOICES)],
            )
        return self._synthesiser.say(s.words, self._net.spell(s.words), sound)


class NaturalActors:
    """Kokoro: one blend of held-out voices per unit, the same each time."""

    def __init__(self, net: Net, folder: Path) -> None:
        """``folder``: model as installed by ``models pull``. Raises HuyingError if it is incomplete."""
        self._net, self._model = net, Kokoro(folder)
        self._styles = {name: self._model.style(name) for name in sorted(HELD_OUT)}

    def say(self, number: int | None, s: Speech) -> tuple[Floats, int]:
        """See Actors."""
        rng = np.random.default_rng((7, 0 if number is None else number + 1))
        style, pitch, tempo = self._blend(rng), rng.uniform(*PITCH), rng.uniform(*TEMPO)
        parts: list[Floats] = []
        for clause in filter(None, PAUSE.split(s.words)):
            rows = in_words(clause, self._net.syllables(clause), self._is_word)
            said = self._model.say([*rows, [","]], style, tempo / pitch)
            parts += [np.zeros(round(PAUSE_S * RATE), np.float32)] * bool(parts) + [trimmed(said, RATE)]
        whole = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return np.asarray(soxr.resample(whole, RATE * pitch, RATE), np.float32), RATE

    def _blend(self, rng: np.random.Generator) -> Floats:
        """Prosody of a Mandarin voice; timbre blended with another one."""
        mandarin = [n for n in self._styles if n.startswith("z")]
        base = self._styles[mandarin[int(rng.integers(len(mandarin)))]].copy()
        other = self._styles[list(self._styles)[int(rng.integers(len(self._styles)))]]
        share = rng.uniform(*TIMBRE)
        base[:, :128] = (1 - share) * base[:, :128] + share * other[:, :128]
        return base

    def _is_word(self, text: str) -> bool:
        return text in self._words

    @property
    def _words(self) -> frozenset[str]:
        return frozenset(e.text for e in self._net.lexicon.entries)


def natural_lacks() -> str:
    """What natural actors lack on this machine and what to do about it; empty if nothing."""
    if importlib.util.find_spec("onnxruntime") is None:
        return install("voice")
    return "" if packaged(MODEL) else f"huying models pull {MODEL}"


def natural_actors(net: Net) -> NaturalActors:
    """Raises HuyingError stating what is missing."""
    from voice.errors import HuyingError

    folder = packaged(MODEL)
    if natural_lacks() or folder is None:
        raise HuyingError(f"natural voices are not here; run “{natural_lacks()}”, or take --voices espeak")
    return NaturalActors(net, folder)
