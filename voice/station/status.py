"""Current state of the running station for consoles: a small file replaced five times a second."""

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
"""Age beyond which the station counts as not running."""

SAYING_S = 65.0
"""It writes nothing while transmitting: at most a time-out timer's usual minute."""


@dataclass(frozen=True, slots=True)
class Status:
    """One snapshot."""

    busy: bool = False
    """Channel busy: another station is transmitting."""
    level_db: float = -100.0
    """Input level, dBFS."""
    saying: str = ""
    """Text being read out."""
    source: str = ""
    floor_db: float = -100.0
    """Carrier threshold, dBFS."""
    squelch: str = ""
    """Squelch as inferred from the audio: ``closed`` or ``open`` (noise while nobody transmits)."""
    voice: bool = False
    """The last 100 ms sound like speech to the VAD."""
    who: str = ""
    """Unit that seems to be talking; empty if unknown."""
    heard: str = ""
    """Partial text of the over."""
    transmits: bool = False
    """The station has an output and accepts orders."""
    journal: str = ""
    """Its journal as given, with the working folder."""
    troubles: tuple[str, ...] = ()
    """Components that failed recently and were restarted, in words."""


class StatusFile:
    """Written by the station, read by anyone. A file that cannot be written does not affect the log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = 0.0

    @property
    def due(self) -> bool:
        """The next write is due."""
        return time.monotonic() - self._written >= EVERY_S

    def write(self, status: Status, at_once: bool = False) -> None:
        """Replace the file, at most five times a second."""
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
        """Latest snapshot; None if missing or stale."""
        try:
            age = time.time() - self.path.stat().st_mtime
            fields = json.loads(self.path.read_text("utf-8"))
            status = Status(**{**fields, "troubles": tuple(fields.get("troubles", ()))})
            return status if age <= (SAYING_S if status.saying else STALE_S) else None
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def remove(self) -> None:
        """The station is stopping."""
        self.path.unlink(missing_ok=True)


def running(stations: Path) -> list[tuple[Path, Status]]:
    """(requests folder, status) of the stations announced in a folder and running now."""
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
    """No station is available to carry out an order."""


def station_folder(requests: Path | None = None, journal: str | None = None) -> Path:
    """Requests folder of a station: as given, of a journal, or of the one running. Raises HuyingError if several run
    and none is named; NoStation if none runs, or none that transmits."""
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
    """Register where a starting station takes its requests; returns the note, to be removed when it ends. A failure
    to write it does not affect the log."""
    note = stations / f"{os.getpid()}.station"
    try:
        stations.mkdir(parents=True, exist_ok=True)
        note.write_text(str(requests.resolve()), "utf-8")
    except OSError:
        return None
    return note


def status_file(requests: Path) -> StatusFile:
    """Beside the requests, under a name that is not a request."""
    return StatusFile(requests / "station.status")
