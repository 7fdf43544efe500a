"""Carrier gate: detects transmissions.

A squelched receiver is quiet between overs; an open one hisses, and voice activity detectors take hiss for speech. Each
20 ms frame is classed as quiet, noise (flat and steady spectrum) or signal. On a squelched channel everything that is
not quiet belongs to an over. On a channel with standing noise (see ``standing``), an over is a departure from that
noise: speech, or the quieting of a carrier. Standing noise may be recognised only after a spurious over has begun: that
over is voided and its frames are processed again. A squelch tail is the noise at the end of an over and is cut off.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voice.pcm import RATE, Pcm16
from voice.radio.over import Over
from voice.radio.spectrum import FULL_SCALE_DB, STEP, Look, Spectrum
from voice.radio.standing import NOISE_RIPPLE_DB, StandingCarrier

QUIET_MARGIN_DB = 8.0
FLOOR_RISE_DB_S = 0.4
FIRST_FLOOR_DB = 23.0
"""Initial upper limit of the quiet floor (RMS 14), so that a recording may begin during speech."""

OPEN_AFTER_S = 3.0
OPEN_TOLERANCE_DB = 4.0
OPENING_FRAMES = 3
MIN_SIGNAL_FRAMES = 5
"""Less than 100 ms of signal is a pop: counted, not an over."""

TAIL_MARGIN_FRAMES = 5

SEND_FRAMES = 10
"""Audio is passed on in pieces of 200 ms: the recogniser works in blocks."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A carrier came up."""

    start: float


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio of the over in order, pre-roll first; possible squelch tail is held back."""

    pcm: Pcm16


@dataclass(frozen=True, slots=True)
class Closed:
    """The over is complete."""

    over: Over


@dataclass(frozen=True, slots=True)
class Pop:
    """A carrier without speech (squelch pop, dead key): counted; the over begun is void."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Void:
    """The over begun was channel noise. Its audio is processed again and may form other overs."""

    start: float


GateEvent = Opened | Audio | Closed | Pop | Void
_Class = Literal["quiet", "noise", "signal"]


@dataclass(slots=True)
class GateCounts:
    """Statistics of the gate."""

    frames: int = 0
    pops: int = 0
    dead_frames: int = 0
    """Exact digital silence where the receiver normally hisses: it was dead."""

    open_frames: int = 0
    """Standing noise was present between transmissions."""

    open_db: float = 0.0
    """Mean level of that noise, dBFS."""

    loudest_db: float = -100.0
    """Level of the loudest frame, dBFS."""


class CarrierGate:
    """Feed samples to ``process``; it returns the events of overs. One per channel."""

    def __init__(
        self, hang_s: float = 0.5, preroll_s: float = 0.3, max_over_s: float = 180.0, clear: bool = False
    ) -> None:
        """``clear``: the channel is known to be clear before the first sample, as before a recorder's call."""
        self.hang = max(1, round(hang_s * RATE / STEP))
        self.max_frames = round(max_over_s * RATE / STEP)
        self.counts = GateCounts()
        self.mode: Literal["squelched", "open"] = "squelched"
        self._overs = 0
        self._spectrum = Spectrum()
        self._standing = StandingCarrier(clear)
        self._before: deque[Look] = deque(maxlen=max(1, round(preroll_s * RATE / STEP)) + OPENING_FRAMES)
        self._floor = FIRST_FLOOR_DB
        self._idle_level = 0.0
        self._noise_run = 0
        self._noise_level = 0.0
        self._quiet_run = 0
        self._reference = 0.0
        self._stood = 0
        """Frames of noise since the channel counts as open."""
        self._active = 0
        # of the over that is open
        self._open = False
        self._start = 0
        self._clip: list[Look] = []
        self._sent = 0
        self._idle = 0
        self._last_signal = 0
        self._last_active = 0
        self._signals = 0
        self._energy = 0.0
        self._first = 0
        self._dead_run = 0

    def process(self, pcm: Pcm16) -> list[GateEvent]:
        """Samples in order, any number."""
        events: list[GateEvent] = []
        for look in self._spectrum.looks(pcm):
            self._look(look, events)
        return events

    def skip(self, samples: int) -> list[GateEvent]:
        """Skip a gap in reception (own transmission or lost audio): the clock advances, an open over ends."""
        events = self.finish()
        self.counts.frames += round(samples / STEP)
        self._before.clear()
        self._spectrum.skip()
        self._standing.clear(self.counts.frames)
        self._active = self._noise_run = self._quiet_run = self._dead_run = 0
        return events

    @property
    def busy(self) -> bool:
        """A carrier is up."""
        return self._open or self._active > 0

    @property
    def floor_db(self) -> float:
        """Carrier threshold, dBFS: above the quiet floor, or above the noise of an open squelch."""
        level = self._reference if self.mode == "open" else self._floor + QUIET_MARGIN_DB
        return level - 20 * math.log10(32768)

    def finish(self) -> list[GateEvent]:
        """The source ended: close an open over as it is."""
        events: list[GateEvent] = []
        if self._open:
            self._end(events)
        return events

    @property
    def receiver_dead(self) -> bool:
        """More than 1 s of exact silence where noise is normal."""
        return self._dead_run > 50

    def _classify(self, look: Look) -> _Class:
        self._floor = min(max(look.mean, 0.0), self._floor + FLOOR_RISE_DB_S * STEP / RATE)
        if self._is_quiet(look.level, QUIET_MARGIN_DB):
            return "quiet"
        return "noise" if look.ripple < NOISE_RIPPLE_DB else "signal"

    def _is_quiet(self, level: float, margin_db: float) -> bool:
        """Nothing counts as quiet if the floor is above the channel's own noise."""
        return level < self._floor + margin_db and (
            self.mode == "squelched" or level < self._reference - OPEN_TOLERANCE_DB
        )

    def _is_standing(self, level: float) -> bool:
        """Noise at this level is the channel's own, as far as known."""
        return self.mode == "open" and abs(level - self._reference) < OPEN_TOLERANCE_DB

    def _look(self, look: Look, events: list[GateEvent]) -> None:
        level = self._pause(look)
        if level is not None:
            self._stand(level, [look], events)
        else:
            self._frame(look, events)

    def _pause(self, look: Look) -> float | None:
        """Channel level during pauses, if it has just turned out to have changed."""
        level, at = self._standing.pause(look), self.counts.frames
        if level is None:
            return None
        quiet = self._is_quiet(level, QUIET_MARGIN_DB - 2.0)
        if self._is_standing(level):
            self._reference += 0.5 * (level - self._reference)
        elif self.mode == "open" or not quiet:
            misled = quiet and self._stood * STEP < OPEN_AFTER_S * RATE  # by a short pause of noise
            return level if self._standing.unknown(at, level) or misled else None
        self._standing.known(at)
        return None

    def _stand(self, level: float, looks: list[Look], events: list[GateEvent]) -> None:
        """Level of the clear channel: what was taken for an over is processed again."""
        if self._open:
            events.append(Void(self._start * STEP / RATE))
        again = [*(self._clip if self._open else self._before), *looks]
        self.counts.frames -= len(again) - len(looks)
        self._open, self._clip = False, []
        self._before.clear()
        self.mode = "squelched" if self._is_quiet(level, QUIET_MARGIN_DB - 2.0) else "open"
        self._reference, self._stood = level, 0
        self._active = self._noise_run = self._quiet_run = 0
        for look in again:
            self._frame(look, events)
        self._standing.known(self.counts.frames)

    def _end(self, events: list[GateEvent]) -> None:
        """End the over without a carrier drop: it may be channel noise."""
        noise = self._standing.since(self._start)
        if noise is not None and self.mode == "squelched":
            self._stand(noise, [], events)
        if self._open:
            self._close(events)

    def _frame(self, look: Look, events: list[GateEvent]) -> None:
        kind, level = self._classify(look), look.level
        self.counts.frames += 1
        self.counts.loudest_db = max(self.counts.loudest_db, level - FULL_SCALE_DB)
        at = self.counts.frames - 1
        self._noise_run = self._noise_run + 1 if kind == "noise" else 0
        self._quiet_run = self._quiet_run + 1 if kind == "quiet" else 0
        if kind == "noise":
            self._noise_level += (level - self._noise_level) / min(self._noise_run, 50)
        limit = OPEN_AFTER_S * RATE / STEP
        if self._noise_run == limit:
            self.mode, self._reference = "open", self._noise_level
            self._standing.known(at)
            if self._open:
                self._close(events)
        elif self._quiet_run == limit:
            self.mode = "squelched"
            self._standing.known(at)
            if self._open:
                self._close(events)
        if self.mode == "open" and self._noise_run > limit:
            self._reference = self._noise_level

        if self.mode == "open":
            active = not (kind == "noise" and self._is_standing(level))
            self._stood += not active
        else:
            active = kind != "quiet"
        if not active:
            self._idle_level += (level - self._idle_level) * 0.01
            alive = not look.dead or self._idle_level < 1.0
            self._dead_run = 0 if alive else self._dead_run + 1
            self.counts.dead_frames += not alive
        else:
            self._dead_run = 0

        if not self._open:
            if self.mode == "open" and not active:
                self.counts.open_frames += 1
                self.counts.open_db += (level - FULL_SCALE_DB - self.counts.open_db) / self.counts.open_frames
            self._before.append(look)
            self._active = self._active + 1 if active else 0
            if self._active >= OPENING_FRAMES:
                self._begin(at - OPENING_FRAMES + 1, events)
                self._last_active = at
                self._note(kind, at, level)
            return
        self._clip.append(look)
        self._note(kind, at, level)
        if active:
            self._idle, self._last_active = 0, at
        else:
            self._idle += 1
        self._send(events)
        if self._idle >= self.hang:
            self._close(events)
        elif len(self._clip) >= self.max_frames:
            self._end(events)

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
        """Pass on what cannot be tail: up to the last signal plus a margin."""
        ready = min(len(self._clip), self._last_signal - self._first + 1 + TAIL_MARGIN_FRAMES)
        if self._signals and ready >= self._sent + (SEND_FRAMES if self._open else 1):
            events.append(Audio(np.concatenate([x.pcm for x in self._clip[self._sent : ready]])))
            self._sent = ready

    def _close(self, events: list[GateEvent]) -> None:
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
        level = 10 * np.log10(self._energy / self._signals) - FULL_SCALE_DB
        events.append(
            Closed(
                Over(
                    self._overs,
                    self._start * STEP / RATE,
                    max(end, self._start + 1) * STEP / RATE,
                    np.concatenate([x.pcm for x in clip]),
                    self._first * STEP / RATE,
                    round(float(level), 1),
                )
            )
        )
