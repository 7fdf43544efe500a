"""Events: facts as the journal keeps them, numbered and chained by SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from voice.errors import HuyingError
from voice.journal.codec import from_json, kind_of, to_json
from voice.talk.facts import Fact

GENESIS = "0" * 64
"""Previous hash of the first event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the journal."""

    seq: int
    kind: str
    t: float
    """Seconds on the sample clock of its session."""
    wall: str
    """UTC, ISO 8601 with milliseconds."""
    body: str
    """Canonical JSON of the fact."""
    previous: str
    hash: str
    unit: str | None = None
    """Copied from the body for searching; ``verify`` compares the two."""

    @property
    def row(self) -> dict[str, Any]:
        """Column → value; ``dataclasses.asdict`` is ten times slower."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.body)
        return loaded

    def fact(self) -> Fact:
        """The recorded fact. Raises HuyingError if this version does not know its kind."""
        try:
            return from_json(self.kind, self.data)
        except (KeyError, TypeError) as e:
            raise HuyingError(
                f"event {self.seq} ({self.kind}) was written by another version of Huying ({e}); update Huying"
            ) from e


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event not yet numbered or chained."""

    kind: str
    t: float
    wall: str
    body: str
    unit: str | None


def new_event(fact: Fact, began: datetime) -> NewEvent:
    """``began`` is the wall clock of t = 0."""
    data = to_json(fact)
    body = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return NewEvent(kind_of(fact), round(fact.t, 3), wall_time(began, fact.t), body, data.get("unit"))


def chained(entries: Sequence[NewEvent], seq: int, previous: str) -> list[Event]:
    """Events chained after number ``seq`` with hash ``previous``."""
    events = []
    for number, e in enumerate(entries, seq + 1):
        digest = event_hash(number, e.kind, e.t, e.wall, e.body, previous)
        events.append(Event(number, e.kind, e.t, e.wall, e.body, previous, digest, e.unit))
        previous = digest
    return events


def event_hash(seq: int, kind: str, t: float, wall: str, body: str, previous: str) -> str:
    """SHA-256 over the fields in this order, separated by newlines."""
    return hashlib.sha256(f"{previous}\n{seq}\n{kind}\n{t:.3f}\n{wall}\n{body}".encode()).hexdigest()


def wall_time(began: datetime, t: float) -> str:
    """Wall clock ``t`` seconds after ``began``: UTC with milliseconds."""
    moment = began.astimezone(UTC) + timedelta(milliseconds=round(t * 1000))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
