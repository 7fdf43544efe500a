"""Recordings as people have them: folders of anything, times in names, a command that is interrupted."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.helpers.places import ROOT
from tests.helpers.waiting import until
from voice.audio.named import begins
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.pcm import RATE
from voice.time import moment_of

EAST = timezone(timedelta(hours=8))
NOW = datetime(2026, 6, 5, 4, 0, tzinfo=UTC)


def replay(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voice", "replay", *map(str, words)], capture_output=True, text=True, cwd=ROOT,
        encoding="utf-8",
    )  # fmt: skip


def began(log: Path) -> list[str]:
    with Journal(str(log), create=False) as journal:
        assert list(verify(journal)) == []
        return [e.data["began"] for e in journal.events(kind="session_began")]


@pytest.fixture
def folder(morning: Path, tmp_path: Path) -> Path:
    """Two recordings of eight seconds, a minute apart by their names, and what lies beside them."""
    made = tmp_path / "in"
    made.mkdir()
    pcm, _ = sf.read(str(morning), stop=16 * RATE, dtype="int16")
    sf.write(made / "20260605_083000.wav", pcm[: 8 * RATE], RATE)
    sf.write(made / "20260605_083100.wav", pcm[8 * RATE :], RATE)
    (made / "notes.txt").write_text("not sound")
    return made


def test_times_in_names_are_the_nets(folder: Path, tmp_path: Path) -> None:
    done = replay(folder, "--journal", tmp_path / "a.sqlite")
    assert done.returncode == 0 and "taken as +0800" in done.stderr
    assert began(tmp_path / "a.sqlite") == ["2026-06-05T00:30:00.000Z", "2026-06-05T00:31:00.000Z"]
    in_utc = replay(folder, "--journal", tmp_path / "b.sqlite", "--names-in", "utc")
    assert in_utc.returncode == 0 and "taken as UTC" in in_utc.stderr and "the net's" not in in_utc.stderr
    assert began(tmp_path / "b.sqlite")[0] == "2026-06-05T08:30:00.000Z"
    assert replay(folder, "--journal", tmp_path / "c.sqlite", "--start", "2026-6-6 9:00").returncode == 0
    assert began(tmp_path / "c.sqlite") == ["2026-06-06T01:00:00.000Z", "2026-06-06T01:01:00.000Z"]


def test_what_is_not_heard_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "voice.silk").write_bytes(b"\x02#!SILK_V3" + bytes(50))
    (folder / "what.xyz").write_bytes(bytes(50))
    for words in ((), ("--journal", tmp_path / "a.sqlite")):
        done = replay(folder, *words)
        assert done.returncode == 1
        assert "voice.silk" in done.stderr and "what.xyz" in done.stderr and "notes.txt" not in done.stderr


def test_an_interrupted_recording_is_not_half_in_the_journal(morning: Path, tmp_path: Path) -> None:
    shutil.copy(morning, tmp_path / "x.flac")
    log = tmp_path / "log.sqlite"
    words = [sys.executable, "-m", "voice", "replay", str(tmp_path / "x.flac"), "--journal", str(log)]
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs begin deaf to Ctrl-C
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, cwd=ROOT, preexec_fn=heeds) as going:
        assert going.stdout is not None and going.stderr is not None
        assert until(log.with_name("log.sqlite.lock").exists)
        time.sleep(1.0)
        going.send_signal(signal.SIGINT)
        told = going.stderr.read()
    assert going.returncode == 130 and b"the same command goes on" in told
    assert began(log) == []
    sf.write(tmp_path / "x.flac", sf.read(str(morning), stop=16 * RATE)[0], RATE)
    assert replay(tmp_path / "x.flac", "--journal", log).returncode == 0 and len(began(log)) == 1
    again = replay(tmp_path / "x.flac", "--journal", log)
    assert again.returncode == 2 and "already" in again.stderr + again.stdout


@pytest.mark.parametrize("words", [(), ("--jobs", "2"), ("--channel", "left")])
def test_two_radios_on_two_sides(morning: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    pcm, _ = sf.read(str(morning), stop=16 * RATE, dtype="int16")
    sf.write(tmp_path / "two.wav", np.stack([pcm, np.roll(pcm, 3 * RATE)], 1), RATE)
    log = tmp_path / "log.sqlite"
    assert replay(tmp_path / "two.wav", "--journal", log, *words).returncode == 0
    with Journal(str(log), create=False) as journal:
        names = [e.data["source"] for e in journal.events(kind="session_began")]
        called = [e.unit for e in journal.events(kind="called")]
    assert names == (["two.wav left"] if words[:1] == ("--channel",) else ["two.wav left", "two.wav right"])
    assert called.count("101") == len(names)


def test_start_moves_the_first() -> None:
    a, b = NOW, NOW + timedelta(minutes=1)
    start = NOW + timedelta(days=1)
    assert begins([(a, True), (b, False), None], start) == [start, start + timedelta(minutes=1), None]
    assert begins([None, None], start) == [start, start] and begins([(a, True)], None) == [a]


@pytest.mark.parametrize(
    "text, moment",
    [
        ("2026-06-05T08:30", "2026-06-05 00:30"), ("2026-6-5 8:30", "2026-06-05 00:30"), ("8:30", "2026-06-05 00:30"),
        ("今天", "2026-06-04 16:00"), ("昨天 8:30", "2026-06-04 00:30"), ("2026/6/5", "2026-06-04 16:00"),
        ("6月5日8点30分", "2026-06-05 00:30"), ("2026年6月5日 下午2点半", "2026-06-05 06:30"),
        ("8:30+09:00", "2026-06-04 23:30"), ("２０２６－０６－０５ ８：３０", "2026-06-05 00:30"),
        ("1780619400", "2026-06-05 00:30"), ("20260605", "2026-06-04 16:00"), ("2026-06-05T00:30Z", "2026-06-05 00:30"),
    ],
)  # fmt: skip
def test_times_as_people_write_them(text: str, moment: str) -> None:
    assert moment_of(text, EAST, NOW).strftime("%Y-%m-%d %H:%M") == moment


@pytest.mark.parametrize("text", ["", "tomorrowish", "25:00", "2026-13-01", "8:99", "早上好"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(HuyingError, match="is not a time"):
        moment_of(text, EAST, NOW)
