"""The transmitter is never left keyed: who dies, when, with which rigctld."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psutil
import pytest

from tests.helpers.places import ROOT
from tests.helpers.waiting import real_time, until
from voice.journal.store import Journal
from voice.pcm import Pcm16
from voice.radio.ptt import PttError, PttSettings, open_driver
from voice.radio.ptt.kept import STALL_S, KeptPtt
from voice.radio.transmitter import CutOff, Transmitter

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


class Rigctld:
    """Stands for rigctld where it has to misbehave: what is keyed stays keyed while it is away, as a rig does."""

    def __init__(self, answer: Callable[[socket.socket, str], None] | None = None) -> None:
        self.keyed = False
        self.log: list[str] = []
        self._answer = answer
        self._open: list[socket.socket] = []
        self.port = 0
        self.up()

    def up(self) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(5)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        for s in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            for line in client.makefile("rb"):
                word = line.decode().strip()
                self.log.append(word)
                if self._answer is not None:
                    self._answer(client, word)
                    continue
                if word in ("T 1", "T 0"):
                    self.keyed = word == "T 1"
                client.sendall(b"RPRT 0\n")
        except OSError:
            pass

    @property
    def settings(self) -> PttSettings:
        return PttSettings("rigctld", f"127.0.0.1:{self.port}")


@pytest.fixture
def rig() -> Iterator[Rigctld]:
    one = Rigctld()
    yield one
    one.down()


def keepers() -> set[int]:
    """Keepers that were started by this process or by what it started."""
    mine = {k: os.environ.get(k) for k in ("PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER")}
    found = set()
    for p in psutil.process_iter(["pid", "cmdline", "environ"]):
        if "voice.radio.ptt.keeper" in (p.info["cmdline"] or ()):
            environ = p.info["environ"] or {}
            if all(environ.get(k) == v for k, v in mine.items()):  # other workers have keepers, too
                found.add(p.info["pid"])
    return found


STATION = """
import sys, json, signal
from voice.radio.ptt import PttSettings
from voice.radio.ptt.kept import KeptPtt
ptt = KeptPtt(PttSettings.from_json(json.loads(sys.argv[1])), longest_s=float(sys.argv[2]))
ptt.key()
print(ptt.keeper_pid, flush=True)
signal.pause()
"""


def station(rig: Rigctld, longest_s: float = 60.0) -> tuple[subprocess.Popen[str], int]:
    """A station that has keyed, and its keeper."""
    words = [sys.executable, "-c", STATION, json.dumps(rig.settings.as_json()), str(longest_s)]
    # A process group of its own in our session: an orphaned one would not be stopped by SIGTSTP.
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, process_group=0)
    assert process.stdout is not None
    keeper = int(process.stdout.readline())
    assert rig.keyed
    return process, keeper


WHO = {
    "the station is killed": [signal.SIGKILL], "the station is stopped": [signal.SIGSTOP],
    "the station is asked to end": [signal.SIGTERM], "its terminal is closed": [signal.SIGHUP],
    "it is put into the background": [signal.SIGTSTP],
}  # fmt: skip


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("away", [False, True], ids=["rigctld there", "rigctld away meanwhile"])
def test_who_dies_and_when(rig: Rigctld, who: str, away: bool) -> None:
    process, keeper = station(rig)
    if away:
        rig.down()
    for number in WHO[who]:
        process.send_signal(number)
    if away:
        assert not until(lambda: not psutil.pid_exists(keeper), 3.0)
        assert rig.keyed and psutil.pid_exists(keeper), "it must go on trying"
        rig.up()
    try:
        assert until(lambda: not rig.keyed)
        assert until(lambda: not psutil.pid_exists(keeper) or who.endswith(("stopped", "background")))
    finally:
        process.kill()
        process.wait()
    assert until(lambda: not psutil.pid_exists(keeper))


def test_the_keeper_gets_the_signals_of_the_terminal(rig: Rigctld) -> None:
    """Ctrl-Z and Ctrl-\\ go to the whole foreground group; the keeper is not of it."""
    process, keeper = station(rig)
    assert os.getpgid(keeper) != os.getpgid(process.pid) and os.getsid(keeper) != os.getsid(process.pid)
    os.kill(keeper, signal.SIGHUP)
    assert until(lambda: not rig.keyed)
    process.kill()
    process.wait()


def test_both_are_killed_and_the_next_start_unkeys_first(rig: Rigctld) -> None:
    process, keeper = station(rig)
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    process.kill()
    process.wait()
    assert not until(lambda: not rig.keyed, 0.5), "nobody is left who could"
    with_new = KeptPtt(rig.settings)
    assert not rig.keyed
    with_new.close()


def test_a_keeper_that_is_stopped_is_replaced_in_time(rig: Rigctld) -> None:
    ptt = KeptPtt(rig.settings)
    ptt.key()
    os.kill(ptt.keeper_pid, signal.SIGSTOP)
    began = time.monotonic()
    ptt.unkey()
    assert not rig.keyed and time.monotonic() - began < 30
    ptt.key()
    ptt.close()
    assert not rig.keyed


def test_rigctld_away_while_we_unkey(rig: Rigctld) -> None:
    """The station is told; a keeper goes on; when the rig is back it is unkeyed, and may be keyed again."""
    ptt = KeptPtt(rig.settings)
    ptt.key()
    rig.down()
    with pytest.raises(PttError):
        ptt.unkey()
    with pytest.raises(PttError):
        ptt.key()
    rig.up()
    assert until(lambda: not rig.keyed)

    def keys() -> bool:
        try:
            ptt.key()
        except PttError:
            return False
        return rig.keyed

    assert until(keys)
    ptt.close()
    assert not rig.keyed


def garbage(client: socket.socket, _word: str) -> None:
    client.sendall(b"hello\n")


def drip(client: socket.socket, _word: str) -> None:
    for _ in range(200):
        client.sendall(b"R")
        real_time(0.2)


def flood(client: socket.socket, _word: str) -> None:
    while True:
        client.sendall(b"R" * 65536)


def more(client: socket.socket, _word: str) -> None:
    client.sendall(b"RPRT 0\nRPRT 0\n")


def refusal(client: socket.socket, _word: str) -> None:
    client.sendall(b"RPRT -1\n")


def silence(_client: socket.socket, _word: str) -> None:
    pass


@pytest.mark.parametrize("answer", [garbage, drip, flood, more, refusal, silence])
def test_what_is_no_answer_is_no_success_and_has_an_end(answer: Callable[[socket.socket, str], None]) -> None:
    rig = Rigctld(answer)
    began = time.monotonic()
    with pytest.raises(PttError):
        open_driver(rig.settings)
    assert time.monotonic() - began < 35, "the drops go on for 40 s"
    before = keepers()
    with pytest.raises(PttError):
        KeptPtt(rig.settings)
    rig.down()
    assert until(lambda: not keepers() - before, 20), "no keeper is left of a line that was never keyed"


class Card:
    """A sound card that plays in blocks, and hangs where it is told to."""

    def __init__(self, line: KeptPtt, hangs_after: int) -> None:
        self._line, self._left = line, hangs_after
        self.goes_on = threading.Event()

    def play(self, pcm: Pcm16) -> None:
        for _ in range(0, len(pcm), 800):
            self._line.expect(STALL_S)
            if self._left == 0:
                self.goes_on.wait(60)
            self._left -= 1
            real_time(0.1)


@pytest.mark.parametrize("hangs_after", [0, 5])
def test_sound_that_hangs_while_we_transmit_is_cut(rig: Rigctld, hangs_after: int) -> None:
    """The rest of the station lives, and its beats with it; the journal says so while the thread still hangs."""
    import numpy as np

    from voice.talk.facts import DeviceChanged

    with Journal("sqlite://") as journal:

        def cut(why: str) -> None:
            journal.append([DeviceChanged(t=1.0, what="cut", note=why)], datetime.now(UTC))

        line = KeptPtt(rig.settings, 60.0, on_cut=cut)
        card = Card(line, hangs_after)
        sender = Transmitter(line, card.play, time.monotonic)
        raised: list[Exception] = []

        def send() -> None:
            try:
                sender.send(np.ones(8 * 8000, np.int16))
            except CutOff as e:
                raised.append(e)

        thread = threading.Thread(target=send)
        thread.start()
        assert until(lambda: rig.keyed)
        assert until(lambda: not rig.keyed)
        assert until(lambda: journal.last("device") == 1)
        assert thread.is_alive()
        card.goes_on.set()
        thread.join(30)
        assert raised and "no sound has moved" in str(raised[0])
        sender2 = Transmitter(line, lambda _pcm: None, time.monotonic)
        sender2.send(np.ones(800, np.int16))  # the next one goes out
        line.close()
        assert not rig.keyed


def test_the_time_out_timer_is_a_cut_too(rig: Rigctld) -> None:
    import numpy as np

    cuts: list[str] = []
    line = KeptPtt(rig.settings, 0.5, on_cut=cuts.append)
    sender = Transmitter(line, lambda _pcm: real_time(2.0), time.monotonic)
    with pytest.raises(CutOff, match="time-out"):
        sender.send(np.ones(800, np.int16))
    assert cuts == ["the time-out timer dropped PTT"]
    line.close()
