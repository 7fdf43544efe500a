"""Overs as heard: what was recognised, what was dictated, and what was not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.pcm import Seconds
from voice.talk.facts.fact import Doubtful, Fact
from voice.talk.guessing import guess_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class OverHeard(Fact):
    """Evidence: one over, what was recognised in it, and its clip."""

    KIND: ClassVar[str] = "over"
    NAMES: ClassVar[tuple[str, str]] = ("发话", "over")

    over: int
    start: Seconds
    end: Seconds
    speech_start: Seconds
    speech_end: Seconds
    clip: str
    """SHA-256 of the clip's PCM; empty if the clip could not be stored."""
    level_db: float
    outcome: Literal["understood", "unclear"]
    speaker: str
    callees: tuple[str, ...]
    caller: str | None
    to_all: bool
    meanings: tuple[str, ...]
    text: str
    pinyin: str
    confidence: float
    doubled: bool
    """Doubling: two carriers at once."""
    hypothesis: tuple[tuple[str, Seconds, Seconds, float], ...] = ()
    """(word, start, end, score) as recognised, times within the over."""
    dictated: str = ""
    """Text from the dictation model: for people only, nothing is decided on it."""
    identities: tuple[str, ...] = ()
    """Identity bursts sent by the radio, e.g. ``mdc1200:1A2B``."""
    identified: str | None = None
    """Unit a burst belongs to, by the roster. Takes precedence over the call sign heard."""

    def word(self) -> str:
        return "+".join(self.meanings)

    def detail(self) -> str | None:
        notes = ["two stations at once"] if self.doubled else []
        if self.identities:
            notes.append(f"radio {', '.join(self.identities)}")
        if self.identified and self.caller not in (None, self.identified):
            notes.append(f"radio of {self.identified}, but the call sign of {self.caller}")
        return "; ".join(notes) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed(Fact):
    """Dictation of an over's free speech, for people only. It follows its over with a delay, may be entirely wrong,
    is not evidence, and is never acted on."""

    KIND: ClassVar[str] = "transcribed"
    NAMES: ClassVar[tuple[str, str]] = ("听写", "transcribed")

    over: int
    text: str
    engine: str
    confidence: float
    """Mean token probability reported by the model."""

    def detail(self) -> str | None:
        return f"{self.engine}, not verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood(Fact):
    """Unintelligible speech: clip and pinyin are kept for a person to decide; nothing is guessed."""

    KIND: ClassVar[str] = "not_understood"
    NAMES: ClassVar[tuple[str, str]] = ("没听懂", "not understood")

    over: int
    unit: str | None
    """Unit awaited at the time, if only one was; a hint, not an attribution."""
    exchange: int | None
    pinyin: str
    why: Literal["", "speaker", "jumbled"] = ""
    """``speaker``: unit or net control, undetermined; ``jumbled``: several stations in one over; empty: no known
    words."""
    probably: str = ""
    """Unit or ``control``: who spoke, judging by the voice. A guess for people, on which nothing is done."""

    def word(self) -> str:
        return "unclear"

    def doubts(self) -> tuple[str, ...]:
        return (self.why or "not_understood",)

    def detail(self) -> str | None:
        return guess_in_words(self.probably) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked(Doubtful):
    """Understood, but neither call nor answer.

    ``kind``: say_again, negative and wait keep the exchange open; unsolicited: an answer from a unit that was not
    called; stray: a bare answer to no question; contested: a second carrier in an answered slot; unattributed: a bare
    answer while several units are being asked; aside: units talking to each other.
    """

    KIND: ClassVar[str] = "remarked"
    NAMES: ClassVar[tuple[str, str]] = ("备注", "remarked")

    kind: Literal["say_again", "negative", "wait", "unsolicited", "stray", "contested", "unattributed", "aside", "said"]
    over: int
    unit: str | None
    exchange: int | None
    """For unsolicited and aside: the exchange in whose slot it was heard, and whose answer it may have been."""
    meaning: str
    text: str
    confidence: float
    to: str | None = None
    """Unit addressed by another unit."""
    probably: str = ""
    """Unit or ``control``: who spoke, judging by the voice. A guess for people, on which nothing is done."""

    def word(self) -> str:
        return self.kind

    def detail(self) -> str | None:
        return f"to unit {self.to}" if self.to else guess_in_words(self.probably) or None
