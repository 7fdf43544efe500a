"""The station's voice: a family of engines, chosen by name in ``[voice]`` of the net's settings.

    espeak.py    espeak-ng through pyttsx3: needs nothing, sounds like a machine
    sapi5.py     the voice that Windows has, through pyttsx3
    kokoro.py    a neural voice: huying models pull kokoro-82m-zh, the packages of the extra “voice”
    standby.py   a voice and the one that takes over when it fails

A new engine is a file here and a line in ``ENGINES``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from voice.errors import HuyingError
from voice.pcm import Floats
from voice.speech.synthesiser import Synthesiser

WORD = " "
"""Word boundary between syllables, for a voice that takes one clause at a time."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Voice settings of a net."""

    engine: str = "auto"
    """A name of ``ENGINES``; ``auto``: the best one available."""
    speaker: str = ""
    """kokoro: a voice's name; the others: as ``variant``."""
    tempo: float = 1.0
    """0.9 to 1.3 times the engine's normal tempo."""
    rate: int = 165
    """espeak and sapi5: words (here about syllables) per minute."""
    pitch: int = 50
    variant: str = "f2"


class Voice(Protocol):
    """Speaks sequences of toned syllables."""

    @property
    def name(self) -> str:
        """Engine and speaker, for display."""

    @property
    def by_clause(self) -> bool:
        """Slow engine: it is given one clause at a time, with its final mark, so that the first is on the air while
        the next is rendered and recurring clauses come from the cache."""

    def say(self, text: str, syllables: Sequence[str]) -> tuple[Floats, int]:
        """(samples in -1..1, shape (n,); rate in Hz). ``syllables``: toned pinyin with marks (and WORD); ``text`` is
        the same in characters. Raises HuyingError on timeout or engine failure."""

    def close(self) -> None:
        """Stop its processes."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine: what it lacks on this machine, and how to open it."""

    lacks: Callable[[], str]
    """What is missing on this machine and what to do about it, in words; empty if nothing is."""
    open: Callable[[Choice, Synthesiser, Path], Voice]
    """Raises HuyingError, for example for an unknown speaker. The path is the cache."""


def _engines() -> dict[str, Engine]:
    from voice.speech.voices import espeak, kokoro, sapi5

    return {
        "kokoro": Engine(kokoro.lacks, kokoro.open_kokoro),
        "espeak": Engine(espeak.lacks, espeak.open_espeak),
        "sapi5": Engine(sapi5.lacks, sapi5.open_sapi5),
    }


ENGINES = _engines()
"""Best first."""


def choose(wanted: str) -> tuple[str, str]:
    """(engine to be used, why). Raises HuyingError if none is available."""
    lacking = {name: e.lacks() for name, e in ENGINES.items()}
    if wanted != "auto":
        if wanted not in ENGINES:
            raise HuyingError(f"no voice engine “{wanted}”; there is: auto, {', '.join(ENGINES)}")
        if not lacking[wanted]:
            return wanted, "as [voice] engine says"
    for name, lack in lacking.items():
        if not lack:
            if wanted == "auto":
                better = [f"{n}: {w}" for n, w in list(lacking.items())[: list(lacking).index(name)]]
                return name, "; ".join(["the best that is here", *better])
            return name, f"{wanted} cannot speak: {lacking[wanted]}"
    raise HuyingError("no voice engine can speak here: " + "; ".join(f"{n}: {w}" for n, w in lacking.items()))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The engine that speaks."""

    engine: str
    voice: Voice
    why: str
    instead: bool
    """Another engine was asked for, or a speaker that only a better one has."""


def open_chosen(choice: Choice, synthesiser: Synthesiser, cache: Path) -> Chosen:
    """The voice of a net by itself. Raises HuyingError for a speaker that the engine asked for does not have: another
    person's voice would be used. An engine that stands in for it has its own."""
    engine, why = choose(choice.engine)
    wanted = choice.engine if choice.engine != "auto" else next(iter(ENGINES))
    instead = choice.engine not in ("auto", engine)
    try:
        voice = ENGINES[engine].open(choice, synthesiser, cache)
    except HuyingError:
        if engine == wanted or not choice.speaker:
            raise
        voice, instead = ENGINES[engine].open(replace(choice, speaker=""), synthesiser, cache), True
        why = f"{why}; it has no speaker “{choice.speaker}”"
    return Chosen(engine, voice, why, instead)


def open_voice(
    choice: Choice, synthesiser: Synthesiser, cache: Path, tell: Callable[[str], None] = lambda _t: None
) -> Voice:
    """The voice of a net and its standby. ``tell`` is called once if another engine or speaker than the configured
    one is used. Raises HuyingError as ``open_chosen``."""
    from voice.speech.voices.standby import Standby

    chosen = open_chosen(choice, synthesiser, cache)
    name, voice = chosen.engine, chosen.voice
    if chosen.instead:
        tell(f"the voice is {name} 换用其他语音: {chosen.why}")
    plain = "sapi5" if sys.platform == "win32" else "espeak"
    if name == plain:
        return voice
    return Standby(voice, lambda: ENGINES[plain].open(Choice(), synthesiser, cache), tell)
