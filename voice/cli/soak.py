"""``huying soak``: a week on the bench in minutes, killed now and then.

Stations are forked from one process that has loaded the model, so that a thousand kills do not cost a thousand starts.
After each kill the journal must verify, and the next station goes on with what is left.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from rich.progress import Progress
from rich.table import Table

from voice.bench.soak import SoakResult, compare, live
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.net.loading import load_net
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.ear import Ear, open_ear
from voice.terminal.output import screen

KILL_AFTER_S = (0.05, 2.0)
"""Range of the time that a station lives before it is killed."""

CLIPS_VERIFIED_EVERY = 50
"""Kills; the chain is verified after each."""


@dataclass(frozen=True, slots=True)
class Options:
    """As the command line gives them."""

    net: Path | None
    days: int
    units: int
    kills: int
    seed: int
    keep: Path | None


def run(o: Options) -> int:
    """0 if nothing was lost, doubled or invented and the journal is whole; 1 otherwise."""
    if not hasattr(os, "fork"):
        raise HuyingError("the soak needs a system that can fork processes: Linux or macOS")
    with tempfile.TemporaryDirectory() as place:
        folder = o.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "soak.sqlite").exists():
            raise HuyingError(f"{folder}: holds a soak already; name another folder")
        began = time.monotonic()
        killed, faults = _stations(o, folder)
        with Journal(str(folder / "soak.sqlite"), create=False) as journal:
            result = compare(journal, folder / "truth.jsonl")
            faults += [str(f) for f in verify(journal)]
        return _show(result, killed, faults, time.monotonic() - began)


def _stations(o: Options, folder: Path) -> tuple[int, list[str]]:
    """Let stations live the days; kill some. How many were killed, and what was wrong with the journal after one."""
    rng = np.random.default_rng(o.seed)
    ear = open_ear(load_net(o.net or sample_net()))
    status = screen(error=True)
    killed, faults = 0, list[str]()
    with Progress(console=status, transient=True, disable=not status.is_terminal) as bar:
        task = bar.add_task("soak", total=o.days)
        while not faults and (day := _days_done(folder)) < o.days:
            child = os.fork()
            if child == 0:
                _live(ear, o, folder, day)
            ended = _waited(child, float(rng.uniform(*KILL_AFTER_S)) if killed < o.kills else None)
            if ended is None:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                killed += 1
                faults = _faults(folder / "soak.sqlite", killed)
            elif ended:
                raise HuyingError(f"a station of the soak ended by itself with status {ended}")
            bar.update(task, completed=_days_done(folder), description=f"soak, {killed} kills")
    return killed, faults


def _waited(child: int, seconds: float | None) -> int | None:
    """Exit status of a child; None if it is still running after this long."""
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
    """Of the journal as a kill has left it."""
    if not path.is_file():
        return []  # killed before it was made
    with Journal(str(path)) as journal:
        return [f"after kill {killed}: {f}" for f in verify(journal, clips=killed % CLIPS_VERIFIED_EVERY == 0)]


def _days_done(folder: Path) -> int:
    truth = folder / "truth.jsonl"
    return truth.read_text("utf-8").count('"memory_mb"') if truth.is_file() else 0


def _live(ear: Ear, o: Options, folder: Path, from_day: int) -> NoReturn:
    """Be a station until the last day is over, or until killed."""
    ended = 1
    try:
        with Synthesiser(cache_folder() / "speech") as synthesiser:
            for day in range(from_day, o.days):
                live(ear, folder / "soak.sqlite", folder / "truth.jsonl", synthesiser, day, o.units, o.seed)
        ended = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(ended)


def _show(r: SoakResult, killed: int, faults: list[str], took: float) -> int:
    out = screen()
    table = Table("figure", "value")
    memory = ", ".join(f"{m:.0f}" for m in (r.memory_mb[0], max(r.memory_mb), r.memory_mb[-1])) if r.memory_mb else "–"
    for name, value in (
        ("sessions, kills among them", f"{r.runs}, {killed}"),
        ("overs sent", r.sent),
        ("overs found", r.found),
        ("lost", r.lost),
        ("doubled", r.doubled),
        ("invented", r.invented),
        ("our announcements", r.announced),
        ("announcements not logged", r.announced_lost),
        ("alerts", r.alerts),
        ("alerts never ended", r.alerts_open),
        ("memory after the first day, at most, at the end, MB", memory),
        ("took, s", f"{took:.0f}"),
    ):
        table.add_row(name, str(value))
    out.print(table)
    for f in faults:
        out.print(f, style="red")
    whole = not (faults or r.lost or r.doubled or r.invented or r.announced_lost or r.alerts_open)
    if whole:
        out.print("nothing lost, nothing doubled 无丢失无重复", style="green")
        return 0
    out.print("not whole 有缺失", style="red")
    return 1
