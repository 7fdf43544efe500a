"""A session: monitoring of a source from its beginning to its end, with what happened to clock and equipment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from voice.pcm import Seconds
from voice.talk.facts.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegan(Fact):
    """Monitoring of a source began."""

    KIND: ClassVar[str] = "session_began"
    NAMES: ClassVar[tuple[str, str]] = ("开始", "session began")

    source: str
    net: str
    net_sha256: str
    model: str
    model_sha256: str
    began: str
    """Wall clock of sample 0, ISO 8601 UTC."""
    clock: Literal["known", "unknown"]
    """``unknown``: recording date not known; wall times count from 1970."""
    units: tuple[str, ...] = ()
    """Unit ids on the roster."""
    version: str = ""
    dictation: str = ""
    """SHA-256 of the dictation model for free speech; empty if there was none."""
    recording: str = ""
    """SHA-256 of the sound file; empty for a live source."""

    def detail(self) -> str | None:
        return f"{self.source}, clock {self.clock}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChanged(Fact):
    """Wall times from this event on are shifted; ``t`` and answer times are counted in samples and unaffected."""

    KIND: ClassVar[str] = "clock"
    NAMES: ClassVar[tuple[str, str]] = ("时钟", "clock")

    by_s: Seconds
    """Seconds; positive: forward."""
    cause: Literal["set", "drift"]
    """The system clock was set, or the sound card drifted from it."""

    def word(self) -> str:
        return self.cause

    def detail(self) -> str | None:
        return f"wall times from here on {self.by_s:+.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Fact):
    """Equipment fault or recovery: sound card lost, back or overrunning; clips no longer stored, or stored again;
    journal not writable for a while (``unwritten``); our transmission cut short (``cut``); dictation off
    (``no_dictation``); a stream's sample format differs from the one given (``form``); changed files of the net not in
    force (``net``)."""

    KIND: ClassVar[str] = "device"
    NAMES: ClassVar[tuple[str, str]] = ("设备", "device")

    what: Literal["lost", "back", "overrun", "no_clips", "clips", "unwritten", "cut", "no_dictation", "form", "net"]
    note: str

    def word(self) -> str:
        return self.what

    def detail(self) -> str | None:
        return self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class PhrasesChanged(Fact):
    """The net's phrases or places were changed, and are in force for every over that begins from now on."""

    KIND: ClassVar[str] = "phrases_changed"
    NAMES: ClassVar[tuple[str, str]] = ("用语更新", "phrases changed")

    net_sha256: str
    learned: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()

    def detail(self) -> str | None:
        changed = (*(f"+{text}" for text in self.learned), *(f"-{text}" for text in self.forgotten))
        return ", ".join(changed) or "what phrases mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Fact):
    """The source ended."""

    KIND: ClassVar[str] = "session_ended"
    NAMES: ClassVar[tuple[str, str]] = ("完", "session ended")

    overs: int
    pops: int
    """Carriers without speech."""
    dead_s: Seconds
    """Exact silence where the receiver normally hisses."""
    damage: tuple[str, ...]
