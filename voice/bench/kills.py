"""A soak with stations killed at random: a week on the bench in minutes.

Stations are forked from a process that has already loaded the model, so that a thousand kills do not require a thousand
loads. After each kill the journal must verify, and the next station resumes.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from voice.bench.soak import SoakResult, audit, live
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.places import cache_folder
from voice.speech.synthesiser import Synthesiser
from voice.station.ear import Ear

KILL_AFTER_S = (0.05, 2.0)
"""Range of a station's lifetime until it is killed."""

CLIPS_VERIFIED_EVERY = 50
"""Number of kills; the chain is verified after each."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Parameters of the soak."""

    days: int
    """Simulated days; one roll-call and one alert each."""
    units: int
    """First so many units only."""
    kills: int
    seed: int


@dataclass(frozen=True, slots=True)
class Survived:
    """Result of the soak."""

    traffic: SoakResult
    killed: int
    faults: list[str]
    """Faults of the journal, after a kill or at the end."""
    took_s: float

    @property
    def whole(self) -> bool:
        """Nothing lost, duplicated, invented or left open."""
        r = self.traffic
        return not (self.faults or r.lost or r.doubled or r.invented or r.announced_lost or r.alerts_open)


def soak(ear: Ear, plan: Plan, folder: Path, progress: Callable[[int, int], None]) -> Survived:
    """Journal and ground truth are left in ``folder``. ``progress`` is given days completed and stations killed.
    Raises HuyingError."""
    if not hasattr(os, "fork"):
        raise HuyingError("the soak needs a system that can fork processes: Linux or macOS")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "soak.sqlite").exists():
        raise HuyingError(f"{folder}: holds a soak already; name another folder")
    began = time.monotonic()
    killed, faults = _stations(ear, plan, folder, progress)
    with Journal(str(folder / "soak.sqlite"), create=False) as journal:
        result = audit(journal, folder / "truth.jsonl")
        faults += [str(f) for f in verify(journal)]
    return Survived(result, killed, faults, time.monotonic() - began)


def _stations(ear: Ear, plan: Plan, folder: Path, progress: Callable[[int, int], None]) -> tuple[int, list[str]]:
    """Run stations through the days, killing some. Returns the number killed and faults found in the journal."""
    rng = np.random.default_rng(plan.seed)
    killed, faults = 0, list[str]()
    while not faults and (day := _days_done(folder)) < plan.days:
        child = os.fork()
        if child == 0:
            _live(ear, plan, folder, day)
        ended = _waited(child, float(rng.uniform(*KILL_AFTER_S)) if killed < plan.kills else None)
        if ended is None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            killed += 1
            faults = _faults(folder / "soak.sqlite", killed)
        elif ended:
            raise HuyingError(f"a station of the soak ended by itself with status {ended}")
        progress(_days_done(folder), killed)
    return killed, faults


def _waited(child: int, seconds: float | None) -> int | None:
    """Exit status of a child; None if it is still running after this time."""
    if seconds is None:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pid, ended = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(ended)
        time.sleep(0.01)
    return None


def _faults(path: Path, killed: int) -> list[str]:
    """Faults of a journal after a kill."""
    if not path.is_file():
        return []  # killed before it was made
    with Journal(str(path)) as journal:
        return [f"after kill {killed}: {f}" for f in verify(journal, clips=killed % CLIPS_VERIFIED_EVERY == 0)]


def _days_done(folder: Path) -> int:
    truth = folder / "truth.jsonl"
    return truth.read_text("utf-8").count('"memory_mb"') if truth.is_file() else 0


def _live(ear: Ear, plan: Plan, folder: Path, from_day: int) -> NoReturn:
    """Run as a station until the last day is over, or until killed."""
    ended = 1
    try:
        with Synthesiser(cache_folder() / "speech") as synthesiser:
            for day in range(from_day, plan.days):
                live(ear, folder / "soak.sqlite", folder / "truth.jsonl", synthesiser, day, plan.units, plan.seed)
        ended = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(ended)
