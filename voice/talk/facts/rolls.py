"""Roll-calls: by the dispatcher's word, or conducted by the station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.talk.facts.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RollMarked(Fact):
    """A roll-call began, paused, resumed or ended on the dispatcher's word."""

    KIND: ClassVar[str] = "roll"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll")

    mark: Literal["start", "pause", "resume", "end", "skip", "repeat"]
    over: int
    """0 if not a spoken command."""
    reason: str = ""
    obeyed: bool = True
    """False: said on the air where the code of the day or the dispatcher's microphone is required; it is logged, and
    the roll-call we conduct continues."""

    def word(self) -> str:
        return self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBegan(Fact):
    """An automatic roll-call of these units began, in this order."""

    KIND: ClassVar[str] = "roll_began"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll began")

    units: tuple[str, ...]
    rounds: int
    """Calls per unit before it counts as missing."""
    by: str = ""
    question: str = ""
    """Question put to all units in place of those in the roster."""
    until: str = ""
    """轮询 (poll): ask in turn until an answer has this meaning (``any``: any answer); empty: ask all."""

    def word(self) -> str:
        return "start"

    def detail(self) -> str | None:
        return f"{len(self.units)} units, {self.rounds} rounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEnded(Fact):
    """The roll-call ended; ending incomplete is allowed, and stated."""

    KIND: ClassVar[str] = "roll_ended"
    NAMES: ClassVar[tuple[str, str]] = ("点名", "roll ended")

    complete: bool
    """Every unit was called the planned number of times."""
    missing: tuple[str, ...]
    """Units without an answer of their own: silent, spoken for, undetermined or not called."""
    unclear: tuple[str, ...]

    def word(self) -> str:
        return "complete" if self.complete else "incomplete"

    def detail(self) -> str | None:
        return f"{len(self.missing)} without an answer of their own, {len(self.unclear)} unclear"
