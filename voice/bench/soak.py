"""A soak: days of roll-calls and alerts through the real pipeline on a simulated clock, with absences, device losses
and kills. The ground truth of transmissions is written line by line beside the journal; afterwards the two are
compared."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil

from voice.bench.air import Air, Habit
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.measure.channel import Channel
from voice.net.loading import Net
from voice.pcm import BLOCK, RATE, Frame
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.agenda import open_alert, unfinished
from voice.station.announcer import Announcer
from voice.station.ear import Ear
from voice.station.station import Station
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    DeviceChanged,
    Fact,
    OverHeard,
    RollMarked,
    SessionBegan,
)

FIRST_DAY = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
LOSS_S = 6.0
"""Duration of a sound-card loss."""

SETTLED_S = 2.0
"""An over that ended this long before a kill must be in the journal: hang time plus margin."""

GAP_S = 0.5
"""Hang time: a shorter pause does not end an over."""

CHANCES: tuple[tuple[Habit, float], ...] = (("absent", 0.06), ("second", 0.05), ("slow", 0.03), ("report", 0.01))


class SoakAir(Air):
    """Records what is sent, and loses the card from time to time."""

    truth: IO[str]
    run: int
    losses: list[float]
    lost: list[float]

    def frames(self) -> Iterator[Frame]:
        """See Air. One line per over transmitted, and one per second for the time reached."""
        noted = 0.0
        while not self._ended:
            if self.losses and self.now >= self.losses[0]:
                self.lost.append(self.losses.pop(0))
                self._at += round(LOSS_S * RATE)
            if self._due and self._due[0][0] <= self._at:
                start = self.now
                _, _, audio = heapq.heappop(self._due)
                for i in range(0, len(audio), BLOCK):
                    yield self._frame(audio[i : i + BLOCK])
                self.note(over=[round(start, 3), round(self.now, 3)])
            else:
                yield self._frame(self._quiet())
            if self.now - noted >= 1.0:
                noted = self.now
                self.note(now=round(self.now, 3))

    def note(self, **what: Any) -> None:
        """Write one line of ground truth straight to disk."""
        self.truth.write(json.dumps({"run": self.run, **what}) + "\n")
        self.truth.flush()


def habits_of(net: Net, day: int, seed: int) -> dict[str, Habit]:
    """Behaviour of units on a day."""
    rng = np.random.default_rng((seed, day))
    out: dict[str, Habit] = {}
    for u in net.units:
        draw = float(rng.random())
        for habit, chance in CHANCES:
            if draw < chance:
                out[u.id] = habit
                break
            draw -= chance
    return out


def live(
    ear: Ear, journal_path: Path, truth_path: Path, synthesiser: Synthesiser, day: int, units: int, seed: int
) -> None:
    """One day, or the rest of it after a kill: a roll-call and an alert. Appends to journal and ground truth."""
    net = ear.net
    rng = np.random.default_rng((seed, day, 7))
    ids = tuple(u.id for u in net.units)[:units]
    with Journal(str(journal_path)) as journal, truth_path.open("a", encoding="utf-8") as truth:
        journal.claim()
        left, open_one = unfinished(journal), open_alert(journal)
        run = sum(1 for _ in journal.events(kind="session_began")) + 1
        air = SoakAir(net, synthesiser, habits_of(net, day, seed), Channel(snr_db=22.0), seed * 1000 + run)
        air.truth, air.run, air.lost = truth, run, []
        air.losses = sorted(float(x) for x in rng.uniform(20, 300, int(rng.integers(0, 3))))

        def take(_event: Event, fact: Fact) -> None:
            air.heard(fact)
            if isinstance(fact, Announced):
                air.note(said=round(fact.t, 3))

        transmitter = Transmitter(NoPtt(), air.play, lambda: air.now)
        station = Station(
            ear,
            journal,
            transmitter,
            Announcer(net, synthesiser),
            take,
            roll=left,
            alert=open_one[0] if open_one else None,
        )
        stage = "resume" if left else "reading" if open_one else "roll"
        resumes: float | None = None
        for now in station.run(air, FIRST_DAY + timedelta(days=day)):
            while air.lost:
                at = air.lost.pop(0)
                station.log.record(
                    DeviceChanged(t=at, what="lost", note="soak"), DeviceChanged(t=now, what="back", note="soak")
                )
            if stage == "resume":
                station.mark(RollMarked(t=now, mark="resume", over=0, reason="after an interruption"))
                stage = "calling"
            elif stage == "reading":
                station.resume_alert()
                stage = "alert"
            elif stage == "roll":
                station.start_roll(ids, by="soak")
                stage = "calling"
            elif stage == "calling" and not station.calling_roll:
                station.raise_alert("请加强夜间巡逻", ids[:4], by="soak")
                stage = "alert"
            elif stage == "alert" and not station.alerting:
                air.end()
            if station.roll is not None and station.roll.paused and resumes is None:
                resumes = now + 5.0
            elif resumes is not None and now >= resumes:
                resumes = None
                if station.calling_roll:
                    station.mark(RollMarked(t=now, mark="resume", over=0, reason="soak"))
        air.note(day=day, memory_mb=round(psutil.Process().memory_info().rss / 1e6, 1))


@dataclass(frozen=True, slots=True)
class SoakResult:
    """Ground truth against journal."""

    runs: int
    sent: int
    """Overs sent by units and due in the journal."""
    found: int
    lost: int
    doubled: int
    """Overs logged twice."""
    invented: int
    """Overs logged but not sent."""
    announced: int
    announced_lost: int
    alerts: int
    alerts_open: int
    """Raised but not ended before the next one."""
    memory_mb: tuple[float, ...]
    """At the end of each day."""


def _carrier_ends(lines: list[dict[str, Any]]) -> dict[tuple[int, float], float]:
    """(run, end of an over) → time the carrier dropped: overs without a gap are one on the air and logged at its
    end. The same applies after a card loss, when everything due meanwhile arrives at once."""
    out: dict[tuple[int, float], float] = {}
    later: dict[int, tuple[float, float]] = {}
    for x in reversed([x for x in lines if "over" in x]):
        start, end = x["over"]
        begins, drops = later.get(x["run"], (float("inf"), end))
        out[x["run"], end] = drops if begins - end < GAP_S else end
        later[x["run"]] = start, out[x["run"], end]
    return out


def audit(journal: Journal, truth_path: Path) -> SoakResult:
    """Count overs lost, duplicated or invented."""
    overs: dict[int, list[tuple[float, float]]] = {}
    said: dict[int, list[float]] = {}
    run = alerts = ended = 0
    for event in journal.events():
        fact = event.fact()
        if isinstance(fact, SessionBegan):
            run += 1
        elif isinstance(fact, AlertRaised):
            alerts += 1
        elif isinstance(fact, AlertEnded):
            ended += 1
        elif isinstance(fact, OverHeard):
            overs.setdefault(run, []).append((fact.start, fact.end))
        elif isinstance(fact, Announced):
            said.setdefault(run, []).append(round(fact.t, 3))
    lines = [json.loads(x) for x in truth_path.read_text("utf-8").splitlines() if x.endswith("}")]
    reached: dict[int, float] = {}
    for x in lines:
        at = x.get("now") or (x["over"][1] if "over" in x else 0.0)
        reached[x["run"]] = max(reached.get(x["run"], 0.0), at)
    sent = found = doubled = 0
    matched: set[tuple[int, int]] = set()
    dropped = _carrier_ends(lines)
    for x in (x for x in lines if "over" in x):
        start, end = x["over"]
        hits = [k for k, o in enumerate(overs.get(x["run"], [])) if min(o[1], end) - max(o[0], start) > 0.3]
        matched |= {(x["run"], k) for k in hits}
        if dropped[x["run"], end] + SETTLED_S > reached[x["run"]]:
            continue  # killed before it was due
        sent += 1
        found += bool(hits)
        doubled += len(hits) > 1
    announced = [x for x in lines if "said" in x]
    return SoakResult(
        run,
        sent,
        found,
        sent - found,
        doubled,
        sum(map(len, overs.values())) - len(matched),
        len(announced),
        sum(x["said"] not in said.get(x["run"], []) for x in announced),
        alerts,
        alerts - ended,
        tuple(x["memory_mb"] for x in lines if "memory_mb" in x),
    )
