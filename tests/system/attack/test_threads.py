"""A thread that fails is told of, started again, and known to health: of a station's inputs as of its desk."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import voice.supervised
from tests.helpers.engines import free_port
from tests.helpers.waiting import until
from voice.audio.streams import RawStream, UdpStream
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.pcm import Frame
from voice.radio.ptt import PttSettings
from voice.radio.ptt.kept import KeptPtt
from voice.radio.sense import CarrierSense
from voice.station.channels import Channels
from voice.station.ear import open_ear
from voice.station.microphone import Microphone
from voice.station.status import Status, StatusFile, status_file
from voice.supervised import troubles


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No troubles of other tests, and short pauses."""
    monkeypatch.setattr(voice.supervised, "_troubles", {})
    monkeypatch.setattr(voice.supervised, "AGAIN_S", (0.05,))


def test_the_dispatchers_microphone(net: Net) -> None:
    told: list[str] = []
    opened: list[int] = []

    class Card:
        name = "card"

        def frames(self) -> Iterator[Frame]:
            opened.append(1)
            yield Frame(0, np.zeros(800, np.int16))
            if len(opened) < 3:
                raise RuntimeError("the driver did something new")
            assert until(lambda: told[-1:] == ["end"])

    ear = SimpleNamespace(net=net)
    ear.latest = ear
    microphone = Microphone(ear, Card(), lambda: told.append("end"), told.append)  # type: ignore[arg-type]
    assert until(lambda: len(opened) == 3)
    assert len(told) == 2 and "microphone" in told[0] and "something new" in told[0]
    assert any("microphone" in t for t in troubles())
    microphone.close()


def test_carrier_detect() -> None:
    told: list[str] = []
    asked: list[int] = []

    class Line:
        def revive(self) -> None: ...

        def busy(self) -> bool:
            asked.append(1)
            if len(asked) == 3:
                raise ValueError("what no driver should raise")
            return len(asked) > 5

    sense = CarrierSense(Line(), told.append)  # type: ignore[arg-type]
    assert until(sense.busy), "it goes on asking"
    assert len(told) == 1 and "carrier detect failed" in told[0] and troubles()
    sense.close()


def test_udp(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    port = free_port()
    stream = UdpStream(port, notice=lambda kind, text: told.append((kind, text)))
    failed: list[int] = []

    class Socket(socket.socket):
        def recv(self, size: int, flags: int = 0) -> bytes:
            got = super().recv(size, flags)
            if not failed:
                failed.append(1)
                raise OSError("no buffer space")
            return got

    monkeypatch.setattr(socket, "socket", Socket)
    frames = stream.frames()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard = 0
    for frame in frames:
        sender.sendto((3000 * np.sin(np.arange(4800) / 20)).astype("<i2").tobytes(), ("127.0.0.1", port))
        heard += bool(np.abs(frame.pcm).max() > 1000)
        if heard > 3 or len(told) > 5:
            stream.ended = True
    assert heard > 3, "what came after the fault was heard"
    assert told[0][0] == "lost" and "no buffer space" in told[0][1] and any("UDP" in t for t in troubles())


def test_a_pipe_that_cannot_be_read() -> None:
    told: list[tuple[str, str]] = []

    class Pipe:
        def read(self, _n: int) -> bytes:
            raise OSError(5, "Input/output error")

    stream = RawStream(Pipe(), live=True, notice=lambda kind, text: told.append((kind, text)))  # type: ignore[arg-type]
    list(stream.frames())
    assert [k for k, _ in told] == ["lost"] and "Input/output" in told[0][1]


def test_whoever_is_told_of_ptt_may_fail() -> None:
    """What reads the keeper goes on: the next transmission works."""
    told: list[str] = []

    def cut(_why: str) -> None:
        raise RuntimeError("the journal is gone")

    line = KeptPtt(PttSettings("none"), 0.3, told.append, cut)
    line.key()
    assert until(lambda: any("time-out" in t for t in told))
    assert until(lambda: any("journal is gone" in t for t in told))
    line.key()
    line.unkey()
    assert not line.keyed
    line.close()


def test_a_stations_troubles_are_in_its_status_and_in_health(tmp_path: Path, net: Net) -> None:
    testclient = pytest.importorskip("fastapi.testclient")
    from fastapi import FastAPI

    from voice.console.api import router
    from voice.console.desk import Desk

    with Journal(str(tmp_path / "log.sqlite")) as journal:
        desk = Desk(journal, net, tmp_path / "requests")
        app = FastAPI()
        app.include_router(router(desk))
        client = testclient.TestClient(app)
        assert client.get("/api/v1/health").json()["ok"]
        status_file(desk.requests).write(Status(troubles=("receiving UDP 7355 failed",)), True)
        found: dict[str, Any] = client.get("/api/v1/health").json()
        assert not found["ok"] and "station: receiving UDP 7355 failed" in found["fault"]
        desk.close()


def test_a_status_of_another_version_is_no_status(tmp_path: Path) -> None:
    file = StatusFile(tmp_path / "station.status")
    file.write(Status(troubles=("x",)), True)
    known = file.read()
    assert known is not None and list(known.troubles) == ["x"]
    file.path.write_text(json.dumps({"from": "a later version"}))
    assert file.read() is None


def test_whoever_is_told_may_be_what_fails() -> None:
    tries: list[int] = []

    def tell(_text: str) -> None:
        raise OSError("the disk is full")

    def work() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("once more")

    voice.supervised.Supervised("a test of telling", work, tell).join(10)
    assert len(tries) == 3


def test_udp_is_listened_to_again_after_whoever_listened_has_failed() -> None:
    """Its clock begins anew, and no hours of silence stand for the time before."""
    port = free_port()
    stream = UdpStream(port)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    loud = (3000 * np.sin(np.arange(4800) / 20)).astype("<i2").tobytes()

    def hears() -> tuple[int, int]:
        """(frames, those with sound) until two have some."""
        frames = heard = 0
        for frame in stream.frames():
            sender.sendto(loud, ("127.0.0.1", port))
            frames += 1
            heard += bool(np.abs(frame.pcm).max() > 1000)
            if heard == 2 or frames > 300:
                break  # as an exception downstream would
        return frames, heard

    assert hears()[1] == 2
    stream._zero -= 3600  # it was an hour ago
    before = stream.began
    stream.again()
    frames, heard = hears()
    assert heard == 2 and frames < 200 and before is not None and stream.began is not None
    assert stream.began > before and not stream.ended
    stream.ended = True
    assert list(stream.frames()) == []


def test_a_pipe_has_one_reader_however_often_it_is_listened_to() -> None:
    reading, writing = os.pipe()
    stream = RawStream(os.fdopen(reading, "rb"), live=True)
    loud = (3000 * np.sin(np.arange(1600) / 20)).astype("<i2").tobytes()
    for _ in range(2):
        heard = 0
        for frame in stream.frames():
            os.write(writing, loud)
            heard += bool(np.abs(frame.pcm).max() > 1000)
            if heard == 3:
                break
        assert heard == 3
        stream.again()
    assert sum(t.name.startswith("reading -") for t in threading.enumerate()) == 1
    os.close(writing)


def test_a_channel_whose_port_is_taken_is_tried_again(net: Net, tmp_path: Path) -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 0))
    stream = UdpStream(taken.getsockname()[1])
    told: list[str] = []
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        channels = Channels(open_ear(net), journal, {"二号": stream}, tell=told.append)
        assert until(lambda: any("二号" in t and "in use" in t for t in told)) and troubles()
        assert not list(journal.events()), "of a port that is taken nothing is logged"
        taken.close()
        assert until(lambda: any(e.data["channel"] == "二号" for e in journal.events(kind="session_began")))
        stream.ended = True
        channels.join(20)
