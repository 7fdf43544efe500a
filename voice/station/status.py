"""What the running station is doing this moment, for consoles: a small file that is replaced five times a second."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from voice.errors import HuyingError
from voice.places import requests_folder, stations_folder

EVERY_S = 0.2
STALE_S = 2.0
"""Older than this the station is not running."""

SAYING_S = 65.0
"""While it speaks it writes nothing: not longer than a time-out timer's usual minute."""


@dataclass(frozen=True, slots=True)
class Status:
    """A moment."""

    busy: bool = False
    """Somebody else transmits."""
    level_db: float = -100.0
    """Of the input, dBFS."""
    saying: str = ""
    """What we are reading out."""
    source: str = ""
    floor_db: float = -100.0
    """Above this a carrier shows, dBFS."""
    squelch: str = ""
    """As it looks from here: ``closed``, or ``open`` (noise while nobody transmits)."""
    voice: bool = False
    """The latest tenth of a second sounds like speech to the VAD."""
    who: str = ""
    """Unit that seems to talk; empty if nobody knows yet."""
    heard: str = ""
    """What was heard of it so far."""
    transmits: bool = False
    """The station has an output, and carries out orders."""
    journal: str = ""
    """Its log, as it was named to it, with its folder."""
    troubles: tuple[str, ...] = ()
    """What of it has failed lately and was started again, in words."""


class StatusFile:
    """Written by the station, read by anybody. A file that cannot be written is no fault of the log: it is left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = 0.0

    @property
    def due(self) -> bool:
        """It is time to write again."""
        return time.monotonic() - self._written >= EVERY_S

    def write(self, status: Status, at_once: bool = False) -> None:
        """Replace the file, five times a second at most."""
        if not at_once and not self.due:
            return
        self._written = time.monotonic()
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(asdict(status), ensure_ascii=False), "utf-8")
            part.replace(self.path)
        except OSError:
            return

    def read(self) -> Status | None:
        """The last one; None if there is none or it is stale."""
        try:
            age = time.time() - self.path.stat().st_mtime
            fields = json.loads(self.path.read_text("utf-8"))
            status = Status(**{**fields, "troubles": tuple(fields.get("troubles", ()))})
            return status if age <= (SAYING_S if status.saying else STALE_S) else None
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def remove(self) -> None:
        """The station ends."""
        self.path.unlink(missing_ok=True)


def running(stations: Path) -> list[tuple[Path, Status]]:
    """(folder of requests, status) of the stations that were announced in a folder and run at this moment."""
    found: list[tuple[Path, Status]] = []
    for note in sorted(stations.glob("*.station")) if stations.is_dir() else []:
        try:
            folder = Path(note.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        status = status_file(folder).read()
        if status is not None:
            found.append((folder, status))
    return found


class NoStation(HuyingError):
    """Nobody is there to carry an order out."""


def station_folder(requests: Path | None = None, journal: str | None = None) -> Path:
    """The folder of requests of a station: as named, that of a journal, or of the one that runs. Raises HuyingError
    where several run and none is named; NoStation where none does, or none that transmits."""
    if requests or journal:
        folder = requests or requests_folder(journal or "")
        status = status_file(folder).read()
        if status is None:
            raise NoStation(f"no station runs that looks into {folder}")
    else:
        here = running(stations_folder())
        if not here:
            raise NoStation("no station runs on this machine; start one with “huying listen --output …”")
        if len(here) > 1:
            named = ", ".join(s.journal for _, s in here)
            raise HuyingError(f"{len(here)} stations run ({named}); say which with --journal")
        folder, status = here[0]
    if not status.transmits:
        raise NoStation(f"the station of {status.journal} only listens: start it with --output, so that it can speak")
    return folder


def announce(stations: Path, requests: Path) -> Path | None:
    """Note where a station that starts takes its requests; the note, to be removed at its end. A place that cannot be
    written is no fault of the log."""
    note = stations / f"{os.getpid()}.station"
    try:
        stations.mkdir(parents=True, exist_ok=True)
        note.write_text(str(requests.resolve()), "utf-8")
    except OSError:
        return None
    return note


def status_file(requests: Path) -> StatusFile:
    """Beside the requests, under a name that is no request."""
    return StatusFile(requests / "station.status")
