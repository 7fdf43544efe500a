"""Finds the over an event is based on: events refer to it by its number within their channel's session."""

from __future__ import annotations

from voice.talk.facts import Fact, OverHeard, SessionBegan

KEPT = 256
"""Overs remembered per channel: events follow their over closely, and a session may last months."""


class Overs:
    """Recent overs of each channel's current session. Feed it every fact of a journal in order."""

    def __init__(self) -> None:
        self._overs: dict[str, dict[int, tuple[int, OverHeard]]] = {}

    def take(self, fact: Fact, seq: int = 0) -> None:
        """``seq``: sequence number of the event."""
        if isinstance(fact, SessionBegan):
            self._overs[fact.channel] = {}
        elif isinstance(fact, OverHeard):
            overs = self._overs.setdefault(fact.channel, {})
            overs[fact.over] = seq, fact
            if len(overs) > KEPT:
                del overs[next(iter(overs))]

    def of(self, fact: Fact) -> OverHeard | None:
        """Over of a fact; None if it is not based on one."""
        found = self._found(fact)
        return found[1] if found else None

    def seq_of(self, fact: Fact) -> int:
        """Sequence number of its over's event; 0 if there is none."""
        found = self._found(fact)
        return found[0] if found else 0

    def clip_of(self, fact: Fact) -> str:
        """SHA-256 of its over's clip; empty if there is none."""
        found = self._found(fact)
        return found[1].clip if found else ""

    def _found(self, fact: Fact) -> tuple[int, OverHeard] | None:
        return self._overs.get(fact.channel, {}).get(getattr(fact, "over", 0))
