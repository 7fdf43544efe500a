"""A real sound server with null sinks for the air: what is played on it is logged as it happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import soundfile as sf

from tests.helpers.command import huying
from tests.helpers.forking import Huying, finished
from tests.helpers.journals import acknowledged
from tests.helpers.rig import Rig
from tests.helpers.waiting import real_time, until
from voice.journal.lines import lines
from voice.journal.store import Journal, journal_url
from voice.pcm import RATE
from voice.places import requests_folder
from voice.station.status import status_file
from voice.talk.facts import AlertEnded, AlertRaised, Announced, Answered, DeviceChanged, Fact

CONFIGURATION = """load-module module-native-protocol-unix
load-module module-null-sink sink_name=air rate=48000
set-default-source air.monitor
"""


class SoundServer:
    """PulseAudio with a null sink, ours alone."""

    def __init__(self, configuration: Path) -> None:
        self._words = ["pulseaudio", "-n", "-F", str(configuration), "--exit-idle-time=-1", "--daemonize=no"]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert until(lambda: not self.runs or self._answers())

    def _answers(self) -> bool:
        words = ["pactl", "info"]
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A running one."""
    if not (shutil.which("pulseaudio") and shutil.which("paplay")):
        pytest.skip("PulseAudio is not installed (Debian: pulseaudio pulseaudio-utils libasound2-plugins)")
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(tmp_path / "pulse"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "xdg"))
    (tmp_path / "xdg").mkdir(mode=0o700)
    (tmp_path / "air.pa").write_text(CONFIGURATION)
    started = SoundServer(tmp_path / "air.pa")
    if not started.runs or "pulse" not in huying("devices", "--seconds", "0"):
        started.kill()
        pytest.skip("PortAudio does not reach PulseAudio here")
    yield started
    started.kill()


@pytest.fixture
def air(server: SoundServer) -> str:
    """The name of the sink that is the air."""
    assert server.runs
    return "air"


def listen(*args: str | Path) -> subprocess.Popen[str]:
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return Huying[str]("listen", *args, text=True, encoding="utf-8", env=unbuffered, **pipes)


def listening(morning: Path, place: Path) -> subprocess.Popen[str]:
    """A station at the sound server, and the beginning of a morning in ``clip.wav`` to be played to it."""
    pcm, _ = sf.read(str(morning), stop=16 * RATE)
    sf.write(place / "clip.wav", pcm, RATE)
    log = place / "log.sqlite"
    station = listen("--input", "pulse", "--journal", log)
    assert station.stdout is not None and "listening" in station.stdout.readline()
    assert until(lambda: status_file(requests_folder(journal_url(str(log)))).read() is not None), "sound comes"
    return station


def known(path: Path, kind: type[Fact], what: str = "") -> bool:
    """Whether such an event stands in the journal."""
    with Journal(str(path), create=False) as journal:
        return any(isinstance(e.fact(), kind) and e.data.get("what", "") == what for e in journal.events())


def logged(path: Path) -> list[tuple[str, str | None, str]]:
    with Journal(str(path), create=False) as journal:
        return [(x["type"], x["unit"], x["meaning"]) for x in lines(journal.events()) if x["type"] != "over"]


def test_what_is_on_the_air_is_logged_as_it_happens(air: str, morning: Path, tmp_path: Path) -> None:
    station = listening(morning, tmp_path)
    subprocess.run(["paplay", "-d", air, str(tmp_path / "clip.wav")], check=True)
    assert until(lambda: known(tmp_path / "log.sqlite", Answered))
    station.send_signal(signal.SIGINT)
    assert station.wait(60) == 0
    events = logged(tmp_path / "log.sqlite")
    assert ("called", "101", "call") in events and ("answered", "101", "normal") in events
    assert events[-1][0] == "session_ended" and not [e for e in events if e[0] == "device"]


def test_the_sound_server_dies_and_comes_back(server: SoundServer, morning: Path, tmp_path: Path) -> None:
    """The log says so, its times go on, and what is said afterwards is heard."""
    station = listening(morning, tmp_path)
    log = tmp_path / "log.sqlite"
    server.kill()
    assert until(lambda: known(log, DeviceChanged, "lost"))
    real_time(3.5)
    server.start()
    assert until(lambda: known(log, DeviceChanged, "back"))
    subprocess.run(["paplay", "-d", "air", str(tmp_path / "clip.wav")], check=True)
    assert until(lambda: known(log, Answered))
    station.send_signal(signal.SIGINT)
    assert station.wait(60) == 0
    with Journal(str(log), create=False) as journal:
        found = list(lines(journal.events()))
    told = {x["meaning"]: x["t"] for x in found if x["type"] == "device"}
    assert set(told) == {"lost", "back"} and 3 < told["back"] - told["lost"] < 100
    answered = [x for x in found if x["type"] == "answered"]
    assert answered and answered[0]["unit"] == "101" and answered[0]["t"] > told["back"]


@pytest.mark.parametrize(
    ("minutes", "words", "read"),
    [(1, ["--resume"], True), (1, [], False), (20, ["--resume"], False)],
    ids=["told to go on", "not told", "too old"],
)
def test_an_alert_that_a_crash_has_left(air: str, tmp_path: Path, minutes: int, words: list[str], read: bool) -> None:
    """The station that starts again reads it to those that have not answered, or closes it."""
    log, began = tmp_path / "log.sqlite", datetime.now(UTC) - timedelta(minutes=minutes)
    raised = AlertRaised(
        t=1, alert=1, text="请加强夜间巡逻", units=("101", "102"), repeat=2, need_ack=True, emergency=False
    )
    said = Announced(t=5, keyed=2, text="", purpose="alert", units=("101", "102"))
    answered = acknowledged(7, exchange=1, over=1)
    with Journal(str(log)) as journal:
        journal.append([raised, said, answered], began)
    station = listen("--input", "pulse", "--output", "pulse", "--journal", log, *words)

    def found() -> list[Fact]:
        with Journal(str(log), create=False) as journal:
            return [e.fact() for e in journal.events(after=3)]

    wanted: type[Fact] = Announced if read else AlertEnded
    assert until(lambda: any(isinstance(f, wanted) for f in found()))
    station.send_signal(signal.SIGINT)
    shown, _ = station.communicate(timeout=60)
    assert "an alert was interrupted" in shown and "(1/2)" in shown and "Traceback" not in shown
    assert ("not read on" in shown) == (minutes > 10)
    if read:
        assert next(f.units for f in found() if isinstance(f, Announced)) == ("102",)
    else:
        assert [(f.by, f.silent) for f in found() if isinstance(f, AlertEnded)] == [("interrupted", ("102",))]
        assert not [f for f in found() if isinstance(f, Announced)]


def test_a_pipe_is_listened_to_and_ends_with_it(morning: Path, tmp_path: Path) -> None:
    pcm, _ = sf.read(str(morning), stop=16 * RATE, dtype="int16")
    out = huying("listen", "--input", "-", "--journal", tmp_path / "log.sqlite", stdin=pcm.tobytes())
    assert "省残联" in out
    assert ("called", "101", "call") in logged(tmp_path / "log.sqlite")


def test_what_cannot_work_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    assert "--output" in huying("listen", "--input", "-", "--roll", "--journal", log, stdin=b"", code=2)
    assert "heard as an answer" in huying("listen", "--input", "-", "--output", "x", "--journal", log, code=2)
    assert "choose one of" in huying("listen", "--input", "-", "--ptt", "magic", "--journal", log, stdin=b"", code=2)


def test_no_such_card(tmp_path: Path) -> None:
    err = huying("listen", "--input", "no such card", "--journal", tmp_path / "log.sqlite", code=2)
    assert "sound input" in err or "PortAudio" in err


def test_a_roll_call_over_a_sound_server(air: str) -> None:
    """Station and units play to a null sink; the station hears its monitor, and is deaf to itself."""
    words = "bench-net --units 3 --absent 1 --second 0 --slow 0 --rounds 1 --sound always".split()
    done = finished(*words)
    assert done.returncode == 3 and "over the sound server" in done.stderr, done.stderr
    assert "点名完毕。应到三,实到二" in done.stdout, done.stdout
    assert "not understood" not in done.stdout and "Roll sheet" in done.stdout, done.stdout


def test_a_sound_server_that_hangs_while_we_transmit(server: SoundServer, tmp_path: Path) -> None:
    """The carrier drops, and the journal says that the announcement was cut, while the server still hangs."""
    if shutil.which("rigctld") is None:
        pytest.skip("rigctld is not installed (Debian: libhamlib-utils)")
    rig, log, requests = Rig(), tmp_path / "log.sqlite", tmp_path / "requests"
    words = ("--input", "pulse", "--output", "pulse", "--ptt", "rigctld", "--ptt-device", rig.settings.device)
    station = listen(*words, "--requests", requests, "--journal", log)
    try:
        assert station.stdout is not None and "listening" in station.stdout.readline()
        text = "测试发射" + ",一切正常" * 8
        assert until(lambda: status_file(requests).read() is not None)
        huying("say", text, "--requests", requests)
        assert until(lambda: rig.keyed), "it transmits"
        real_time(1.0)
        server.pause()
        assert until(lambda: not rig.keyed)

        def cut() -> list[str]:
            with Journal(str(log), create=False) as journal:
                return [e.data["note"] for e in journal.events(kind="device") if e.data["what"] == "cut"]

        assert until(lambda: bool(cut())) and "no sound has moved" in cut()[0]
        server.go_on()
        station.send_signal(signal.SIGINT)
        assert station.wait(30) == 0
        assert not rig.keyed
        assert len(cut()) == 1
    finally:
        server.go_on()
        station.kill()
        station.wait()
        rig.stop()
