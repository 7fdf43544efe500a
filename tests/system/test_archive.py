"""Many recordings at once, in processes and on a real Dask cluster: the journal is the one that one process makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile as sf

from tests.helpers.command import huying
from tests.helpers.engines import free_port
from tests.helpers.places import ROOT
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.pcm import RATE
from voice.station.archive import find_everywhere, recordings_in


@pytest.fixture(scope="module")
def archive(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pieces of a morning, 20 s each, as a recorder would name them."""
    folder = tmp_path_factory.mktemp("archive")
    pcm, _ = sf.read(str(morning), dtype="int16", stop=80 * RATE)
    for k in range(4):
        sf.write(folder / f"2026-06-05T083{k}00.flac", pcm[k * 20 * RATE : (k + 1) * 20 * RATE], RATE)
    return folder


@pytest.fixture(scope="module")
def alone(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Head of the journal that one process makes of it."""
    path = tmp_path_factory.mktemp("alone") / "log.sqlite"
    out = huying("replay", archive, "--journal", path, "--jobs", "1")
    assert "省残联" in out
    return head(path)


def head(path: Path) -> str:
    with Journal(str(path), create=False) as journal:
        assert list(verify(journal)) == [] and len(journal) > 20
        return journal.head


def test_processes_make_the_same_journal(archive: Path, alone: str, tmp_path: Path) -> None:
    out = huying("replay", archive, "--journal", tmp_path / "log.sqlite")
    assert "省残联" in out
    assert head(tmp_path / "log.sqlite") == alone
    with Journal(str(tmp_path / "log.sqlite"), create=False) as journal:
        wanted = [e.kind for e in journal.events()]
    shown = huying("replay", archive, "--jobs", "2", "--json")
    assert [json.loads(x)["type"] for x in shown.splitlines()] == wanted


def test_a_run_that_was_broken_off_goes_on(archive: Path, alone: str, tmp_path: Path) -> None:
    first, log = tmp_path / "first", tmp_path / "log.sqlite"
    first.mkdir()
    files = sorted(archive.glob("*.flac"))
    for f in files[:2]:
        shutil.copy(f, first)
    huying("replay", first, "--journal", log)
    with Journal(str(log), create=False) as journal:
        known = recordings_in(journal)
    assert len(known) == 2 and all(len(k) == 64 for k in known)
    huying("replay", archive, "--journal", log)
    assert head(log) == alone
    before = head(log)
    huying("replay", archive, "--journal", log)
    assert head(log) == before, "what is known is not heard again"
    shutil.copy(files[0], tmp_path / "another-name.flac")
    huying("replay", tmp_path / "another-name.flac", files[1], "--journal", log, "--jobs", "2")
    assert head(log) == before, "a recording is known by its content"


def test_a_file_that_is_no_recording_does_not_stop_the_others(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(archive, folder)
    (folder / "2026-06-05T083030.wav").write_bytes(b"RIFF nonsense")
    done = subprocess.run(
        [sys.executable, "-m", "voice", "replay", str(folder), "--journal", str(tmp_path / "log.sqlite")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1 and "not a sound file" in done.stderr
    assert "1 not heard" in done.stderr
    with Journal(str(tmp_path / "log.sqlite"), create=False) as journal:
        assert len(recordings_in(journal)) == 4


def test_addresses_are_listed_through_fsspec(archive: Path) -> None:
    pytest.importorskip("fsspec")
    found = find_everywhere([archive.as_uri()])
    assert [Path(f.removeprefix("file://")) for f in found] == sorted(archive.glob("*.flac"))
    with pytest.raises(HuyingError, match=r"cannot be listed|no sound files"):
        find_everywhere([(archive / "nothing").as_uri()])
    with pytest.raises(HuyingError, match="cannot be listed"):
        find_everywhere(["nosuchprotocol://x"])


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler and two workers, processes of their own; its address, and the workers."""
    pytest.importorskip("distributed")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        cwd=tmp_path,
        env=env,
        **quiet,  # type: ignore[call-overload]
    )
    workers = [
        subprocess.Popen(
            [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"],
            cwd=tmp_path,
            env=env,
            **quiet,  # type: ignore[call-overload]
        )
        for _ in range(2)
    ]
    from distributed import Client

    for _ in range(60):
        try:
            with Client(address, timeout=2) as client:
                client.wait_for_workers(2, timeout=30)
            break
        except (OSError, TimeoutError):
            time.sleep(0.5)
    yield address, workers
    for p in (*workers, scheduler):
        p.kill()
        p.wait()


def test_a_cluster_makes_the_same_journal_though_a_worker_dies(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], archive: Path, alone: str, tmp_path: Path
) -> None:
    address, workers = cluster
    log = tmp_path / "log.sqlite"
    going = subprocess.Popen(
        [sys.executable, "-m", "voice", "replay", archive.as_uri(), "--journal", str(log), "--scheduler", address],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(4.0)
    workers[0].kill()
    out, err = going.communicate(timeout=180)
    assert going.returncode == 0, err
    assert "省残联" in out and "4 recordings" in err
    assert head(log) == alone


def test_a_scheduler_that_is_not_there(archive: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    told = huying(
        "replay", archive, "--journal", tmp_path / "log.sqlite", "--scheduler", f"tcp://127.0.0.1:{free_port()}", code=2
    )
    assert "no scheduler answers" in told
    assert "--expect" in huying("replay", archive, "--jobs", "2", "--realtime", code=2)
