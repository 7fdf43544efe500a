"""Transmits one announcement: wait for a clear channel, key, lead-in, audio, tail, unkey.

Half duplex: nothing is received while transmitting. We never transmit over a busy channel, and the announcement is not
discarded: the caller is told and decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from voice.errors import HuyingError
from voice.pcm import RATE, Pcm16

Priority = Literal["routine", "emergency"]

TONE_HZ = 1000.0


class PttLine(Protocol):
    """Controls PTT: ``KeptPtt`` or a driver."""

    def key(self) -> None: ...

    def unkey(self) -> None: ...


class ChannelBusy(HuyingError):
    """The channel did not clear within the limit; nothing was sent."""


class CutOff(HuyingError):
    """PTT was dropped before the announcement ended: how much of it was heard is unknown."""


class TooLong(HuyingError):
    """The audio is longer than the time-out timer allows; nothing was sent."""


@dataclass(frozen=True, slots=True)
class TransmitSettings:
    """Times in seconds."""

    lead_in_s: float = 0.4
    """From key-up to speech: repeaters and tone squelch clip the first syllable."""

    tail_s: float = 0.15
    """From end of speech to unkey."""

    vox_tone_s: float = 0.0
    """Tone in the lead-in that opens a VOX; 0.5 if the radio keys itself on audio."""

    clear_s: float = 0.4
    """Minimum time the channel must have been clear."""

    busy_limit_s: float = 30.0
    """Longest wait for a clear channel for a routine announcement; then it is returned to the caller."""

    emergency_limit_s: float = 5.0
    """Longest wait for an emergency; then it goes out over traffic."""

    longest_s: float = 60.0
    """Time-out timer, including lead-in and tail."""

    level_db: float = -12.0
    """Peak speech level, dBFS."""


Piece = Callable[[], Pcm16]
"""Audio that may still be rendering: calling it waits."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """A completed transmission; times on the station's clock."""

    keyed: float
    unkeyed: float


def levelled(pcm: Pcm16, level_db: float) -> Pcm16:
    """The audio scaled so that its peaks (99.9th percentile) are at ``level_db`` dBFS."""
    x = pcm.astype(np.float64)
    peak = float(np.percentile(np.abs(x), 99.9)) if len(x) else 0.0
    if peak < 1.0:
        return pcm
    return np.clip(np.rint(x * (32767 * 10 ** (level_db / 20) / peak)), -32768, 32767).astype(np.int16)


def assembled(pcm: Pcm16, s: TransmitSettings) -> Pcm16:
    """Everything played between key and unkey."""
    tone = 0.3 * 32767 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(s.vox_tone_s * RATE)) / RATE)
    lead = np.concatenate([tone.astype(np.int16), np.zeros(round(s.lead_in_s * RATE), np.int16)])
    return np.concatenate([lead, levelled(pcm, s.level_db), np.zeros(round(s.tail_s * RATE), np.int16)])


class ClearChannel:
    """Waits for a clear channel for one announcement; feed it the carrier detect frame by frame."""

    def __init__(self, settings: TransmitSettings, priority: Priority, now: float) -> None:
        self._settings, self._priority, self._began = settings, priority, now
        self._clear_since: float | None = None
        self._seen_busy = False
        self.over_traffic = False
        """An emergency that could not wait any longer."""

    def ready(self, busy: bool, now: float, clear_since: float | None = None) -> bool:
        """Whether to key now; ``clear_since``: when the last carrier dropped, by the audio. Raises ChannelBusy when
        a routine announcement has waited too long."""
        s = self._settings
        if not busy:
            if self._clear_since is None:
                self._clear_since = now if self._seen_busy or clear_since is None else min(now, clear_since)
            return now - self._clear_since >= s.clear_s - 1e-9
        self._clear_since, self._seen_busy = None, True
        limit = s.emergency_limit_s if self._priority == "emergency" else s.busy_limit_s
        if now - self._began < limit:
            return False
        if self._priority == "emergency":
            self.over_traffic = True
            return True
        raise ChannelBusy(f"the channel has been busy for {limit:.0f} s; the announcement was not sent")


class Transmitter:
    """Sends one announcement at a time, immediately: ``ClearChannel`` decides when. Not thread-safe."""

    def __init__(
        self,
        line: PttLine,
        play: Callable[[Pcm16], None],
        clock: Callable[[], float],
        settings: TransmitSettings | None = None,
        on_keyed: Callable[[bool], None] = lambda _on: None,
    ) -> None:
        """``play`` returns when the last sample has left; ``on_keyed`` tells the listener when to mute."""
        self._line, self._play, self._clock, self._on_keyed = line, play, clock, on_keyed
        self.settings = settings or TransmitSettings()

    def now(self) -> float:
        """The channel's clock, s: ahead of the audio being processed if processing lags."""
        return self._clock()

    @property
    def room_s(self) -> float:
        """Longest audio per transmission, s."""
        s = self.settings
        return s.longest_s - s.vox_tone_s - s.lead_in_s - s.tail_s

    def send(self, pcm: Pcm16) -> Transmission:
        """Raises TooLong, or errors of PTT and sound card; PTT is off on every exit path."""
        return self.stream((lambda: pcm,))

    def stream(self, pieces: Sequence[Piece]) -> Transmission:
        """Send pieces in sequence, each on the air while the next is rendered; the first is complete before PTT is
        keyed. When the time-out timer would expire, PTT is released briefly and keyed again. Raises as ``send``, and
        errors of the pieces."""
        waiting = list(pieces)
        piece = waiting.pop(0)()
        self._fits(piece)
        keyed = self._clock()
        while True:
            left = self._transmission(piece, waiting)
            if left is None:
                return Transmission(keyed, self._clock())
            self._fits(left)
            piece = left

    def _fits(self, piece: Pcm16) -> None:
        if len(piece) / RATE > self.room_s + 1e-9:
            s = self.settings
            length = len(piece) / RATE + s.longest_s - self.room_s
            raise TooLong(
                f"the announcement lasts {length:.0f} s, the time-out timer allows {s.longest_s:.0f} s; "
                "shorten it or read it in parts"
            )

    def _transmission(self, piece: Pcm16, waiting: list[Piece]) -> Pcm16 | None:
        """Key, play as much as fits, unkey; returns the piece that did not fit. Played pieces are removed from
        ``waiting``."""
        s = self.settings
        room, begin = self.room_s + 1e-9, 0
        try:
            self._on_keyed(True)
            self._line.key()
            while True:
                room -= len(piece) / RATE
                audio = assembled(piece, s)
                self._play(audio[begin : len(audio) - (round(s.tail_s * RATE) if waiting else 0)])
                if why := getattr(self._line, "dropped", ""):
                    raise CutOff(f"the announcement was cut: {why}")
                begin = round(s.vox_tone_s * RATE) + round(s.lead_in_s * RATE)
                if not waiting:
                    return None
                piece = waiting.pop(0)()
                if len(piece) / RATE > room:
                    return piece
        finally:
            try:
                self._line.unkey()
            finally:
                self._on_keyed(False)
