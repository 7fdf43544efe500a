"""Sound cards: non-blocking capture, and playback that returns when the audio is out.

A card that is unplugged stops delivering blocks: after ``LOST_S`` it counts as lost, is looked up by name and reopened
with growing pauses, while the sample clock continues, so that the log is accurate about the gap.

One clock: every block is timed by the card's own clock, counted on arrival. Cards run fast or slow by about 100 ppm,
ten seconds a day; a separate clock would drift away from it.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from voice.audio import portaudio
from voice.audio.portaudio import Device, find_device
from voice.audio.source import Damage, Notice
from voice.errors import HuyingError
from voice.pcm import BLOCK, RATE, Frame, Pcm16, Seconds

LOST_S = 1.5
"""Time without a block after which the device counts as lost."""

FIRST_S = 6.0
"""Timeout for the first block: PulseAudio takes about 2 s to wake a suspended source."""

RETRY_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between attempts to reopen it; the last one repeats."""

MISSING_S = 0.02
"""A block starting this much after the end of the previous one follows a gap."""

STEP_S = 2.0
"""Timeout for writing 100 ms of audio to the card; beyond it, playback hangs."""

QUEUED_BLOCKS = 6000
"""Blocks of 100 ms buffered while a disk is slow or away: ten minutes. Further ones are dropped and counted."""


@dataclass
class CardSource:
    """A sound card as ``AudioSource``. ``notice`` is called on losses and overruns."""

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
        """From now on this card and no other, whatever number it has and whatever the default is."""
        self._blocks: queue.Queue[tuple[Seconds, Pcm16]] = queue.Queue(QUEUED_BLOCKS)
        """(time of its first sample, block)."""
        self._ended = threading.Event()
        self._deaf = self._flush = False
        self._stamp = (time.monotonic(), 0.0)
        """The machine's clock and the channel's when the latest block came."""
        self.began = self.began or datetime.now(UTC)

    def end(self) -> None:
        """Stop ``frames`` after the current one."""
        self._ended.set()

    @property
    def now(self) -> Seconds:
        """The channel's clock: the card's, plus the machine's since its last block."""
        then, heard = self._stamp
        return heard + time.monotonic() - then

    def deafen(self, on: bool) -> None:
        """Mute while we transmit: blocks are discarded, including those still queued when it is switched off."""
        self._flush = self._flush or on
        self._deaf = on

    def frames(self) -> Iterator[Frame]:
        """See AudioSource. The sample clock follows the card; during a gap, the machine's clock."""
        attempt, aside = 0, False
        while not self._ended.is_set():
            try:
                if attempt:
                    portaudio.renew(self.name, "input", attempt)
                with self._opened() as resample:
                    if attempt or aside:
                        self.notice("back", f"{self.name} is back")
                    attempt, aside = 0, False
                    yield from self._captured(resample)
                if not self._ended.is_set():
                    aside = True
                    self.notice("lost", f"{self.name} pauses while the sound devices are listed anew")
                continue
            except HuyingError as e:
                if attempt == 0:
                    self.notice("lost", str(e))
            self._ended.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += 1

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Callable[[Pcm16], Pcm16]]:
        import soxr

        sd = portaudio.sounddevice()
        rate = RATE
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

        with portaudio.stream():
            device = self._device = find_device(self.name, "input")
            rate = device.rate
            resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16") if rate != RATE else None
            with self._open(sd, device, callback):
                yield (lambda x: np.asarray(resampler.resample_chunk(x), np.int16)) if resampler else (lambda x: x)

    def _open(self, sd: Any, device: Device, callback: Any) -> Any:
        try:
            return sd.RawInputStream(
                samplerate=device.rate,
                blocksize=device.rate // 10,
                device=device.index,
                channels=1,
                dtype="int16",
                callback=callback,
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
        while not self._ended.is_set() and not portaudio.wanted_aside():
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
        """Raises HuyingError if the output does not exist."""
        self.name = find_device(wanted, "output").name
        self._failures = 0
        """In a row."""

    def play(self, pcm: Pcm16, expect: Callable[[float], None] = lambda _s: None) -> None:
        """Returns when the last sample has been played. ``expect`` is called repeatedly with the deadline of the
        next step in seconds: a hung sound server would keep this from returning. Raises HuyingError if the card is
        gone."""
        import soxr

        sd = portaudio.sounddevice()
        try:
            with portaudio.stream():
                device = find_device(self.name, "output")
                x = pcm if device.rate == RATE else np.asarray(soxr.resample(pcm, RATE, device.rate), np.int16)
                with sd.RawOutputStream(
                    samplerate=device.rate, device=device.index, channels=1, dtype="int16"
                ) as stream:
                    block, began = device.rate // 10, time.monotonic()
                    for k in range(0, len(x), block):
                        expect(STEP_S)
                        stream.write(np.ascontiguousarray(x[k : k + block]).tobytes())
                    expect(max(0.0, len(x) / device.rate - (time.monotonic() - began)) + STEP_S)
                    stream.stop()  # waits until what was written has been played
            self._failures = 0
        except (sd.PortAudioError, HuyingError) as e:
            self._failures += 1
            with contextlib.suppress(HuyingError):  # for the next attempt
                portaudio.renew(self.name, "output", self._failures)
            raise HuyingError(f"{self.name}: cannot play ({e}); is it plugged in and free?") from e
