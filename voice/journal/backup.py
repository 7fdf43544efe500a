"""Backup of a journal that may be in use: complete, verified, and incremental for clips."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice.errors import HuyingError
from voice.journal.retention import SOUNDING
from voice.journal.store import Journal
from voice.journal.unwritable import UnwritableFile
from voice.journal.verify import verify

PAGES = 2000
"""Database bytes copied between checks for a waiting writer: 8 MB."""


@dataclass(frozen=True, slots=True)
class Backup:
    """Result of a backup."""

    journal: Path
    events: int
    head: str
    new_clips: int


def back_up(source: Path, folder: Path, on_clip: Callable[[int, int], None] = lambda _k, _n: None) -> Backup:
    """Copy a journal's file and clips into ``folder``; an older copy is replaced once the new one is complete.
    ``on_clip`` is given the number of clips done and the total.

    Raises HuyingError if it is not a journal file, the copy does not verify, or the folder is not writable.
    """
    if not source.is_file():
        raise HuyingError(f"{source}: no such journal; databases have their own tools, e.g. pg_dump")
    target = folder / source.name
    if target.resolve() == source.resolve():
        raise HuyingError(f"{folder}: that is where the journal itself lies; name another folder")
    part = target.with_name(target.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with _connected(source) as from_db, contextlib.closing(sqlite3.connect(part)) as to_db:
            from_db.backup(to_db, pages=PAGES)
            to_db.execute("PRAGMA journal_mode=DELETE")
        with Journal(str(part), create=False) as copy:
            fault = next(verify(copy, clips=False), None)
            if fault is not None:
                raise HuyingError(f"{source}: {fault}; the copy was not kept, an older one stays")
            names = {c for kind in SOUNDING for e in copy.events(kind=kind) if (c := e.data.get("clip"))}
            events, head = len(copy), copy.head
        sound, copied = (p.with_name(p.name + ".clips") for p in (source, target))
        new = _copy_clips(sound, copied, names, on_clip)
        for extra in ("-wal", "-shm"):
            part.with_name(part.name + extra).unlink(missing_ok=True)
            target.with_name(target.name + extra).unlink(missing_ok=True)
        with part.open("r+b") as f:  # Windows flushes no file that is open for reading only
            os.fsync(f.fileno())
        part.replace(target)
    except (OSError, sqlite3.Error) as e:
        raise HuyingError(f"{folder}: the backup could not be made ({e})") from e
    return Backup(target, events, head, new)


@contextlib.contextmanager
def _connected(source: Path) -> Iterator[sqlite3.Connection]:
    """The journal may lie on a read-only medium."""
    unwritable = UnwritableFile(source)
    with contextlib.closing(unwritable), contextlib.closing(unwritable.connect()) as db:
        yield db


def _copy_clips(source: Path, target: Path, names: set[str], on_clip: Callable[[int, int], None]) -> int:
    """Copies existing clips that the backup lacks; clips never change."""
    new = 0
    for k, name in enumerate(sorted(names), 1):
        there, here = source / name[:2] / f"{name}.flac", target / name[:2] / f"{name}.flac"
        if there.is_file() and not here.is_file():
            here.parent.mkdir(parents=True, exist_ok=True)
            part = here.with_suffix(".part")
            shutil.copyfile(there, part)
            part.replace(here)
            new += 1
        on_clip(k, len(names))
    return new
