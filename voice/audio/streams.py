"""Raw audio streams: a pipe, or UDP datagrams from an SDR program.

A live stream follows the machine's clock: gaps are filled with silence, so that time advances while the sender is idle
(with its squelch closed it sends nothing). A pipe with a given start time is a recording: its clock is its sample
count.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader
from typing import IO, Any

import numpy as np

from voice.audio.form import FORMS, USUAL, is_garbage, likely, one_side
from voice.audio.source import Damage, Notice, blocks
from voice.errors import HuyingError
from voice.pcm import RATE, Frame, Pcm16, Seconds
from voice.supervised import Supervised

UDP_RATE = 48000
"""Usual rate of SDR programs, Hz."""

UDP_WAITING = 100_000
"""Datagrams buffered; at the usual 512 to 1,400 bytes and 48 kHz at least ten minutes."""

PIECE = 1600
"""Bytes read from a pipe at a time: normally 100 ms."""

PIPE_WAITING = 6000
"""Pieces buffered; then the writer is blocked."""

UDP_WAIT_S = 0.2
PIPE_WAIT_S = 1.0
"""Silence after which the sender counts as idle. Programs write to pipes in pieces of up to half a second."""

OPENING_S = 2.0
"""Initial audio held back until sample format and rate are known."""

LOOK_S = 0.5
"""Amount of audio analysed at a time."""

PATIENCE_S = 10.0
"""Leading silence after which the sample format, undeterminable from silence, is guessed."""

DOUBTS = 6
"""Consecutive checks before a stream is reported not to look like audio."""

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
"""Plausible sample rates, Hz."""

RATE_TOLERANCE = 0.04
"""Accuracy of a rate measured over ``OPENING_S``."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Declared format of raw samples."""

    rate: int | None = None
    """Hz; None: default, or measured."""
    form: str = ""
    """One of FORMS; empty: detected, 16-bit mono until then."""
    side: str = ""
    """left or right channel of stereo; otherwise both."""


NOTHING_SAID = Raw()

Came = tuple[float, bytes]
"""(monotonic time, bytes)."""


class _Decoder:
    """Bytes → mono samples at RATE; detects and reports the sample format. Initial audio is briefly held back so
    that none is lost meanwhile."""

    def __init__(self, raw: Raw, usual: int, notice: Notice, live: bool = False, measure: bool = False) -> None:
        """``usual``: default rate in Hz; ``measure``: the default is only a guess."""
        rate = usual if raw.rate is None else raw.rate
        if rate <= 0:
            raise HuyingError(f"sample rate {rate} Hz; give --rate a positive number")
        measure = measure and raw.rate is None
        self.form = FORMS[raw.form] if raw.form else USUAL
        self._given, self._sure = bool(raw.form), bool(raw.form) and not measure
        self._side, self._notice, self._measure = raw.side, notice, measure
        self._patience_s = 0.0 if live else PATIENCE_S
        self._held = self._seen = b""
        """What waits; what was given since the last look, whole samples."""
        self._first: Came = (0.0, b"")
        """Of those that are held."""
        self._doubts = 0
        self._fed = False
        """The resampler holds something back."""
        self._set_rate(rate)

    def pcm(self, came: Came | None = None, flush: bool = False) -> Pcm16:
        """Samples available; with ``flush`` all that remain."""
        long_enough = True
        if came is not None:
            if not self._held:
                self._first = came
            self._held += came[1]
            long_enough = not self._measure or came[0] - self._first[0] >= OPENING_S
        look = self._seen + self._held
        enough = long_enough and len(look) >= LOOK_S * self.rate * self.form.width
        if enough or (flush and not self._sure):
            self._look(look)
            if self._measure and came is not None and self._sure:
                self._set_measured((len(self._held) - len(self._first[1])) / (came[0] - self._first[0]))
            self._seen = b""
        held_s = len(self._held) / (self.rate * self.form.width)
        if not (self._sure or flush or (enough and held_s >= self._patience_s)):
            return np.zeros(0, np.int16)
        whole = len(self._held) - len(self._held) % self.form.width
        mono = one_side(self.form.decode(self._held[:whole]), self._side)
        if not enough:
            self._seen += self._held[:whole]
        self._held = self._held[whole:]
        if self._resampler is None or not (self._fed or len(mono)):
            return mono
        out = np.asarray(self._resampler.resample_chunk(mono, last=flush), np.int16)
        self._fed = not flush
        if flush:  # the resampler's remainder precedes the rest
            self._set_rate(self.rate)
        return out

    def _look(self, data: bytes) -> None:
        form = self.form if self._given else likely(data, self.form)
        if form is not None and form is not self.form:
            self._notice("form", f"the samples are {form.about}, not {self.form.about}: taken so; --form overrides")
            self.form = form
        rough, shifted = is_garbage(self.form, data), is_garbage(self.form, data[1:])
        if rough and not shifted and self._sure:  # a byte was lost on the way
            self._held = self._held[1:]
        self._sure = self._sure or form is not None
        self._doubts = self._doubts + 1 if rough and shifted else 0
        if self._doubts == DOUBTS:
            forms = ", ".join(FORMS)
            self._notice("form", f"this is no {self.form.about} sound of a radio; check --form ({forms}) and --rate")

    def _set_measured(self, bytes_s: float) -> None:
        self._measure = False
        came = bytes_s / self.form.width
        near = min(RATES, key=lambda r: abs(r - came))
        if near != self.rate and abs(near - came) < RATE_TOLERANCE * came:
            self._notice("form", f"{near} samples a second come, not {self.rate}: taken so; --rate overrides")
            self._set_rate(near)

    def _set_rate(self, rate: int) -> None:
        import soxr

        self.rate = rate
        self._resampler: Any = soxr.ResampleStream(rate, RATE, 1, dtype="int16") if rate != RATE else None


@dataclass(slots=True)
class RawStream:
    """Raw samples on a pipe, for example from ``rtl_fm``."""

    stream: IO[bytes]
    raw: Raw = NOTHING_SAID
    name: str = "-"
    began: datetime | None = None
    live: bool = False
    """Live: clock of the machine, with ``began`` now."""
    notice: Notice = lambda _kind, _text: None
    duration: Seconds | None = None
    damage: Damage = field(default_factory=Damage)
    ended: bool = False
    """Set: end of the stream."""
    _zero: float = 0.0
    _waiting: queue.Queue[Came | None] | None = None
    """Read-ahead buffer; one thread reads the pipe, however often it is listened to."""

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """Restart after a failure: a live stream's clock restarts too."""
        if self.live:
            self.began, self._zero = datetime.now(UTC), time.monotonic()

    def frames(self) -> Iterator[Frame]:
        """See AudioSource; ends with the stream."""
        decoder = _Decoder(self.raw, RATE, self.notice, self.live)
        if self.live:
            if self._waiting is None:
                self._waiting = queue.Queue(PIPE_WAITING)
                read = partial(self._read, self._waiting)
                Supervised(f"reading {self.name}", read, partial(self.notice, "lost"), lambda: self.ended)
            yield from blocks(_clocked(self._waiting, decoder, self._zero, PIPE_WAIT_S, self))
        else:
            yield from blocks(self._parts(decoder))

    def _parts(self, decoder: _Decoder) -> Iterator[Pcm16]:
        while not self.ended and (data := self.stream.read(PIECE)):
            yield decoder.pcm((0.0, data))
        yield decoder.pcm(flush=True)

    def _read(self, waiting: queue.Queue[Came | None]) -> None:
        try:
            # Unbuffered: a thread blocked in the buffer would hold its lock when the program exits.
            read = (lambda n: os.read(self.stream.fileno(), n)) if isinstance(self.stream, BufferedReader) else None
            while not self.ended and (data := (read or self.stream.read)(PIECE)):
                waiting.put((time.monotonic(), data))
        except (OSError, ValueError) as e:  # closed, and cannot be reopened
            if not self.ended:
                self.notice("lost", f"{self.name} cannot be read any more ({e}); the sound ends here")
        waiting.put(None)


@dataclass(slots=True)
class UdpStream:
    """Raw samples in UDP datagrams, as sent by SDR programs."""

    port: int
    host: str = "127.0.0.1"
    raw: Raw = NOTHING_SAID
    name: str = ""
    notice: Notice = lambda _kind, _text: None
    began: datetime | None = None
    duration: Seconds | None = None
    damage: Damage = field(default_factory=Damage)
    ended: bool = False
    _zero: float = 0.0
    _socket: socket.socket | None = None

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """Restart after a failure: the clock restarts too."""
        self.began, self._zero = datetime.now(UTC), time.monotonic()

    def open(self) -> None:
        """Bind the port before anything is logged. Raises HuyingError if it is in use."""
        if self._socket is not None:
            return
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            s.bind((self.host, self.port))
        except OSError as e:
            s.close()
            raise HuyingError(f"UDP {self.host}:{self.port} cannot be listened to ({e}); is it in use?") from e
        s.settimeout(UDP_WAIT_S)
        self._socket = s

    def frames(self) -> Iterator[Frame]:
        """See AudioSource; until ``ended`` is set. Raises HuyingError if the port is in use."""
        yield from blocks(self._parts())

    def _parts(self) -> Iterator[Pcm16]:
        decoder = _Decoder(self.raw, UDP_RATE, self.notice, live=True, measure=True)
        self.open()
        assert self._socket is not None
        with self._socket as s:
            self._socket = None
            waiting: queue.Queue[Came | None] = queue.Queue()
            done = threading.Event()
            receive, told = partial(self._receive, s, waiting, done), partial(self.notice, "lost")
            receiver = Supervised(f"receiving UDP {self.port}", receive, told, done.is_set)
            try:
                yield from _clocked(waiting, decoder, self._zero, UDP_WAIT_S, self)
            finally:  # the port is released by then
                done.set()
                receiver.join()

    def _receive(self, s: socket.socket, waiting: queue.Queue[Came | None], done: threading.Event) -> None:
        """Received data is buffered in memory rather than the system's small buffer while the consumer is slow."""
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                data = s.recv(65536)
                if waiting.qsize() < UDP_WAITING:
                    waiting.put((time.monotonic(), data))
                else:
                    self.damage.lost += 1


def _clocked(
    waiting: queue.Queue[Came | None], decoder: _Decoder, zero: float, rest_s: Seconds, stream: RawStream | UdpStream
) -> Iterator[Pcm16]:
    """Received data, with silence up to the machine's clock after ``rest_s`` without any. ``zero``: monotonic time
    of the first sample."""
    given = 0
    while not stream.ended:
        item: Came | None = (0.0, b"")
        with contextlib.suppress(queue.Empty):
            item = waiting.get(timeout=rest_s)
        if item is None:
            break
        came, data = item
        parts = [decoder.pcm(item if data else None, flush=not data)]
        if not data or not given:  # up to now, or up to the first sound
            until = round(((came if data else time.monotonic()) - zero) * RATE)
            silence = np.zeros(max(0, until - given - len(parts[0])), np.int16)
            parts = [silence, *parts] if data else [*parts, silence]
        for part in parts:
            given += len(part)
            yield part
    yield decoder.pcm(flush=True)
