"""What every fact has: a time, a channel, a kind, names and words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from voice.pcm import Seconds

Grade = Literal["call_sign", "burst", "slot", "human"]
"""How the answering unit was identified, strongest first: spoken call sign, burst identity, just called, set by a
person."""

Purpose = Literal["opening", "call", "again", "closing", "alert", "closing_alert", "reply", "words"]
"""Kinds of our own announcements; ``words``: the dispatcher's own speech, passed on as spoken."""

Outcome = Literal["answered", "relayed", "unclear", "silent", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened on the net."""

    t: Seconds
    """On the sample clock."""
    channel: str = ""
    """Channel, if a station monitors several; sessions, overs and exchanges are counted per channel."""

    KIND: ClassVar[str] = ""
    """Name of this kind in the journal."""
    NAMES: ClassVar[tuple[str, str]] = ("", "")
    """Chinese and English, for people."""

    def word(self) -> str:
        """One-word summary: a key of ``grammar.meanings`` or of ``journal.wording``."""
        return ""

    def detail(self) -> str | None:
        """Details for people beyond the fields shown."""
        return None

    def doubts(self) -> tuple[str, ...]:
        """Why a person should listen to it: keys of ``journal.reasons``, some with a unit: ``of_another:105``."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful(Fact):
    """A fact that may be for review."""

    review: bool = False
    """A person should listen to it."""
    reasons: tuple[str, ...] = ()
    """Why: see ``doubts``. Empty in journals of earlier versions."""

    def doubts(self) -> tuple[str, ...]:
        return self.reasons

    def doubted(self, *reasons: str) -> Self:
        """The same, for review for these reasons, too; empty ones are none."""
        why = tuple(dict.fromkeys((*self.reasons, *filter(None, reasons))))
        return self if why == self.reasons else replace(self, review=True, reasons=why)
