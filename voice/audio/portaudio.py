"""Sound devices of this machine, through PortAudio.

``sounddevice`` needs PortAudio on import, so it is imported only here and only when used; a replay works without it.
PortAudio lists devices once, at initialisation (sounddevice#125, portaudio#11): a card plugged in later, or back under
another number, is missing. Reinitialising requires all streams to be closed. A caller waiting for a card therefore
first asks a new process (``renew``), and only if that sees a device which this process does not, are this process's
streams closed for a moment.
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

Direction = Literal["input", "output"]

ASIDE_S = 3.0
"""Wait for other streams of this process to close, s; one playing an announcement keeps its device."""

LISTING_S = 20.0
"""Timeout for a new process to list the devices."""

_HARDWARE = re.compile(r"\s*\(hw:\d+,\d+\)$")
"""Suffix added by ALSA: the number assigned to the card."""


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int
    """Default rate, Hz."""


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
    """Coordinates the process's streams with reinitialisation while none is open."""

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
        """Skipped if a stream stays open too long: the waiting caller retries."""
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
"""Context for any use of PortAudio: prevents reinitialisation meanwhile."""


def wanted_aside() -> bool:
    """Somebody waits to reinitialise: close the stream and reopen it in ``stream``."""
    return _turns.renewing


def devices() -> list[Device]:
    """Devices found when PortAudio was initialised. Raises HuyingError without PortAudio."""
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
    """Devices present now, except those in use. Raises HuyingError."""
    try:
        told = subprocess.run(
            [sys.executable, "-m", "voice.audio.portaudio"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LISTING_S,
            check=True,
        )
        return [Device(**d) for d in json.loads(told.stdout.splitlines()[-1])]
    except subprocess.CalledProcessError as e:
        reason = (e.stderr.strip().splitlines() or ["it failed"])[-1]
        raise HuyingError(f"the sound devices cannot be listed: {reason}") from e
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as e:
        raise HuyingError(f"the sound devices cannot be listed ({e})") from e


def renew(name: str, kind: Direction, failures: int) -> None:
    """Reinitialise if a device is present now whose name is missing from the list (ALSA names contain the card
    number). Elsewhere a replugged card keeps its name and its list entry is stale: there the list is renewed anyway
    after ``failures`` = 2, 4, 8, 16… consecutive attempts to open it. Other streams of this process pause briefly.
    Raises HuyingError if the device is absent."""
    device = pick(devices_now(), name, kind)
    seldom = failures > 1 and failures & (failures - 1) == 0
    if seldom or device.name not in {d.name for d in devices()}:
        _turns.renew()


def find_device(name: str, kind: Direction) -> Device:
    """By number, name or part of a name; the system default if empty. Raises HuyingError."""
    found = devices()
    if not name:
        default = sounddevice().default.device[0 if kind == "input" else 1]
        usable = [d for d in found if (d.inputs if kind == "input" else d.outputs) > 0]
        name = next((d.name for d in usable if d.index == default), "")
    return pick(found, name, kind)


def pick(found: Sequence[Device], name: str, kind: Direction) -> Device:
    """As ``find_device``, among these; the first if the name is empty. A card renumbered by ALSA is found by the
    rest of its name."""
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
    if hits:
        raise HuyingError(f"“{name}” is part of the name of several sound {kind}s; give the number: {there}")
    raise HuyingError(f"no sound {kind} “{name}”; there is {there}")


if __name__ == "__main__":
    try:
        print(json.dumps([asdict(d) for d in devices()]))
    except HuyingError as problem:
        sys.exit(str(problem))
