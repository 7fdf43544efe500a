"""Carrier gate: when does somebody transmit?

A squelched receiver is quiet between overs; an open one hisses, and hiss is not speech, though every
voice activity detector says so. Each 20 ms frame is quiet, noise (flat and steady spectrum) or signal.
With a squelched channel everything that is not quiet belongs to an over; where noise has stood for
three seconds the squelch is open, and an over is what departs from that noise: speech, or the quieting
of a carrier. Squelch tails are the noise at an over's end and are cut off.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from voice.pcm import RATE, Pcm16
from voice.radio.over import Over

_Floats = npt.NDArray[np.floating]

STEP = 160
"""Samples in a frame of the gate: 20 ms."""

NOISE_RIPPLE_DB = 2.3
"""Spread of 16 band levels (100 ms mean, slope removed) under which a frame is noise. Steady noise has
about 0.9 dB, vowels 4 to 12 dB; at 5 dB signal-to-noise ratio vowels still reach 3 dB."""

QUIET_MARGIN_DB = 8.0
FLOOR_RISE_DB_S = 0.4
FIRST_FLOOR_DB = 23.0
"""The quiet floor starts at most here (RMS 14), so that a recording may begin in the middle of speech."""

OPEN_AFTER_S = 3.0
OPEN_TOLERANCE_DB = 4.0
OPENING_FRAMES = 3
MIN_SIGNAL_FRAMES = 5
"""Less than 100 ms of signal is a pop: counted, not an over."""

TAIL_MARGIN_FRAMES = 5

SEND_FRAMES = 10
"""Audio is handed on in pieces of 200 ms: the recogniser works in blocks."""

SMOOTH = 5
"""Frames of the moving means: 100 ms."""

BANDS = 16
"""From 400 to 2800 Hz: inside what every radio passes."""


def _matrices() -> tuple[_Floats, _Floats, _Floats]:
    """As matrices, because a block has few frames: the windowed Fourier transform in bins of 50 Hz, real parts before
    imaginary ones (STEP, 2·bins); from their squares to band levels (2·bins, BANDS); the part of BANDS levels in dB
    that is neither mean nor slope."""
    edges = np.linspace(8, 56, BANDS + 1).astype(int)
    bins = np.arange(edges[0], edges[-1])
    angle = 2 * np.pi * np.outer(np.arange(STEP), bins) / STEP
    transform = np.hanning(STEP)[:, None] * np.concatenate([np.cos(angle), np.sin(angle)], 1)
    band = (bins[:, None] >= edges[:-1]) & (bins[:, None] < edges[1:])
    slope = np.linspace(-1, 1, BANDS)
    rest = np.eye(BANDS) - 1 / BANDS - np.outer(slope, slope) / (slope @ slope)
    return transform.astype(np.float32), np.tile(band / np.diff(edges), (2, 1)).astype(np.float32), rest


_TRANSFORM, _BAND, _REST = _matrices()


@dataclass(frozen=True, slots=True)
class Opened:
    """A carrier came up."""

    start: float


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio of the over, in order, pre-roll first; what may be squelch tail is held back."""

    pcm: Pcm16


@dataclass(frozen=True, slots=True)
class Closed:
    """The over is complete."""

    over: Over


@dataclass(frozen=True, slots=True)
class Pop:
    """A carrier without speech (squelch pop, dead key): counted, and what was begun is void."""

    start: float
    end: float


GateEvent = Opened | Audio | Closed | Pop
_Class = Literal["quiet", "noise", "signal"]


@dataclass(slots=True)
class GateCounts:
    """What the gate has seen."""

    frames: int = 0
    pops: int = 0
    dead_frames: int = 0
    """Exact digital silence where the receiver normally hisses: it was not alive."""


class CarrierGate:
    """Feed samples with ``process``; get the events of overs. One per channel."""

    def __init__(self, hang_s: float = 0.5, preroll_s: float = 0.3, max_over_s: float = 180.0) -> None:
        self.hang = max(1, round(hang_s * RATE / STEP))
        self.max_frames = round(max_over_s * RATE / STEP)
        self.counts = GateCounts()
        self.mode: Literal["squelched", "open"] = "squelched"
        self._overs = 0
        self._rest = np.zeros(0, np.int16)
        self._before: deque[Pcm16] = deque(maxlen=max(1, round(preroll_s * RATE / STEP)) + OPENING_FRAMES)
        self._latest = np.zeros((SMOOTH - 1, BANDS + 1))
        """Bands and level of the last frames, for the moving means."""
        self._floor = FIRST_FLOOR_DB
        self._idle_level = 0.0
        self._noise_run = 0
        self._noise_level = 0.0
        self._quiet_run = 0
        self._reference = 0.0
        self._active = 0
        # of the over that is open
        self._open = False
        self._start = 0
        self._clip: list[Pcm16] = []
        self._sent = 0
        self._idle = 0
        self._last_signal = 0
        self._last_active = 0
        self._signals = 0
        self._energy = 0.0
        self._first = 0
        self._dead_run = 0

    def process(self, pcm: Pcm16) -> list[GateEvent]:
        """Samples in order, any number of them."""
        data = np.concatenate([self._rest, pcm]) if len(self._rest) else pcm
        n = len(data) // STEP
        self._rest = data[n * STEP :]
        if n == 0:
            return []
        frames = data[: n * STEP].reshape(n, STEP)
        spectrum = frames.astype(np.float32) @ _TRANSFORM
        bands = np.square(spectrum, out=spectrum) @ _BAND
        level = 10 * np.log10(bands.sum(1) / (BANDS * STEP * 0.375 * 0.5) + 1.0)
        dead = frames.max(1) == frames.min(1)
        ripple, mean = self._smoothed(bands, level)
        events: list[GateEvent] = []
        rows = zip(frames, level.tolist(), mean.tolist(), ripple.tolist(), dead.tolist(), strict=True)
        for frame, frame_level, frame_mean, frame_ripple, frame_dead in rows:
            kind = self._classify(frame_level, frame_mean, frame_ripple)
            self._frame(frame, kind, frame_level, frame_dead, events)
        return events

    def skip(self, samples: int) -> list[GateEvent]:
        """Nobody listened for so long (we transmitted, or audio was lost): the clock moves, an open over ends."""
        events = self.finish()
        self.counts.frames += round(samples / STEP)
        self._before.clear()
        self._rest = np.zeros(0, np.int16)
        self._active = self._noise_run = self._quiet_run = self._dead_run = 0
        return events

    @property
    def busy(self) -> bool:
        """A carrier is up."""
        return self._open or self._active > 0

    @property
    def floor_db(self) -> float:
        """Level above which a carrier shows, dBFS: of the quiet, or of the noise of an open squelch."""
        level = self._reference if self.mode == "open" else self._floor + QUIET_MARGIN_DB
        return level - 20 * math.log10(32768)

    def finish(self) -> list[GateEvent]:
        """The source has ended: an over that is open is closed as it stands."""
        events: list[GateEvent] = []
        if self._open:
            self._close(events, cut=False)
        return events

    @property
    def receiver_dead(self) -> bool:
        """More than a second of exact silence where there is normally noise."""
        return self._dead_run > 50

    def _smoothed(self, bands: _Floats, level: _Floats) -> tuple[_Floats, _Floats]:
        """Per frame: ripple of the spectrum (dB, slope removed) and level, both over the last SMOOTH frames."""
        now = np.column_stack([bands, level])
        if self.counts.frames == 0:  # before the first frame there was more of the same, not digital silence
            self._latest[:] = now[0]
        both = np.concatenate([self._latest, now])
        self._latest = both[len(now) :]
        mean = np.sum([both[k : k + len(now)] for k in range(SMOOTH)], 0) / SMOOTH
        ripple = 10 * np.log10(mean[:, :BANDS] + 1e-3) @ _REST
        return np.sqrt(np.square(ripple, out=ripple).sum(1) / BANDS), mean[:, BANDS]

    def _classify(self, level: float, mean: float, ripple: float) -> _Class:
        self._floor = min(max(mean, 0.0), self._floor + FLOOR_RISE_DB_S * STEP / RATE)
        if level < self._floor + QUIET_MARGIN_DB:
            return "quiet"
        return "noise" if ripple < NOISE_RIPPLE_DB else "signal"

    def _frame(self, pcm: Pcm16, kind: _Class, level: float, dead: bool, events: list[GateEvent]) -> None:
        self.counts.frames += 1
        at = self.counts.frames - 1
        self._noise_run = self._noise_run + 1 if kind == "noise" else 0
        self._quiet_run = self._quiet_run + 1 if kind == "quiet" else 0
        if kind == "noise":
            self._noise_level += (level - self._noise_level) / min(self._noise_run, 50)
        limit = OPEN_AFTER_S * RATE / STEP
        if self._noise_run == limit:
            self.mode, self._reference = "open", self._noise_level
            if self._open:
                self._close(events, cut=False)
        elif self._quiet_run == limit:
            self.mode = "squelched"
            if self._open:
                self._close(events, cut=False)
        if self.mode == "open" and self._noise_run > limit:
            self._reference = self._noise_level

        if self.mode == "open":
            active = not (kind == "noise" and abs(level - self._reference) < OPEN_TOLERANCE_DB)
        else:
            active = kind != "quiet"
        if not active:
            self._idle_level += (level - self._idle_level) * 0.01
            alive = not dead or self._idle_level < 1.0
            self._dead_run = 0 if alive else self._dead_run + 1
            self.counts.dead_frames += not alive
        else:
            self._dead_run = 0

        if not self._open:
            self._before.append(pcm)
            self._active = self._active + 1 if active else 0
            if self._active >= OPENING_FRAMES:
                self._begin(at - OPENING_FRAMES + 1, events)
                self._last_active = at
                self._note(kind, at, level)
            return
        self._clip.append(pcm)
        self._note(kind, at, level)
        if active:
            self._idle, self._last_active = 0, at
        else:
            self._idle += 1
        self._send(events)
        if self._idle >= self.hang:
            self._close(events, cut=False)
        elif len(self._clip) >= self.max_frames:
            self._close(events, cut=True)

    def _note(self, kind: _Class, at: int, level: float) -> None:
        if kind == "signal":
            self._last_signal = at
            self._signals += 1
            self._energy += 10 ** (level / 10)

    def _begin(self, at: int, events: list[GateEvent]) -> None:
        self._open, self._start = True, at
        self._clip = list(self._before)
        self._before.clear()
        self._sent = self._idle = self._signals = 0
        self._energy = 0.0
        self._last_signal = at
        self._active = 0
        events.append(Opened(at * STEP / RATE))
        self._first = self.counts.frames - len(self._clip)

    def _send(self, events: list[GateEvent]) -> None:
        """Hand on what is surely not tail: up to the last signal and a little more."""
        ready = min(len(self._clip), self._last_signal - self._first + 1 + TAIL_MARGIN_FRAMES)
        if self._signals and ready >= self._sent + (SEND_FRAMES if self._open else 1):
            events.append(Audio(np.concatenate(self._clip[self._sent : ready])))
            self._sent = ready

    def _close(self, events: list[GateEvent], cut: bool) -> None:
        self._open = False
        self._send(events)
        clip = self._clip[: self._sent]
        self._clip = []
        end = min(self._last_signal, self._last_active) + 1
        if self._signals < MIN_SIGNAL_FRAMES or not clip:
            self.counts.pops += 1
            events.append(Pop(self._start * STEP / RATE, end * STEP / RATE))
            return
        self._overs += 1
        level = 10 * np.log10(self._energy / self._signals) - 90.3
        events.append(
            Closed(
                Over(
                    self._overs,
                    self._start * STEP / RATE,
                    max(end, self._start + 1) * STEP / RATE,
                    np.concatenate(clip),
                    self._first * STEP / RATE,
                    round(float(level), 1),
                    cut,
                )
            )
        )
