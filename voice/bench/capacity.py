"""How many live channels this machine can handle: real time, a real journal on disk, more and more channels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import psutil

from voice.audio.source import Damage
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.pcm import BLOCK, RATE, Frame, Pcm16
from voice.station.channels import Channels
from voice.station.ear import Ear
from voice.talk.facts import Fact, OverHeard

EDGE_S = 1.0
"""Overs ending this close to the start or end of a run are not counted: all channels start and stop simultaneously
there, which no real station does, and the end truncates speech in progress."""


@dataclass
class Paced:
    """A looped recording delivered like a sound card: one block every 100 ms."""

    name: str
    pcm: Pcm16
    seconds: float
    offset: float = 0.0
    """Offset of its blocks from those of other channels, as a fraction of a block."""
    began: datetime | None = None
    live: bool = True
    """False: as fast as it is consumed."""
    duration: float | None = None
    damage: Damage = field(default_factory=Damage)
    due: float = 0.0
    """Monotonic time at which the current block was complete; anything later is backlog."""

    def frames(self) -> Iterator[Frame]:
        """See AudioSource."""
        zero = time.monotonic() + self.offset * BLOCK / RATE
        at = 0
        while at < self.seconds * RATE:
            begin = at % (len(self.pcm) // BLOCK * BLOCK)
            self.due = zero + (at + BLOCK) / RATE
            wait = self.due - time.monotonic()
            if self.live and wait > 0:
                time.sleep(wait)
            yield Frame(at, self.pcm[begin : begin + BLOCK])
            at += BLOCK


@dataclass(frozen=True, slots=True)
class Carried:
    """Result for a number of channels."""

    channels: int
    overs: int
    median_ms: float
    slow_ms: float
    """95th-percentile delay from the due time of the block that ends an over (carrier down, hang time over) to its
    event in the journal."""
    cores: float
    """Mean number of busy channels."""


def carry(
    ear: Ear,
    pcm: Pcm16,
    channels: int,
    seconds: float,
    journal: Journal,
    seed: int = 0,
    on_event: Callable[[Event, Fact], None] = lambda _e, _f: None,
) -> Carried:
    """Monitor ``channels`` channels at once, each starting at a different point of ``pcm``, into ``journal``."""
    rng = np.random.default_rng(seed)
    now = datetime.now(UTC)
    sources = {
        f"c{k}": Paced(f"c{k}", np.roll(pcm, int(rng.integers(len(pcm)))), seconds, float(rng.random()), now)
        for k in range(channels)
    }
    waits: list[float] = []

    def take(event: Event, fact: Fact) -> None:
        on_event(event, fact)
        if isinstance(fact, OverHeard) and EDGE_S < fact.end < seconds - EDGE_S:
            waits.append(1000 * (time.monotonic() - sources[fact.channel].due))

    process = psutil.Process()
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    Channels(ear, journal, sources, take).join()
    spent, took = sum(process.cpu_times()[:2]) - before, time.monotonic() - began
    median, slow = (float(np.percentile(waits, p)) for p in (50, 95)) if waits else (0.0, 0.0)
    return Carried(channels, len(waits), round(median), round(slow), round(spent / took, 2))
