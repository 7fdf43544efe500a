"""``huying soak``: a week on the bench in minutes, killed now and then."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.net.loading import load_net
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.listener import open_ear
from voice.station.soak import SoakResult, compare, live

KILL_AFTER_S = (2.5, 12.0)
"""Range of the time that a child lives before it is killed."""


@dataclass(frozen=True, slots=True)
class Options:
    """As the command line gives them."""

    net: Path | None
    days: int
    units: int
    kills: int
    seed: int
    keep: Path | None
    from_day: int | None
    """Internal: be the child that lives the days from here on."""


def run(o: Options) -> int:
    """0 if nothing was lost, doubled or invented and the journal is whole; 1 otherwise."""
    if o.from_day is not None:
        return _child(o)
    with tempfile.TemporaryDirectory() as place:
        folder = o.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "soak.sqlite").exists():
            raise HuyingError(f"{folder}: holds a soak already; name another folder")
        began = time.monotonic()
        killed = _parent(o, folder)
        with Journal(str(folder / "soak.sqlite"), create=False) as journal:
            result = compare(journal, folder / "truth.jsonl")
            faults = [str(f) for f in verify(journal)]
        return _show(result, killed, faults, time.monotonic() - began)


def _parent(o: Options, folder: Path) -> int:
    """Let children live the days; kill some. Returns how many were killed."""
    rng = np.random.default_rng(o.seed)
    status = Console(stderr=True, highlight=False)
    killed = 0
    with Progress(console=status, transient=True, disable=not status.is_terminal) as bar:
        task = bar.add_task("soak", total=o.days)
        while (day := _days_done(folder)) < o.days:
            child = subprocess.Popen(
                [sys.executable, "-m", "voice", "soak", "--days", str(o.days), "--units", str(o.units), "--seed",
                 str(o.seed), "--keep", str(folder), "--from-day", str(day)] + (["--net", str(o.net)] if o.net else [])
            )  # fmt: skip
            ends = time.monotonic() + float(rng.uniform(*KILL_AFTER_S)) if killed < o.kills else float("inf")
            while child.poll() is None and time.monotonic() < ends:
                time.sleep(0.2)
                bar.update(task, completed=_days_done(folder))
            if child.poll() is None:
                child.kill()
                child.wait()
                killed += 1
            elif child.returncode:
                raise HuyingError(f"a station of the soak ended by itself with status {child.returncode}")
    return killed


def _days_done(folder: Path) -> int:
    truth = folder / "truth.jsonl"
    return truth.read_text("utf-8").count('"memory_mb"') if truth.is_file() else 0


def _child(o: Options) -> int:
    assert o.keep is not None and o.from_day is not None
    net = load_net(o.net or sample_net())
    ear = open_ear(net)
    with Synthesiser(cache_folder() / "speech") as synthesiser:
        for day in range(o.from_day, o.days):
            live(ear, o.keep / "soak.sqlite", o.keep / "truth.jsonl", synthesiser, day, o.units, o.seed)
    return 0


def _show(r: SoakResult, killed: int, faults: list[str], took: float) -> int:
    out = Console(highlight=False)
    table = Table("figure", "value")
    memory = ", ".join(f"{m:.0f}" for m in r.memory_mb)
    for name, value in (
        ("sessions, kills among them", f"{r.runs}, {killed}"), ("overs sent", r.sent), ("overs found", r.found),
        ("lost", r.lost), ("doubled", r.doubled), ("invented", r.invented), ("our announcements", r.announced),
        ("announcements not logged", r.announced_lost), ("memory after each day, MB", memory),
        ("took, s", f"{took:.0f}"),
    ):  # fmt: skip
        table.add_row(name, str(value))
    out.print(table)
    for f in faults:
        out.print(f, style="red", markup=False)
    whole = not (faults or r.lost or r.doubled or r.invented or r.announced_lost)
    if whole:
        out.print("nothing lost, nothing doubled 无丢失无重复", style="green")
        return 0
    out.print("not whole 有缺失", style="red")
    return 1
