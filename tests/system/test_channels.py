"""Several channels in one process: one model, one journal, nothing mixed."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.helpers.forking import Huying
from tests.helpers.waiting import paced, until
from voice.audio.source import open_recording
from voice.bench.capacity import carry
from voice.errors import FilesError
from voice.journal.lines import lines
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.net.loading import Net, load_net
from voice.pcm import RATE
from voice.station.channels import Channels
from voice.station.ear import Ear

BEGAN = datetime(2026, 6, 5, 0, 30, tzinfo=UTC)


def test_the_same_talk_on_three_channels(ear: Ear, morning: Path, tmp_path: Path) -> None:
    """Each channel's events are those of a replay of it alone, in its order."""
    pcm, _ = sf.read(str(morning), stop=40 * RATE, dtype="int16")
    parts = {"甲": pcm, "乙": pcm[8 * RATE :], "丙": np.concatenate([np.zeros(3 * RATE, np.int16), pcm])}
    for name, x in parts.items():
        sf.write(tmp_path / f"{name}.wav", x, RATE)
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        sources = {n: open_recording(tmp_path / f"{n}.wav", BEGAN) for n in parts}
        Channels(ear, journal, sources).join(120)
        together = list(lines(journal.events()))
        assert list(verify(journal, clips=False)) == []
    for name in parts:
        with Journal("sqlite://") as alone:
            Channels(ear, alone, {name: open_recording(tmp_path / f"{name}.wav", BEGAN)}).join(120)
            wanted = [(x["type"], x["t"], x["unit"], x["meaning"], x["text"]) for x in lines(alone.events())]
        got = [(x["type"], x["t"], x["unit"], x["meaning"], x["text"]) for x in together if x["channel"] == name]
        assert got == wanted and len(got) > 8


def test_silent_channels_cost_nothing_to_speak_of(ear: Ear, tmp_path: Path) -> None:
    quiet = np.random.default_rng(0).integers(-2, 3, RATE * 20).astype(np.int16)
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        done = carry(ear, quiet, 8, 3.0, journal)
    assert done.overs == 0 and done.channels == 8


def test_channels_have_names_of_their_own(own_net: Callable[..., Path], net: Net) -> None:
    text = (net.folder / "net.toml").read_text("utf-8")
    two = '\n[[channels]]\nname = "二"\ninput = "udp:7356"\n'
    folder = own_net(settings=text + two)
    assert load_net(folder).settings.channels[0].name == "二"
    (folder / "net.toml").write_text(text + two + two, "utf-8")
    with pytest.raises(FilesError, match="same name"):
        load_net(folder)
    (folder / "net.toml").write_text(text + two + 'form = "s24"\n', "utf-8")
    with pytest.raises(FilesError, match="no form of raw samples"):
        load_net(folder)


def test_a_second_channel_of_a_station(own_net: Callable[..., Path], net: Net, morning: Path, tmp_path: Path) -> None:
    """``huying listen``: the station's own channel is quiet, on the other one, which is written otherwise, somebody is
    called."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = (net.folder / "net.toml").read_text("utf-8")
    folder = own_net(
        settings=f'{text}\n[[channels]]\nname = "二号"\ninput = "udp:{port}"\nform = "f32"\nrate = 16000\n'
    )
    log = tmp_path / "log.sqlite"
    words = ["listen", "--input", "-", "--rate", "8000", "--form", "s16", "--net", str(folder), "--journal", str(log)]
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    station = Huying[bytes](*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=unbuffered)
    assert station.stdin is not None and station.stdout is not None
    assert b"listening" in station.stdout.readline()
    pcm, _ = sf.read(str(morning), start=3 * RATE, stop=17 * RATE, dtype="int16")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for k in paced(range(0, len(pcm), 400), 400 / RATE):
            out.sendto(np.repeat(pcm[k : k + 400] / np.float32(32768), 2).astype("<f4").tobytes(), ("127.0.0.1", port))
            station.stdin.write(bytes(800))
            station.stdin.flush()

    def answers() -> int:
        with Journal(str(log), create=False) as journal:
            return journal.last("answered")

    assert until(answers)
    shown, _ = station.communicate(timeout=60)
    assert station.returncode == 0 and "[二号]" in shown.decode()
    with Journal(str(log)) as journal:
        found = [(x["channel"], x["type"], x["unit"]) for x in lines(journal.events())]
        assert list(verify(journal)) == []
    assert ("二号", "called", "101") in found and ("二号", "answered", "101") in found
    assert (None, "session_began", None) in found and ("二号", "session_ended", None) in found
