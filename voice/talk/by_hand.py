"""What people do to a net's log. Each is one event of its own, whenever it is made, and belongs to no session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from voice.pcm import Seconds
from voice.talk.facts import Fact

Result = Literal["answered", "late", "silent", "unclear"]
RESULTS: tuple[str, ...] = get_args(Result)
"""What a unit did on a net that is entered by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand(Fact):
    """Somebody did something. Its time is the wall clock's; ``t`` counts only where a station took it down."""

    t: Seconds = 0.0
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(ByHand):
    """A person set right what an earlier event says. The earlier event stays."""

    corrects: int
    """Sequence number of the event in the journal."""
    unit: str | None
    meaning: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(ByHand):
    """A person listened to an over and says what was said in it. The station may learn from it."""

    confirms: int
    """Sequence number of the over's event in the journal."""
    clip: str
    said: str
    """As in the roster and the grammar files, pauses as commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEdited(ByHand):
    """Somebody saved one of the net's files. A running station uses it from its next start on."""

    file: str
    sha256: str
    """Of the new version."""
    replaced: str
    """SHA-256 of the old one, which is kept."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEntered(ByHand):
    """A net that nobody recorded, entered by hand afterwards."""

    began: str
    """Wall clock, ISO 8601 UTC."""
    results: tuple[tuple[str, str, str], ...]
    """(unit, one of RESULTS, meaning of the answer)."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsRemoved(ByHand):
    """Clips of overs before a wall time were removed, because they were kept long enough. The events stay."""

    before: str
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipHold(ByHand):
    """The sound between two wall times is kept whatever its age, or no longer."""

    since: str
    until: str
    note: str = ""
    releases: int = 0
    """Number of the hold that ends; 0: one begins."""
