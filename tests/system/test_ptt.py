"""The push-to-talk line: real rigctld, a real pseudo-terminal, real kills. After every way out PTT is off."""

from __future__ import annotations

import errno
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from tests.helpers.rig import Rig
from tests.helpers.waiting import real_time, until
from voice.radio.ptt import DRIVERS, PttError, PttSettings, open_driver
from voice.radio.ptt.cm108 import report
from voice.radio.ptt.kept import KeptPtt

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals and signals of POSIX")


def test_key_and_unkey(rig: Rig) -> None:
    ptt = KeptPtt(rig.settings)
    assert not rig.keyed
    ptt.key()
    assert rig.keyed and ptt.keyed
    ptt.unkey()
    assert not rig.keyed
    ptt.key()
    ptt.close()
    assert not rig.keyed


STATION = """
import sys, json, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background have it ignored
from voice.radio.ptt import PttSettings
from voice.radio.ptt.kept import KeptPtt
ptt = KeptPtt(PttSettings.from_json(json.loads(sys.argv[1])), longest_s=float(sys.argv[2]))
ptt.key()
print("on the air", flush=True)
signal.pause()
"""


def station(rig: Rig, longest_s: float = 30.0) -> subprocess.Popen[str]:
    """A station that has keyed and then does nothing more."""
    settings = json.dumps(rig.settings.as_json())
    process = subprocess.Popen(
        [sys.executable, "-c", STATION, settings, str(longest_s)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "on the air\n"
    assert rig.keyed
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ptt_drops_when_the_station_dies(rig: Rig, number: signal.Signals) -> None:
    process = station(rig)
    process.send_signal(number)
    assert until(lambda: not rig.keyed)
    process.wait()


def test_ptt_drops_when_the_station_hangs(rig: Rig) -> None:
    process = station(rig)
    process.send_signal(signal.SIGSTOP)
    assert until(lambda: not rig.keyed)
    process.kill()
    process.wait()


def test_time_out_timer_is_a_hard_limit(rig: Rig) -> None:
    told: list[str] = []
    ptt = KeptPtt(rig.settings, longest_s=0.7, on_fault=told.append)
    ptt.key()
    real_time(0.3)
    ptt.key()  # keying again does not buy more time
    assert rig.keyed
    assert until(lambda: not rig.keyed)
    assert until(lambda: told == ["the time-out timer dropped PTT"] and not ptt.keyed)
    ptt.key()
    assert rig.keyed
    ptt.close()


def test_keeper_that_is_killed_is_replaced_and_the_line_dropped(rig: Rig) -> None:
    told: list[str] = []
    ptt = KeptPtt(rig.settings, on_fault=told.append)
    ptt.key()
    os.kill(ptt.keeper_pid, signal.SIGKILL)
    assert until(lambda: not rig.keyed)
    assert told == ["the PTT keeper ended"]
    ptt.key()
    assert rig.keyed
    ptt.close()
    assert not rig.keyed


def test_a_keeper_that_has_ended_meanwhile_is_replaced_before_it_is_needed(rig: Rig) -> None:
    told: list[str] = []
    ptt = KeptPtt(rig.settings, on_fault=told.append)
    os.kill(ptt.keeper_pid, signal.SIGKILL)
    assert until(lambda: told == ["the PTT keeper ended"])
    ptt.key()
    assert rig.keyed
    ptt.close()
    assert not rig.keyed


def test_rigctld_that_goes_away_and_comes_back(rig: Rig) -> None:
    driver = open_driver(rig.settings)
    driver.key()
    rig.stop()
    with pytest.raises(PttError, match="does not answer"):
        driver.unkey()
    rig.start()
    driver.unkey()
    driver.key()
    assert rig.keyed
    driver.close()
    assert not rig.keyed


def test_nobody_at_the_port() -> None:
    with pytest.raises(PttError, match="start it"):
        KeptPtt(PttSettings("rigctld", "127.0.0.1:1"))


class Lines:
    """Records what pyserial asks of the modem-control lines: a pseudo-terminal has none of its own."""

    RTS, DTR = 0x004, 0x002

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import fcntl
        import termios

        self.log: list[tuple[str, str]] = []
        self.gone = False
        """The adapter was unplugged."""
        real: Callable[..., object] = fcntl.ioctl
        names = {termios.TIOCMBIS: True, termios.TIOCMBIC: False}

        def ioctl(fd: int, request: int, *args: object) -> object:
            if request in names and args and isinstance(args[0], bytes):
                if self.gone:
                    raise OSError(errno.EIO, "Input/output error")
                (bits,) = struct.unpack("I", args[0])
                for name, bit in (("RTS", self.RTS), ("DTR", self.DTR)):
                    if bits & bit:
                        self.log.append((name, "high" if names[request] else "low"))
                return 0
            return real(fd, request, *args)

        monkeypatch.setattr(fcntl, "ioctl", ioctl)


@pytest.mark.parametrize("line, other", [("RTS", "DTR"), ("DTR", "RTS")])
def test_serial_port_is_opened_with_both_lines_low(monkeypatch: pytest.MonkeyPatch, line: str, other: str) -> None:
    import termios

    lines = Lines(monkeypatch)
    far, near = os.openpty()
    driver = open_driver(PttSettings("serial", os.ttyname(near), line))
    assert {level for _, level in lines.log} == {"low"} and {name for name, _ in lines.log} == {"RTS", "DTR"}
    assert termios.tcgetattr(near)[2] & termios.HUPCL, "the system drops the lines when the process dies"
    lines.log.clear()
    driver.key()
    assert lines.log == [(line, "high")]
    driver.unkey()
    assert lines.log[-1] == (line, "low")
    driver.key()
    driver.close()
    assert (line, "low") in lines.log[-3:] and (other, "high") not in lines.log
    os.close(far)


def test_a_serial_adapter_that_vanishes_while_keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be unkeyed any more (without power its lines are low); the port is given back, to be opened again."""
    lines = Lines(monkeypatch)
    _, near = os.openpty()
    settings = PttSettings("serial", os.ttyname(near), "RTS")
    driver = open_driver(settings)
    driver.key()
    lines.gone = True
    held = psutil.Process().num_fds()
    for act in (driver.unkey, driver.close):
        with pytest.raises(PttError, match="unplugged"):
            act()
    assert psutil.Process().num_fds() < held
    lines.gone = False
    lines.log.clear()
    again = open_driver(settings)
    assert lines.log and {level for _, level in lines.log} == {"low"}
    again.close()


def test_inverted_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(monkeypatch)
    _, near = os.openpty()
    driver = open_driver(PttSettings("serial", os.ttyname(near), "RTS", inverted=True))
    assert ("RTS", "high") in lines.log and ("RTS", "low") not in lines.log
    driver.key()
    assert lines.log[-1] == ("RTS", "low")


@pytest.mark.parametrize(
    "settings, says",
    [
        (PttSettings("serial", "/dev/no-such-port"), "dialout"),
        (PttSettings("serial", ""), "name the port"),
        (PttSettings("serial", "/dev/null", "CTS"), "RTS or DTR"),
        (PttSettings("cm108", "/dev/no-hidraw"), "udev"),
        (PttSettings("cm108", "", "9"), "1 to 8"),
        (PttSettings("gpio", "/dev/no-chip", "17"), "gpioinfo"),
        (PttSettings("gpio", "", "x"), "number"),
        (PttSettings("rigctld", "host:rig"), "host:port"),
        (PttSettings("magic"), "choose one of"),
    ],
)
def test_settings_that_cannot_work_say_why(settings: PttSettings, says: str) -> None:
    with pytest.raises(PttError, match=says):
        open_driver(settings)


def test_vox_has_no_line() -> None:
    ptt = KeptPtt(PttSettings("none"))
    ptt.key()
    ptt.unkey()
    ptt.close()
    assert "none" in DRIVERS


def test_cm108_report() -> None:
    assert report(1 << 2, high=True) == bytes((0, 0, 4, 4, 0)) and report(1 << 2, high=False) == bytes((0, 0, 0, 4, 0))
