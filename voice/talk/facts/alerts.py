"""Alerts read to units, with or without acknowledgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from voice.talk.facts.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Fact):
    """An alert to these units was requested."""

    KIND: ClassVar[str] = "alert_raised"
    NAMES: ClassVar[tuple[str, str]] = ("通知", "alert raised")

    alert: int
    """Number of the alert within this session."""
    text: str
    units: tuple[str, ...]
    repeat: int
    need_ack: bool
    emergency: bool
    by: str = ""

    def word(self) -> str:
        return "emergency" if self.emergency else "alert"

    def detail(self) -> str | None:
        return f"to {len(self.units)} units"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEnded(Fact):
    """The alert ended: all readings done, all units answered, or withdrawn."""

    KIND: ClassVar[str] = "alert_ended"
    NAMES: ClassVar[tuple[str, str]] = ("通知", "alert ended")

    alert: int
    answered: int
    silent: tuple[str, ...]
    """Units not heard."""
    unclear: tuple[str, ...] = ()
    """Units heard but not understood."""
    by: str = ""
    """Who withdrew it; ``interrupted`` after a crash; empty: read to its end."""

    def word(self) -> str:
        return "complete" if not (self.silent or self.unclear or self.by) else "incomplete"

    def detail(self) -> str | None:
        told = f"{self.answered} answered, {len(self.silent)} silent"
        told += f", {len(self.unclear)} unclear" if self.unclear else ""
        return told + (f"; ended by {self.by}" if self.by else "")
