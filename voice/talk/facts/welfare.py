"""Welfare timers: how long a unit may stay unheard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from voice.talk.facts.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSet(Fact):
    """A unit's welfare timer was set or cleared."""

    KIND: ClassVar[str] = "watch_set"
    NAMES: ClassVar[tuple[str, str]] = ("定时", "watch set")

    unit: str
    minutes: float
    """Longest time between two of its overs; 0: timer off."""
    by: str = ""

    def detail(self) -> str | None:
        return f"every {self.minutes:g} min" if self.minutes else "no longer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue(Fact):
    """A unit on a welfare timer was due and did not answer."""

    KIND: ClassVar[str] = "overdue"
    NAMES: ClassVar[tuple[str, str]] = ("超时", "overdue")

    unit: str
    tries: int

    def doubts(self) -> tuple[str, ...]:
        return (self.KIND,)

    def detail(self) -> str | None:
        return f"called {self.tries} times in vain"
