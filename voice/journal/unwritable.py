"""Reading a journal where nothing can be written: a read-only medium, or a folder of another user.

SQLite reads a journal only where its index (-shm) lies beside it or can be made there. Elsewhere a temporary copy of
the file and its -wal is read, so that nothing is missing. (SQLite's own ``immutable=1`` leaves out what is in -wal, and
sees nothing of a station that begins later.)
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path

from voice.errors import HuyingError

_REFUSALS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

_ATTEMPTS = 5
"""Copies made while a writer comes and goes, before we give up."""


def is_refused(e: BaseException | None) -> bool:
    """Whether SQLite could not open a file because it may not write there."""
    return isinstance(e, sqlite3.OperationalError) and getattr(e, "sqlite_errorcode", 0) & 0xFF in _REFUSALS


class UnwritableFile:
    """A journal's file that can be read, but not where it lies. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._copying = threading.Lock()
        self._place: tempfile.TemporaryDirectory[str] | None = None
        self._copied: tuple[int, ...] = ()
        """State of the file when it was copied."""

    def connect(self) -> sqlite3.Connection:
        """To the journal itself while a writer keeps its index there; otherwise to a copy, made anew when the journal
        has changed. Raises HuyingError if none can be made, sqlite3.Error if it is no journal or is locked."""
        try:
            return _opened(self._path)
        except sqlite3.OperationalError as e:
            if not is_refused(e):
                raise
        with self._copying:
            return _opened(self._copy())

    def close(self) -> None:
        """Remove the copy."""
        if self._place:
            self._place.cleanup()

    def _copy(self) -> Path:
        try:
            for _ in range(_ATTEMPTS):
                now = _state(self._path)
                if self._place and now == self._copied:
                    break
                self.close()
                self._place = tempfile.TemporaryDirectory(prefix="huying-copy-", ignore_cleanup_errors=True)
                for suffix in ("", "-wal"):
                    there = self._path.with_name(self._path.name + suffix)
                    if there.exists():
                        shutil.copyfile(there, Path(self._place.name) / there.name)
                self._copied = now
            else:
                raise HuyingError(f"{self._path}: changes while it is copied; try again")
        except OSError as e:
            if isinstance(e, PermissionError) and str(e.filename).startswith(str(self._path)):
                raise HuyingError(f"{e.filename}: cannot be read ({e.strerror}); let its owner permit it") from e
            raise HuyingError(
                f"{self._path}: nothing can be written beside it, and no copy to read can be made in "
                f"{tempfile.gettempdir()} ({e.strerror}); copy it, with its -wal and .clips, to a folder of yours"
            ) from e
        return Path(self._place.name) / self._path.name


def _opened(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.OperationalError if it cannot be read."""
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
        db.execute("PRAGMA query_only=ON")  # what is written into a copy would be lost
    except sqlite3.Error:
        db.close()
        raise
    return db


def _state(path: Path) -> tuple[int, ...]:
    """Changes whenever the journal does."""
    parts = [path]
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        parts.append(wal)
    return tuple(n for part in parts for s in [part.stat()] for n in (s.st_size, s.st_mtime_ns))
