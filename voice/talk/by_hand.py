"""Manual entries in a net's log. Each is an event of its own whenever it is made, and belongs to no session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from voice.pcm import Seconds
from voice.talk.facts import CalledIn, Fact, Remarked

Result = Literal["answered", "late", "silent", "unclear"]
RESULTS: tuple[str, ...] = get_args(Result)
"""Result of a unit on a manually entered net."""


SPOKE = (CalledIn, Remarked)
"""Facts whose unit is whoever was heard speaking, called or not: a correction may name another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand(Fact):
    """A manual entry. It is timed by the wall clock; ``t`` is set only where a running station recorded it."""

    t: Seconds = 0.0
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(ByHand):
    """A person corrected an earlier event. The earlier event is kept."""

    KIND: ClassVar[str] = "corrected"
    NAMES: ClassVar[tuple[str, str]] = ("更正", "corrected")

    corrects: int
    """Sequence number of the corrected event."""
    unit: str | None
    meaning: str
    note: str = ""

    def word(self) -> str:
        return self.meaning

    def detail(self) -> str | None:
        return f"corrects {self.corrects} by {self.by}" + (f": {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(ByHand):
    """A person withdrew a correction, confirmation or acknowledgement. Both events are kept."""

    KIND: ClassVar[str] = "undone"
    NAMES: ClassVar[tuple[str, str]] = ("撤销", "undone")

    undoes: int
    """Sequence number of the withdrawn event."""
    note: str = ""

    def detail(self) -> str | None:
        return f"undoes {self.undoes} by {self.by}" + (f": {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(ByHand):
    """A person listened to an over and transcribed it. The station may learn from it."""

    KIND: ClassVar[str] = "confirmed"
    NAMES: ClassVar[tuple[str, str]] = ("确认", "confirmed")

    confirms: int
    """Sequence number of the over's event."""
    clip: str
    said: str
    """Spelt as in the roster and the grammar files, pauses as commas."""

    def detail(self) -> str | None:
        return f"confirms {self.confirms} by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(ByHand):
    """A person took charge of an incident: it is no longer listed as open. The report is kept."""

    KIND: ClassVar[str] = "acknowledged"
    NAMES: ClassVar[tuple[str, str]] = ("警情已处理", "incident acknowledged")

    acknowledges: int
    """Sequence number of the event that reported it."""
    note: str = ""

    def detail(self) -> str | None:
        return f"acknowledges {self.acknowledges} by {self.by}" + (f": {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEdited(ByHand):
    """One of the net's files was saved. A running station takes up phrases at once, the rest at its next start."""

    KIND: ClassVar[str] = "net_edited"
    NAMES: ClassVar[tuple[str, str]] = ("网文件", "net edited")

    file: str
    sha256: str
    """SHA-256 of the new version."""
    replaced: str
    """SHA-256 of the previous version, which is kept."""
    note: str = ""

    def detail(self) -> str | None:
        return f"{self.file} saved by {self.by}" + (f": {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEntered(ByHand):
    """A net that was not recorded, entered by hand afterwards."""

    KIND: ClassVar[str] = "net_entered"
    NAMES: ClassVar[tuple[str, str]] = ("补录", "net entered")

    began: str
    """Wall clock, ISO 8601 UTC."""
    results: tuple[tuple[str, str, str], ...]
    """(unit, one of RESULTS, meaning of the answer)."""
    note: str = ""

    def detail(self) -> str | None:
        here = sum(result in ("answered", "late") for _, result, _ in self.results)
        return f"net of {self.began}, {here} of {len(self.results)} answered, entered by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsRemoved(ByHand):
    """Clips of overs before a wall time were deleted under the retention period. The events are kept."""

    KIND: ClassVar[str] = "clips_removed"
    NAMES: ClassVar[tuple[str, str]] = ("清理录音", "clips removed")

    before: str
    clips: int

    def detail(self) -> str | None:
        return f"{self.clips} clips before {self.before} removed by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipHold(ByHand):
    """Retention hold on audio between two wall times set or released."""

    KIND: ClassVar[str] = "clip_hold"
    NAMES: ClassVar[tuple[str, str]] = ("留存", "clip hold")

    since: str
    until: str
    note: str = ""
    releases: int = 0
    """Sequence number of the hold being released; 0: a new hold."""

    def detail(self) -> str | None:
        what = f"hold {self.releases} released" if self.releases else f"kept: {self.since} to {self.until}"
        return f"{what} by {self.by}" + (f": {self.note}" if self.note else "")
