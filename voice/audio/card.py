"""Sound cards through PortAudio: capture that never blocks, playback that returns when the sound is out.

``sounddevice`` needs PortAudio when it is imported, so it is imported only here and only when used; a replay
runs without it. A card that is unplugged gives no more blocks: after ``LOST_S`` it counts as lost, is opened
again with growing pauses, and the sample clock goes on meanwhile, so the log stays honest about the gap.

One clock: every block carries its time on the card's own clock, counted where it comes in. Cards run fast or slow by
some 100 ppm, ten seconds a day; a clock beside the card's would part from it.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from voice.audio.pcm import BLOCK, RATE, Frame, Pcm16, Seconds
from voice.audio.source import Damage
from voice.errors import HuyingError

LOST_S = 1.5
"""Without a block for so long, the device is lost."""

FIRST_S = 6.0
"""The first block may take so long: PulseAudio wakes a suspended source in about 2 s."""

RETRY_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between attempts to open it again; the last one repeats."""

MISSING_S = 0.02
"""A block that begins so much later than the one before has ended comes after a gap."""

QUEUED_BLOCKS = 6000
"""Blocks of 100 ms that may wait, for a disk that is slow or away: ten minutes. More are counted and lost."""

Kind = Literal["input", "output"]
Notice = Callable[[str, str], None]
"""(``lost``, ``back`` or ``overrun``; words for people)."""


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int
    """Hz, the one it likes."""


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as e:
        raise HuyingError("sounddevice is missing; pip install 'huying[live]'") from e
    except OSError as e:
        raise HuyingError(f"PortAudio is missing ({e}); on Debian: apt install libportaudio2") from e
    return sounddevice


def devices() -> list[Device]:
    """All devices of this machine. Raises HuyingError without PortAudio."""
    return [
        Device(int(d["index"]), str(d["name"]), int(d["max_input_channels"]), int(d["max_output_channels"]),
               int(d["default_samplerate"]))
        for d in _sounddevice().query_devices()
    ]  # fmt: skip


def find_device(name: str, kind: Kind) -> Device:
    """By number, name or part of a name; the system's default for an empty one. Raises HuyingError."""
    usable = [d for d in devices() if (d.inputs if kind == "input" else d.outputs) > 0]
    if not usable:
        raise HuyingError(f"no sound {kind} on this machine; plug in a card, see “huying devices”")
    if not name:
        default = _sounddevice().default.device[0 if kind == "input" else 1]
        return next((d for d in usable if d.index == default), usable[0])
    if name.isdigit():
        hits = [d for d in usable if d.index == int(name)]
    else:
        hits = [d for d in usable if d.name == name] or [d for d in usable if name.lower() in d.name.lower()]
    if len(hits) == 1:
        return hits[0]
    there = "; ".join(f"{d.index} {d.name}" for d in hits or usable)
    what = "is the name of several" if hits else "no such"
    raise HuyingError(f"“{name}”: {what} sound {kind}s; there is {there}")


@dataclass
class CardSource:
    """A sound card as ``AudioSource``. ``notice`` is told of losses and overruns."""

    wanted: str
    notice: Notice = lambda _k, _t: None
    name: str = ""
    began: datetime | None = None
    duration: Seconds | None = None
    damage: Damage = field(default_factory=Damage)
    overruns: int = 0

    def __post_init__(self) -> None:
        self._device = find_device(self.wanted, "input")
        self.name = self._device.name
        self._blocks: queue.Queue[tuple[Seconds, Pcm16]] = queue.Queue(QUEUED_BLOCKS)
        """(time of its first sample, block)."""
        self._ended = threading.Event()
        self._deaf = self._flush = False
        self._stamp = (time.monotonic(), 0.0)
        """The machine's clock and the channel's when the latest block came."""
        self.began = self.began or datetime.now(UTC)

    def end(self) -> None:
        """``frames`` stops after the present one."""
        self._ended.set()

    @property
    def now(self) -> Seconds:
        """The channel's clock: the card's, and the machine's since its last block."""
        then, heard = self._stamp
        return heard + time.monotonic() - then

    def deafen(self, on: bool) -> None:
        """While on, blocks are thrown away, and what is still queued when it goes off: we were transmitting."""
        self._flush = self._flush or on
        self._deaf = on

    def frames(self) -> Iterator[Frame]:
        """See AudioSource. The sample clock follows the card; over a gap it follows the machine's clock."""
        attempt = 0
        while not self._ended.is_set():
            try:
                with self._opened() as resample:
                    if attempt:
                        self.notice("back", f"{self.name} is back")
                    attempt = 0
                    yield from self._captured(resample)
            except HuyingError as e:
                if attempt == 0:
                    self.notice("lost", str(e))
            if not self._ended.is_set():
                self._ended.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Callable[[Pcm16], Pcm16]]:
        import soxr

        sd = _sounddevice()
        device = self._device = find_device(self.wanted, "input")
        rate = device.rate
        self._empty()  # what was still there when the card was lost is older than the gap
        begun = False

        def callback(data: Any, frames: int, _time: object, status: Any) -> None:
            nonlocal begun
            length = frames / rate
            start = self._stamp[1] if begun else max(self._stamp[1], self.now - length)
            begun = True
            self._stamp = (time.monotonic(), start + length)
            if self._deaf:
                return
            block = np.frombuffer(bytes(data), np.int16)
            if status.input_overflow:
                self._count_overrun()
            with contextlib.suppress(queue.Full):
                self._blocks.put_nowait((start, block))
                return
            self._count_overrun()

        stream = self._open(sd, device, rate, callback)
        resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16") if rate != RATE else None
        with stream:
            yield (lambda x: np.asarray(resampler.resample_chunk(x), np.int16)) if resampler else (lambda x: x)

    def _open(self, sd: Any, device: Device, rate: int, callback: Any) -> Any:
        try:
            return sd.RawInputStream(
                samplerate=rate, blocksize=rate // 10, device=device.index, channels=1, dtype="int16", callback=callback
            )
        except sd.PortAudioError as e:
            raise HuyingError(f"{device.name}: cannot be opened ({e}); is another program using it?") from e

    def _count_overrun(self) -> None:
        self.overruns += 1
        if self.overruns == 1 or self.overruns % 100 == 0:
            self.notice("overrun", f"{self.overruns} blocks of {self.name} were lost: this machine is too busy")

    def _captured(self, resample: Callable[[Pcm16], Pcm16]) -> Iterator[Frame]:
        rest = np.zeros(0, np.int16)
        at, expected = 0, -1.0
        patience = FIRST_S
        while not self._ended.is_set():
            try:
                start, block = self._blocks.get(timeout=patience)
                patience = LOST_S
            except queue.Empty as e:
                raise HuyingError(f"{self.name} gives no more sound; was it unplugged?") from e
            if self._flush:
                self._flush = False
                self._empty()
                continue
            if expected < 0 or start - expected > MISSING_S:  # the first one; we transmitted; blocks were lost
                at, rest = max(at, round(start * RATE)), rest[:0]
            expected = start + len(block) / self._device.rate
            rest = np.concatenate([rest, resample(block)])
            while len(rest) >= BLOCK:
                yield Frame(at, rest[:BLOCK])
                at += BLOCK
                rest = rest[BLOCK:]

    def _empty(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._blocks.get_nowait()


class CardSink:
    """A sound card that plays announcements."""

    def __init__(self, wanted: str) -> None:
        """Raises HuyingError if there is no such output."""
        self.device = find_device(wanted, "output")

    def play(self, pcm: Pcm16) -> None:
        """Return when the last sample has left. Raises HuyingError when the card is gone."""
        import soxr

        sd = _sounddevice()
        rate = self.device.rate
        x = pcm if rate == RATE else np.asarray(soxr.resample(pcm, RATE, rate), np.int16)
        try:
            with sd.RawOutputStream(samplerate=rate, device=self.device.index, channels=1, dtype="int16") as stream:
                stream.write(np.ascontiguousarray(x).tobytes())
                stream.stop()  # waits until what was written has been played
        except sd.PortAudioError as e:
            raise HuyingError(f"{self.device.name}: cannot play ({e}); is it plugged in and free?") from e
