"""Which over an event rests on: events name their over by its number within the session of their channel."""

from __future__ import annotations

from voice.talk.facts import Fact, OverHeard, SessionBegan

KEPT = 256
"""Overs of a channel that are remembered: what rests on one follows it closely, and a session may last for months."""


class Overs:
    """The latest overs of the running session of each channel. Give it every fact of a journal, in order."""

    def __init__(self) -> None:
        self._overs: dict[str, dict[int, tuple[int, OverHeard]]] = {}

    def take(self, fact: Fact, seq: int = 0) -> None:
        """``seq``: number of the event."""
        if isinstance(fact, SessionBegan):
            self._overs[fact.channel] = {}
        elif isinstance(fact, OverHeard):
            overs = self._overs.setdefault(fact.channel, {})
            overs[fact.over] = seq, fact
            if len(overs) > KEPT:
                del overs[next(iter(overs))]

    def of(self, fact: Fact) -> OverHeard | None:
        """The over of a fact; None if it rests on none."""
        found = self._found(fact)
        return found[1] if found else None

    def seq_of(self, fact: Fact) -> int:
        """Number of the event of its over; 0 if it rests on none."""
        found = self._found(fact)
        return found[0] if found else 0

    def clip_of(self, fact: Fact) -> str:
        """SHA-256 of its over's clip, or nothing."""
        found = self._found(fact)
        return found[1].clip if found else ""

    def _found(self, fact: Fact) -> tuple[int, OverHeard] | None:
        return self._overs.get(fact.channel, {}).get(getattr(fact, "over", 0))
