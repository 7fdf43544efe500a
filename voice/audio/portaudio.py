"""The sound devices of this machine, through PortAudio.

``sounddevice`` needs PortAudio when it is imported, so it is imported only here and only when used; a replay runs
without it. PortAudio lists the devices when it starts and never again (sounddevice#125, portaudio#11): a card that was
plugged in later, or came back under another number, is not there. To start it again all its streams must be closed. So
whoever waits for a card asks a new process first (``renew``), and only if that one sees what this one does not, the
streams of this process step aside for a moment.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from voice.errors import HuyingError
from voice.places import install

Kind = Literal["input", "output"]

ASIDE_S = 3.0
"""Wait for this process's other streams to close, s; one that plays an announcement keeps its device."""

LISTING_S = 20.0
"""A new process may take so long to list the devices."""

_HARDWARE = re.compile(r"\s*\(hw:\d+,\d+\)$")
"""What ALSA appends to a name: the number under which the card was found."""


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int
    """Hz, the one it likes."""


def sounddevice() -> Any:
    """The module. Raises HuyingError if it or PortAudio is missing."""
    try:
        import sounddevice as found
    except ImportError as e:
        raise HuyingError(f"sounddevice is missing; {install('live')}") from e
    except OSError as e:
        raise HuyingError(f"PortAudio is missing ({e}); on Debian: apt install libportaudio2") from e
    return found


class _Turns:
    """Streams of this process, and who makes the list anew while none is open."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._streams = 0
        self._renewing = False
        self._here = threading.local()
        """How many of them this thread has."""

    @contextlib.contextmanager
    def stream(self) -> Iterator[None]:
        own = getattr(self._here, "streams", 0)
        with self._turn:
            self._turn.wait_for(lambda: own > 0 or not self._renewing)
            self._streams += 1
        self._here.streams = own + 1
        try:
            yield
        finally:
            self._here.streams = own
            with self._turn:
                self._streams -= 1
                self._turn.notify_all()

    @property
    def renewing(self) -> bool:
        return self._renewing

    def renew(self) -> None:
        """Unless a stream stays open for too long: whoever waits for a card tries again."""
        with self._turn:
            if self._renewing:
                self._turn.wait_for(lambda: not self._renewing, ASIDE_S)
                return
            self._renewing = True
            try:
                if self._turn.wait_for(lambda: self._streams == 0, ASIDE_S):
                    library = sounddevice()
                    library._terminate()
                    library._initialize()
            finally:
                self._renewing = False
                self._turn.notify_all()


_turns = _Turns()

stream = _turns.stream
"""Context of everything that uses PortAudio: it does not start again meanwhile."""


def wanted_aside() -> bool:
    """Somebody waits to make the list anew: close the stream, and open it again in ``stream``."""
    return _turns.renewing


def devices() -> list[Device]:
    """All devices that PortAudio found when it started. Raises HuyingError without PortAudio."""
    library = sounddevice()
    with stream():
        return [
            Device(
                int(d["index"]),
                str(d["name"]),
                int(d["max_input_channels"]),
                int(d["max_output_channels"]),
                int(d["default_samplerate"]),
            )
            for d in library.query_devices()
        ]


def devices_now() -> list[Device]:
    """All devices that are there at present, but for those that are in use. Raises HuyingError."""
    try:
        told = subprocess.run(
            [sys.executable, "-m", "voice.audio.portaudio"],
            capture_output=True,
            text=True,
            timeout=LISTING_S,
            check=True,
        )
        return [Device(**d) for d in json.loads(told.stdout.splitlines()[-1])]
    except subprocess.CalledProcessError as e:
        reason = (e.stderr.strip().splitlines() or ["it failed"])[-1]
        raise HuyingError(f"the sound devices cannot be listed: {reason}") from e
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as e:
        raise HuyingError(f"the sound devices cannot be listed ({e})") from e


def renew(name: str, kind: Kind, failures: int) -> None:
    """Make the list anew if a device is there now whose name the list lacks (ALSA's names hold the card's number).
    Elsewhere a card that was plugged in again has its old name, and the list's entry is dead: after ``failures`` = 2,
    4, 8, 16… attempts to open it in a row the list is made anew all the same. The other streams of this process pause
    for a moment then. Raises HuyingError if the device is not there."""
    device = pick(devices_now(), name, kind)
    seldom = failures > 1 and failures & (failures - 1) == 0
    if seldom or device.name not in {d.name for d in devices()}:
        _turns.renew()


def find_device(name: str, kind: Kind) -> Device:
    """By number, name or part of a name; the system's default for an empty one. Raises HuyingError."""
    found = devices()
    if not name:
        default = sounddevice().default.device[0 if kind == "input" else 1]
        usable = [d for d in found if (d.inputs if kind == "input" else d.outputs) > 0]
        name = next((d.name for d in usable if d.index == default), "")
    return pick(found, name, kind)


def pick(found: Sequence[Device], name: str, kind: Kind) -> Device:
    """As ``find_device``, out of these; the first one for an empty name. A card that ALSA has numbered anew is
    found by the rest of its name."""
    usable = [d for d in found if (d.inputs if kind == "input" else d.outputs) > 0]
    if not usable:
        raise HuyingError(f"no sound {kind} on this machine; plug in a card, see “huying devices”")
    if not name:
        return usable[0]
    if name.isdigit():
        hits = [d for d in usable if d.index == int(name)]
    else:
        base = _HARDWARE.sub("", name)
        hits = (
            [d for d in usable if d.name == name]
            or [d for d in usable if name.lower() in d.name.lower()]
            or [d for d in usable if base != name and _HARDWARE.sub("", d.name) == base]
        )
    if len(hits) == 1:
        return hits[0]
    there = "; ".join(f"{d.index} {d.name}" for d in hits or usable)
    what = "is the name of several" if hits else "no such"
    raise HuyingError(f"“{name}”: {what} sound {kind}s; there is {there}")


if __name__ == "__main__":
    try:
        print(json.dumps([asdict(d) for d in devices()]))
    except HuyingError as problem:
        sys.exit(str(problem))
