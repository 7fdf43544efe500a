"""Exchanges: who was called, who answered, who called in, and how each ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.pcm import Seconds
from voice.talk.facts.fact import Doubtful, Fact, Grade, Outcome
from voice.talk.guessing import guess_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Called(Fact):
    """Net control called a unit: an exchange is open."""

    KIND: ClassVar[str] = "called"
    NAMES: ClassVar[tuple[str, str]] = ("呼叫", "called")

    exchange: int
    unit: str
    over: int
    attempt: int
    """1 for the first call, 2 when it is repeated, …"""
    to_all: bool
    question: str
    figures: tuple[str, ...] = ()
    """Figures, times of day and places in the call that the answer should read back."""
    doubt: bool = False
    """The speaker may have been the unit itself: the exchange can never end as “silent”."""
    probably: str = ""
    """Unit or ``control``: who spoke, judging by the voice. A guess for people, on which nothing is done."""

    def word(self) -> str:
        return "call_all" if self.to_all else "call"

    def detail(self) -> str | None:
        told = [f"call {self.attempt}"] if self.attempt > 1 else []
        told += ["net control or the unit itself"] if self.doubt else []
        told += [guess_in_words(self.probably)] if self.probably else []
        return "; ".join(told) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(Fact):
    """Net control addressed all units without asking for an answer: nobody is awaited. A unit that answers anyway is
    ``Called`` when it does."""

    KIND: ClassVar[str] = "broadcast"
    NAMES: ClassVar[tuple[str, str]] = ("通播", "broadcast")

    over: int
    text: str
    figures: tuple[str, ...] = ()
    """Figures, times of day and places that an answer may read back."""

    def word(self) -> str:
        return "call_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Doubtful):
    """A unit answered its call."""

    KIND: ClassVar[str] = "answered"
    NAMES: ClassVar[tuple[str, str]] = ("回答", "answered")

    exchange: int
    unit: str
    over: int
    meaning: str
    """``heard``: it spoke, but was not understood."""
    grade: Grade
    latency_s: Seconds
    """From the end of the call's speech to the start of the answer's."""
    late: bool
    confidence: float
    text: str
    slots: tuple[tuple[str, str], ...] = ()
    readback: Literal["", "same", "different"] = ""
    """Whether the call's figures were read back correctly; empty if the call or the answer had none."""
    figures: tuple[str, ...] = ()
    """Figures in the answer; doubtful ones end in a question mark."""
    misread: tuple[str, ...] = ()
    """The call's figures that were not read back correctly."""
    free: str = ""
    """Pinyin of the speech around the phrase: location, description and so on."""
    claims: bool = False
    """It named itself as the unit of an earlier answer without a call sign."""

    def word(self) -> str:
        return self.meaning

    def detail(self) -> str | None:
        if self.readback == "different":
            told = ", ".join(self.figures)
            return (
                f"reads back {told} instead of {', '.join(self.misread)}"
                if self.misread
                else (f"reads back {told}: not what was said")
            )
        return "late" if self.late else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeClosed(Doubtful):
    """An exchange ended without an answer."""

    KIND: ClassVar[str] = "closed"
    NAMES: ClassVar[tuple[str, str]] = ("结束", "closed")

    exchange: int
    unit: str
    outcome: Outcome
    """``silent`` only if the receiver was demonstrably alive, ``undetermined`` otherwise; ``relayed``: another unit
    answered for it, it did not answer itself."""
    reason: str
    waited_s: Seconds
    over: int = 0
    """Latest over in its slot; 0: none was heard."""

    def word(self) -> str:
        return self.outcome

    def detail(self) -> str | None:
        return self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledIn(Doubtful):
    """A unit called net control or reported, unprompted."""

    KIND: ClassVar[str] = "called_in"
    NAMES: ClassVar[tuple[str, str]] = ("呼入", "called in")

    over: int
    unit: str | None
    meaning: str
    grade: Grade
    text: str
    pinyin: str
    confidence: float
    free: str = ""
    """As in ``Answered``."""
    to: str | None = None
    """Unit addressed in place of net control."""
    exchange: int | None = None
    """The exchange in whose slot it was heard, if the unit awaited may have been the one speaking."""

    def word(self) -> str:
        return self.meaning

    def detail(self) -> str | None:
        return f"to unit {self.to}" if self.to else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReplied(Fact):
    """Net control answered a unit that had called in."""

    KIND: ClassVar[str] = "control_replied"
    NAMES: ClassVar[tuple[str, str]] = ("台回", "control replied")

    over: int
    unit: str | None
    meaning: str
    latency_s: Seconds
    doubt: bool = False
    """The speaker may have been the unit named, or another unit."""

    def word(self) -> str:
        return self.meaning

    def detail(self) -> str | None:
        return "net control or a unit" if self.doubt else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed(Doubtful):
    """Another unit answered for a unit (代答) or passed a message on (转达). Not the unit's own answer."""

    KIND: ClassVar[str] = "relayed"
    NAMES: ClassVar[tuple[str, str]] = ("转代", "relayed")

    kind: Literal["proxy", "relay"]
    over: int
    unit: str | None
    """Unit spoken for or to."""
    by: str | None
    """Unit that spoke, if it gave its call sign."""
    exchange: int | None
    meaning: str
    text: str
    confidence: float

    def word(self) -> str:
        return self.kind

    def detail(self) -> str | None:
        return f"by unit {self.by}" if self.by else None
