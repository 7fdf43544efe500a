"""A journal that cannot be written for a while, and a slow disk: sound waits in memory, nothing is lost."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile as sf

from tests.helpers.engines import free_port
from tests.helpers.journals import BEGAN, talk
from tests.helpers.waiting import paced, until
from voice.audio.source import open_recording
from voice.errors import Unwritable
from voice.journal.event import Event
from voice.journal.lines import lines
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.pcm import RATE
from voice.station.ear import Ear
from voice.station.listener import Listener

SECONDS = 30


@pytest.fixture(scope="module")
def beginning(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first ``SECONDS`` of the morning."""
    path = tmp_path_factory.mktemp("beginning") / "beginning.wav"
    samples, rate = sf.read(morning, dtype="int16", frames=SECONDS * RATE)
    sf.write(path, samples, rate)
    return path


def fill(ballast: Path) -> None:
    """To the last block."""
    with ballast.open("wb", buffering=0) as f, pytest.raises(OSError, match="No space"):
        while True:
            f.write(b"x" * 4096)


def logged(path: Path) -> list[tuple[float, str]]:
    """(begin, clip) of the overs, the chain being whole."""
    with Journal(str(path), create=False) as journal:
        assert list(verify(journal)) == []
        found = list(lines(journal.events()))
    return [(x["over"][0], x["clip"]) for x in found if x["type"] == "over"]


def test_a_disk_that_is_full_to_the_brim(small_disk: Path, ear: Ear, morning: Path) -> None:
    """Not even events fit; then there is room again."""
    ballast = small_disk / "ballast"
    told: list[str] = []

    def wait(e: Unwritable) -> bool:
        told.append(str(e))
        if len(told) == 3:
            ballast.unlink()
        return True

    with Journal(str(small_disk / "log.sqlite")) as journal:
        heard = Listener(ear, journal, wait=wait)
        for now in heard.listen(open_recording(morning)):
            if round(now, 1) == 20.0:
                fill(ballast)
            if now > 2 * SECONDS:
                break
        found = list(lines(journal.events()))
        assert list(verify(journal)) == []
    assert len(told) == 3 and "full" in told[0]
    gaps = [x["detail"] for x in found if x["type"] == "device" and x["meaning"] == "unwritten"]
    assert len(gaps) == 1 and "full" in gaps[0]
    overs = [x for x in found if x["type"] == "over"]
    assert len(overs) >= 8 and all(x["clip"] for x in overs), "the clip that did not fit was kept in the end"


def test_a_journal_that_stays_away_is_an_error_where_nobody_waits(small_disk: Path, ear: Ear, morning: Path) -> None:
    with Journal(str(small_disk / "log.sqlite")) as journal:
        heard = Listener(ear, journal)
        with pytest.raises(Unwritable, match="full"):
            for now in heard.listen(open_recording(morning)):
                if round(now, 1) == 5.0:
                    fill(small_disk / "ballast")


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None], Callable[[], None]]]:
    """An ext4 of 30 MB: (its folder; the kernel finds a fault and makes it read-only; it is checked and mounted
    again)."""
    place, image = tmp_path / "disk", tmp_path / "disk.img"
    place.mkdir()
    with image.open("wb") as f:
        f.truncate(30_000_000)
    mount = ["mount", "-o", "loop", str(image), str(place)]
    try:
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, capture_output=True)
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount an ext4 of its own")

    def fail() -> None:
        subprocess.run(["mount", "-o", "remount,abort", str(place)], check=False, capture_output=True)

    def repair() -> None:
        subprocess.run(["umount", str(place)], check=True)
        assert subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True, check=False).returncode < 4
        subprocess.run(mount, check=True)

    yield place, fail, repair
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_the_kernel_makes_read_only(
    failing_disk: tuple[Path, Callable[[], None], Callable[[], None]], ear: Ear, morning: Path, beginning: Path
) -> None:
    """The station waits and tells; when it is ended and the disk is mended, everything that it had reported is there,
    sound included, and it goes on."""
    place, fail, repair = failing_disk
    reported: list[Event] = []
    told: list[str] = []

    def wait(e: Unwritable) -> bool:
        told.append(str(e))
        return len(told) < 3

    with Journal(str(place / "log.sqlite")) as journal:
        heard = Listener(ear, journal, lambda event, _fact: reported.append(event), wait=wait)
        with pytest.raises(Unwritable, match="cannot write the journal"):
            for now in heard.listen(open_recording(morning)):
                if round(now, 1) == 60.0:
                    fail()
    assert len(told) == 3 and len(reported) > 10
    repair()
    with Journal(str(place / "log.sqlite")) as journal:
        assert list(journal.events()) == reported and list(verify(journal)) == []
        for _ in Listener(ear, journal).listen(open_recording(beginning)):
            pass
        assert list(verify(journal)) == []


FAULTS = {"fdatasync:delay_exit=2000000": "", "pwrite64:error=EROFS:when=40..60": "cannot write the journal"}
"""Two seconds a sync; read-only for a while. What ``strace`` does to SQLite's system calls → what the station says."""


def faulty(fault: str, port: int, log: Path) -> subprocess.Popen[str]:
    """A station on such a disk."""
    strace = ("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={fault.partition(':')[0]}",
              "-e", f"inject={fault}")  # fmt: skip
    words = ("listen", "--input", f"udp:{port}", "--rate", str(RATE), "--journal", str(log))
    return subprocess.Popen(
        [*strace, sys.executable, "-m", "voice", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_live_stations_on_bad_disks(ear: Ear, beginning: Path, tmp_path: Path) -> None:
    """They hear the same at the same time."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    pcm, _ = sf.read(beginning, dtype="int16")
    with Journal(str(tmp_path / "good.sqlite")) as journal:
        for _ in Listener(ear, journal).listen(open_recording(beginning)):
            pass
    wanted = [(begin, clip) for begin, clip in logged(tmp_path / "good.sqlite") if begin < SECONDS - 5]
    assert len(wanted) >= 4
    ports = [free_port() for _ in FAULTS]
    logs = [tmp_path / f"{k}.sqlite" for k in range(len(FAULTS))]
    with contextlib.ExitStack() as ended:
        stations = [faulty(*one) for one in zip(FAULTS, ports, logs, strict=True)]
        for station in stations:
            ended.callback(station.kill)
        for station in stations:
            assert station.stdout is not None
            if not station.stdout.readline().startswith("listening"):
                pytest.skip("tracing is not allowed here")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for k in paced(range(0, len(pcm), 400), 400 / RATE):
                for port in ports:
                    s.sendto(pcm[k : k + 400].tobytes(), ("127.0.0.1", port))
        until(lambda: all(len(logged(log)) >= len(wanted) for log in logs))
        for station, told, log in zip(stations, FAULTS.values(), logs, strict=True):
            for child in psutil.Process(station.pid).children():
                child.send_signal(signal.SIGINT)
            shown, _ = station.communicate(timeout=60)
            assert told in shown
            found = logged(log)
            assert len(found) >= len(wanted), shown
            pauses = np.diff([b for b, _ in found[: len(wanted)]]) - np.diff([b for b, _ in wanted])
            # On a busy machine the source itself may stand still for a while; what is lost makes them shorter.
            assert pauses.min() > -0.5, "no sound was lost while the disk was slow"
            assert all(clip for _, clip in found)


def test_an_answer_that_was_lost_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database has committed, but the connection broke before it could say so: trying again finds it done."""
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(talk("")[:2], BEGAN)
        commit = journal._engine.dialect.do_commit

        def broken(connection: Any) -> None:
            commit(connection)
            monkeypatch.undo()
            raise sqlite3.OperationalError("connection lost")

        monkeypatch.setattr(journal._engine.dialect, "do_commit", broken)
        more = talk("")[2:5]
        with pytest.raises(Unwritable, match="connection lost"):
            journal.append(more, BEGAN)
        again = journal.append(more, BEGAN)
        assert [e.seq for e in again] == [3, 4, 5] and len(journal) == 5
        assert len(list(journal.events())) == 5 and list(verify(journal, clips=False)) == []
        journal.append(more, BEGAN)  # meant a second time: it is new
        assert len(list(journal.events())) == 8
