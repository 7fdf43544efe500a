"""Many recordings at once, on local cores or a cluster, with the same journal as from a single process.

A worker receives a path and a net and returns clips and unnumbered events; these are appended in the order of the
recordings, each recording whole or not at all. The result is therefore independent of timing, and an interrupted run
can be resumed: recordings are identified by the SHA-256 of their content.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import Any

from voice.audio.convert import CONVERTED
from voice.audio.source import SUFFIXES, find_recordings, open_recording
from voice.errors import HuyingError
from voice.journal.event import Event, NewEvent
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.places import install, sample_net
from voice.station.ear import Ear, open_ear
from voice.station.replay import replay

LARGEST_NET = 20_000_000
"""Largest net folder sent to workers, bytes."""

AHEAD = 3
"""Recordings per worker in progress or queued."""


@dataclass(frozen=True, slots=True)
class Job:
    """Input of a worker."""

    path: str
    """A file, or an fsspec URL (``s3://…``) readable by the worker."""
    net: tuple[tuple[str, bytes], ...]
    """Files of the net folder; empty: sample net."""
    model: str | None
    began: datetime | None
    known: frozenset[str]
    """SHA-256 of recordings to skip."""
    zone: tzinfo | None = UTC
    """Time zone of times in names and metadata that carry no offset."""
    side: str = ""
    """left or right channel of a stereo file; empty: automatic."""


@dataclass(frozen=True, slots=True)
class Done:
    """Output of a worker."""

    path: str
    sha256: str
    known: bool = False
    entries: tuple[NewEvent, ...] = ()
    clips: tuple[tuple[str, bytes], ...] = ()
    """(name, FLAC)."""
    notes: tuple[str, ...] = ()
    """Defects found in the audio."""
    fault: str = ""
    """Why the recording could not be processed."""
    seconds: float = 0.0


@contextmanager
def workers(jobs: int, scheduler: str | None, recordings: int) -> Iterator[tuple[Executor, int]]:
    """An executor and the number of recordings it processes in parallel: local processes (``jobs``; 0: one per core)
    or a Dask cluster. Raises HuyingError."""
    if scheduler is None:
        n = min(jobs or os.cpu_count() or 1, recordings)
        with ProcessPoolExecutor(n, mp_context=get_context("spawn")) as pool:
            try:
                yield pool, n
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return
    try:
        from distributed import Client
    except ImportError as e:
        raise HuyingError(f"--scheduler needs Dask; run “{install('cluster')}”") from e
    try:
        client = Client(scheduler, timeout=10)
    except (OSError, ValueError, TimeoutError) as e:
        raise HuyingError(f"{scheduler}: no scheduler answers ({e}); start “dask scheduler” there") from e
    with client:
        cores = sum(client.ncores().values())
        if not cores:
            raise HuyingError(f"{scheduler}: has no workers; start “dask worker {scheduler}” on some machines")
        yield client.get_executor(retries=2, pure=False), cores


def find_everywhere(paths: Sequence[str]) -> list[str]:
    """Recordings in files, folders and fsspec URLs; folders sorted. Raises HuyingError."""
    out: list[str] = []
    for p in paths:
        if "://" not in p:
            out += [str(q) for q in find_recordings([Path(p)])]
            continue
        fsspec = _fsspec()
        try:
            fs, inside = fsspec.core.url_to_fs(p)
            inside_it = [inside] if fs.isfile(inside) else sorted(fs.find(inside))
            found = [q for q in inside_it if q.lower().endswith((*SUFFIXES, *CONVERTED))]
        except (OSError, ValueError, ImportError) as e:
            raise HuyingError(f"{p}: cannot be listed ({e})") from e
        if not found:
            raise HuyingError(f"{p}: no sound files there ({', '.join(SUFFIXES)})")
        out += [fs.unstrip_protocol(q) for q in found]
    return out


def net_files(folder: Path | None) -> tuple[tuple[str, bytes], ...]:
    """Files of a net folder, for workers. Raises HuyingError if they are too large."""
    if folder is None:
        return ()
    files = sorted(
        p for p in folder.rglob("*") if p.suffix in (".toml", ".csv", ".xlsx", ".txt") and "versions" not in p.parts
    )
    if sum(p.stat().st_size for p in files) > LARGEST_NET:
        raise HuyingError(f"{folder}: more than {LARGEST_NET / 1e6:.0f} MB of tables; name the net folder alone")
    return tuple((p.relative_to(folder).as_posix(), p.read_bytes()) for p in files)


@lru_cache(maxsize=2)
def _ear(net: tuple[tuple[str, bytes], ...], model: str | None) -> Ear:
    """Loaded once per worker."""
    if not net:
        return open_ear(load_net(sample_net()), model=model)
    folder = Path(tempfile.mkdtemp(prefix="huying-net-"))
    for name, data in net:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return open_ear(load_net(folder), model=model)


def work(job: Job) -> Done:
    """Replay one recording; in a worker."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        with _local(job.path) as path, tempfile.TemporaryDirectory() as place:
            source = open_recording(path, job.began, job.zone, job.side)
            digest = source.sha256
            if digest in job.known:
                return Done(job.path, digest, known=True)
            with closing(Journal(str(Path(place) / "log.sqlite"))) as journal:
                result = replay(_ear(job.net, job.model), journal, source, job.began)
                entries, clips = heard(journal)
            return Done(job.path, digest, False, entries, clips, result.notes, "", result.duration)
    except HuyingError as e:
        return Done(job.path, "", fault=str(e))


@contextmanager
def _local(path: str) -> Iterator[Path]:
    """Local copy of the recording under its own name, which appears in the log."""
    if "://" not in path:
        yield Path(path)
        return
    fsspec = _fsspec()
    with tempfile.TemporaryDirectory() as place:
        there = Path(place) / PurePosixPath(path.split("://", 1)[1]).name
        try:
            fs, inside = fsspec.core.url_to_fs(path)
            fs.get_file(inside, str(there))
        except (OSError, ValueError, ImportError) as e:
            raise HuyingError(f"{path}: cannot be read ({e})") from e
        yield there


def recordings_in(journal: Journal) -> dict[str, int]:
    """SHA-256 of completely logged recordings → number of the event that began each."""
    out: dict[str, int] = {}
    open_ones: dict[str, tuple[str, int]] = {}
    both = sorted((*journal.events(kind="session_began"), *journal.events(kind="session_ended")), key=lambda e: e.seq)
    for e in both:
        channel = e.data.get("channel", "")
        if e.kind == "session_began":
            open_ones[channel] = e.data.get("recording", ""), e.seq
        elif channel in open_ones:
            digest, seq = open_ones.pop(channel)
            if digest:
                out[digest] = seq
    return out


def adopt(journal: Journal, entries: Sequence[NewEvent], clips: Sequence[tuple[str, bytes]]) -> list[Event]:
    """Append a recording processed elsewhere, whole or not at all."""
    for name, flac in clips:
        journal.clips.adopt(name, flac)
    with journal.begin() as db:
        events = journal.insert(db, entries)
    journal.refresh()
    return events


def heard(journal: Journal) -> tuple[tuple[NewEvent, ...], tuple[tuple[str, bytes], ...]]:
    """The whole content of a journal for ``adopt``: entries and clips."""
    entries = tuple(NewEvent(e.kind, e.t, e.wall, e.body, e.unit) for e in journal.events())
    names = sorted({c for e in journal.events(kind="over") if (c := e.data.get("clip"))})
    return entries, tuple((n, journal.clips.path(n).read_bytes()) for n in names)


def replay_all(
    executor: Executor, workers: int, jobs: Sequence[Job], journal: Journal, again: bool = False
) -> Iterator[tuple[Done, list[Event]]]:
    """Replay on the executor's workers and append in the order of ``jobs``; yields each recording with its events."""
    known = set() if again else set(recordings_in(journal))
    waiting: deque[Future[Done]] = deque()
    left = deque(jobs)
    while left or waiting:
        while left and len(waiting) < AHEAD * workers:
            waiting.append(executor.submit(work, replace(left.popleft(), known=frozenset(known))))
        done = waiting.popleft().result()
        if done.sha256 and done.sha256 in known:  # the same recording under two names
            done = replace(done, known=True, entries=(), clips=())
        events: list[Event] = []
        if done.entries:
            events = adopt(journal, done.entries, done.clips)
            if not again:
                known.add(done.sha256)
        yield done, events


def _fsspec() -> Any:
    try:
        import fsspec
    except ImportError as e:
        raise HuyingError(f"addresses with :// need fsspec; run “{install('cluster')}”") from e
    return fsspec
