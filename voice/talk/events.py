"""What the net logic decides on: overs as they were understood, and the clock."""

from __future__ import annotations

from dataclasses import dataclass

from voice.grammar.message import Message
from voice.pcm import Seconds
from voice.talk.guessing import Likeness


@dataclass(frozen=True, slots=True)
class Rules:
    """From the net's settings."""

    answer_timeout_s: Seconds = 10.0
    late_window_s: Seconds = 600.0
    orders_on_air: bool = True
    """Obey 暂停点名 and 点名结束 from anyone on the air; see ``[station] commands``."""
    review_below: float = 0.6
    """Answers below this confidence are marked for review."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One over, interpreted."""

    over: int
    start: Seconds
    end: Seconds
    speech_start: Seconds
    speech_end: Seconds
    message: Message
    doubled: bool = False
    identified: str | None = None
    """Unit identified by its radio's burst."""
    voices: Likeness = ()
    """How much it sounds like the speakers whose voices are known."""

    @property
    def contradicted(self) -> bool:
        """The radio's identity names a different unit than the call sign spoken."""
        return self.identified is not None and self.message.caller not in (None, self.identified)


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock reached ``t`` with the channel clear."""

    t: Seconds
    receiver_alive: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """The source has ended at ``t``."""

    t: Seconds
