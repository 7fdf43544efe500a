"""The station's own part: spoken commands to it, and what it transmitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.pcm import Seconds
from voice.talk.facts.fact import Fact, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Fact):
    """A spoken command from the dispatcher."""

    KIND: ClassVar[str] = "commanded"
    NAMES: ClassVar[tuple[str, str]] = ("口令", "commanded")

    command: str
    """Meaning from the grammar's ``[assistant]`` sections; empty: addressed to us but not understood."""
    unit: str | None
    """The unit that it names, or the first of several."""
    over: int
    """0: dispatcher's own microphone."""
    status: Literal["heard", "done", "cancelled", "refused"]
    """``heard`` first, then the outcome."""
    text: str = ""
    note: str = ""
    begins: Seconds = 0.0
    """Start, within its over, of the words to be transmitted as spoken; 0: none."""
    ends: Seconds = 0.0
    """Their end, so that a code of the day is not passed on; 0: end of the over."""
    figures: tuple[str, ...] = ()
    """Figures in these words, for readback."""
    units: tuple[str, ...] = ()
    """All units that it names: 呼叫甲和乙."""

    def word(self) -> str:
        return self.command

    def detail(self) -> str | None:
        return f"{self.status}: {self.note}" if self.note else self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Fact):
    """We transmitted an announcement. ``t`` is when our carrier dropped; answers are awaited from then on."""

    KIND: ClassVar[str] = "announced"
    NAMES: ClassVar[tuple[str, str]] = ("播报", "announced")

    keyed: Seconds
    """When we keyed up."""
    text: str
    purpose: Purpose
    units: tuple[str, ...] = ()
    """Units called by it."""
    clip: str = ""
    """SHA-256 of a recording played after the text: the dispatcher's own words."""

    def word(self) -> str:
        return self.purpose
