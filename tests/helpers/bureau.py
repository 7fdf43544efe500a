"""Stations and hubs as processes, and journals for them to carry."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

from tests.helpers.forking import Huying
from tests.helpers.journals import BEGAN, talk
from voice.bureau.store import HubStore
from voice.bureau.wire import StationEvent
from voice.journal.store import Journal


def run(*args: str | Path) -> subprocess.Popen[str]:
    return Huying(*args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")


def uplink(journal: Path, url: str, station: str, *more: str | Path) -> list[str | Path]:
    return ["uplink", journal, "--nats", url, "--bureau", "zz", "--station", station, *more]


def hub(journal: str | Path, url: str, *more: str | Path) -> list[str | Path]:
    return ["hub", "--nats", url, "--bureau", "zz", "--journal", journal, *more]


def grow(path: Path, rounds: int, at: int = 0) -> None:
    """Some more talk in a station's journal."""
    with Journal(str(path)) as journal:
        for k in range(at, at + rounds):
            journal.append(talk(""), BEGAN + timedelta(minutes=5 * k))


def sent_of(path: Path, station: str) -> list[StationEvent]:
    with Journal(str(path), create=False) as journal:
        return [StationEvent(station, e) for e in journal.events()]


def same(store: HubStore, stations: dict[str, Path]) -> bool:
    """The bureau's events are the stations', one for one."""
    for station, path in stations.items():
        with Journal(str(path), create=False) as journal:
            if list(store.events(station)) != list(journal.events()):
                return False
    return {s.station for s in store.standing()} == set(stations)
