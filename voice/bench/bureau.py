"""``huying bench bureau`` and ``huying bench archive``: how fast a hub keeps up, and what more workers bring."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import soundfile as sf

from voice.bench.speed import channel_of, free_port, overs_of
from voice.bureau.hub import Hub
from voice.bureau.store import HubStore
from voice.bureau.wire import EVENTS_STREAM, Server, connect, ensure_streams, packed, subject_of
from voice.errors import HuyingError
from voice.journal.event import GENESIS, Event, chained, new_event
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.pcm import RATE
from voice.places import install, sample_net
from voice.station.archive import Job, replay_all
from voice.talk.facts import Answered, Called, Fact, OverHeard, SessionBegan

BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
IN_FLIGHT = 256
BUREAU = "bench"


@dataclass(frozen=True, slots=True)
class Throughput:
    """Result for one hub."""

    stations: int
    events: int
    published_a_s: float
    kept_a_s: float


def bureau(stations: Sequence[int], events: int, journal: str, tell: Callable[[str], None]) -> list[Throughput]:
    """Events of simulated stations through NATS into one hub. Raises HuyingError."""
    rows = []
    for n in stations:
        with tempfile.TemporaryDirectory() as place, _nats(Path(place)) as url:
            tell(f"{n} stations…")
            sent, kept, total = asyncio.run(_through(url, n, events, journal or f"{place}/hub.sqlite", tell))
            rows.append(Throughput(n, total, total / sent, total / kept))
    return rows


async def _through(
    url: str, stations: int, events: int, journal: str, tell: Callable[[str], None]
) -> tuple[float, float, int]:
    """Seconds to publish, seconds to store, number of events."""
    name = f"{time.time_ns():x}"  # new station names, in case the database is reused
    chains = {f"s{name}-{k}": _talk(max(1, events // stations)) for k in range(stations)}
    client = await connect(Server(url), "bench", "bench", tell)
    js = client.jetstream(timeout=30)
    await ensure_streams(js)
    began = time.monotonic()
    waiting = []
    longest = max(map(len, chains.values()))
    for k in range(longest):  # all stations publish at once
        for station, chain in chains.items():
            e = chain[k]
            waiting.append(
                await js.publish_async(
                    subject_of(BUREAU, station, e),
                    packed(e),
                    stream=EVENTS_STREAM,
                    headers={"Nats-Msg-Id": station + e.hash},
                )
            )
            if len(waiting) >= IN_FLIGHT:
                await asyncio.gather(*waiting)
                waiting = []
    await asyncio.gather(*waiting)
    sent = time.monotonic() - began
    await client.close()
    store = HubStore(journal)
    hub = Hub(store, BUREAU, tell)
    began = time.monotonic()
    await hub.run(Server(url), until_idle=True)
    kept = time.monotonic() - began - 1.0  # nothing arrived in the last second
    store.close()
    total = sum(map(len, chains.values()))
    if hub.total.joined != total:
        raise HuyingError(f"{hub.total.joined} of {total} events were joined")
    return sent, kept, total


def _talk(events: int) -> list[Event]:
    """A station's event chain: overs, calls, answers."""
    facts: list[Fact] = [
        SessionBegan(t=0, source="bench", net="", net_sha256="", model="", model_sha256="", began="", clock="known")
    ]
    for k in range(events // 3):
        t = k * 10.0
        facts += [
            OverHeard(
                t=t,
                over=k,
                start=t,
                end=t + 2,
                speech_start=t + 0.2,
                speech_end=t + 1.8,
                clip="",
                level_db=-20.0,
                outcome="understood",
                speaker="control",
                callees=("101",),
                caller=None,
                to_all=False,
                meanings=(),
                text="省残联 是否正常",
                pinyin="shi4 fou3 zheng4 chang2",
                confidence=0.97,
                doubled=False,
                hypothesis=(("U1", 0.2, 1.0, 0.99), ("P7", 1.0, 1.8, 0.98)),
            ),
            Called(t=t + 2, exchange=k, unit="101", over=k, attempt=1, to_all=False, question="是否正常"),
            Answered(
                t=t + 4,
                exchange=k,
                unit="101",
                over=k,
                meaning="normal",
                grade="slot",
                latency_s=2.0,
                late=False,
                confidence=0.97,
                text="一切正常",
                review=False,
            ),
        ]
    return chained([new_event(f, BEGAN) for f in facts], 0, GENESIS)


@contextmanager
def _nats(place: Path) -> Iterator[str]:
    if not shutil.which("nats-server"):
        raise HuyingError("nats-server is not installed; on Debian: apt install nats-server")
    port = free_port()
    server = subprocess.Popen(
        ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(place / "js")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"nats://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@dataclass(frozen=True, slots=True)
class ArchiveRun:
    """The archive run with this many workers."""

    workers: int
    took_s: float
    head: str
    """Head of the journal: independent of the number of workers."""


def archive(workers: Sequence[int], hours: float, recordings: int, tell: Callable[[str], None]) -> list[ArchiveRun]:
    """The same recordings on an increasing number of local Dask workers. Raises HuyingError."""
    try:
        from distributed import Client
    except ImportError as e:
        raise HuyingError(f"this needs Dask; run “{install('cluster')}”") from e
    net = load_net(sample_net())
    pcm = channel_of(overs_of(net), hours * 3600 / recordings, 0.1)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        jobs = []
        for k in range(recordings):
            path = Path(place) / f"2026-06-01T{k:02d}0000.flac"
            pcm[0] = k  # all different
            sf.write(path, pcm, RATE)
            jobs.append(Job(str(path), (), None, None, frozenset()))
        for n in workers:
            tell(f"{n} workers…")
            with ExitStack() as stack:
                client = stack.enter_context(Client(_cluster(Path(place), n, stack), timeout=30))
                client.wait_for_workers(n, timeout=60)
                journal = stack.enter_context(Journal(f"{place}/{n}.sqlite"))
                began = time.monotonic()
                for done, _ in replay_all(client.get_executor(retries=2, pure=False), n, jobs, journal):
                    if done.fault:
                        raise HuyingError(done.fault)
                rows.append(ArchiveRun(n, time.monotonic() - began, journal.head))
    return rows


def _cluster(place: Path, workers: int, stack: ExitStack) -> str:
    """A scheduler and workers in processes of their own, until ``stack`` exits."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "dask"]
    words = [[*dask, "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"]]
    words += [[*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]] * workers
    for w in words:
        p = subprocess.Popen(w, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=place)
        stack.callback(p.wait)
        stack.callback(p.kill)
    time.sleep(2.0)
    return address
