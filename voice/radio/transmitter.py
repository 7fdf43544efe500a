"""One announcement onto the air: wait for a clear channel, key, lead-in, audio, tail, unkey.

Half duplex: while we transmit, nobody is heard. A channel that stays busy is never talked over, and the
announcement is not thrown away: the caller is told and decides.
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


class Line(Protocol):
    """What a transmitter keys: ``KeptPtt`` or a driver."""

    def key(self) -> None: ...

    def unkey(self) -> None: ...


class ChannelBusy(HuyingError):
    """The channel did not clear within the limit; nothing was sent."""


class CutOff(HuyingError):
    """PTT was dropped before the announcement had ended: nobody knows how much of it was heard."""


class TooLong(HuyingError):
    """The audio is longer than the time-out timer allows; nothing was sent."""


@dataclass(frozen=True, slots=True)
class TransmitSettings:
    """Times in seconds."""

    lead_in_s: float = 0.4
    """Between key and speech: repeaters and tone squelch cut the first syllable."""

    tail_s: float = 0.15
    """Between speech and unkey."""

    vox_tone_s: float = 0.0
    """Tone in the lead-in that opens a VOX; 0.5 where the radio keys itself on audio."""

    clear_s: float = 0.4
    """The channel must have been clear for so long."""

    busy_limit_s: float = 30.0
    """After so long of a busy channel a routine announcement is given back."""

    emergency_limit_s: float = 5.0
    """An emergency waits this long at most, then goes out over traffic."""

    longest_s: float = 60.0
    """The time-out timer, lead-in and tail included."""

    level_db: float = -12.0
    """Level of the loudest speech, dBFS."""


Piece = Callable[[], Pcm16]
"""Audio that may still be in the making: the call waits for it."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """A transmission that took place; times by the station's clock."""

    keyed: float
    unkeyed: float


def levelled(pcm: Pcm16, level_db: float) -> Pcm16:
    """The same audio with its peaks (99.9th percentile) at ``level_db`` dBFS."""
    x = pcm.astype(np.float64)
    peak = float(np.percentile(np.abs(x), 99.9)) if len(x) else 0.0
    if peak < 1.0:
        return pcm
    return np.clip(np.rint(x * (32767 * 10 ** (level_db / 20) / peak)), -32768, 32767).astype(np.int16)


def assembled(pcm: Pcm16, s: TransmitSettings) -> Pcm16:
    """What is played between key and unkey."""
    tone = 0.3 * 32767 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(s.vox_tone_s * RATE)) / RATE)
    lead = np.concatenate([tone.astype(np.int16), np.zeros(round(s.lead_in_s * RATE), np.int16)])
    return np.concatenate([lead, levelled(pcm, s.level_db), np.zeros(round(s.tail_s * RATE), np.int16)])


class ClearChannel:
    """Waits for a clear channel on behalf of one announcement: tell it the carrier detect, frame by frame."""

    def __init__(self, settings: TransmitSettings, priority: Priority, now: float) -> None:
        self._settings, self._priority, self._began = settings, priority, now
        self._clear_since: float | None = None
        self._seen_busy = False
        self.over_traffic = False
        """An emergency that could not wait any longer."""

    def ready(self, busy: bool, now: float, clear_since: float | None = None) -> bool:
        """Whether to key now; ``clear_since``: when the last carrier dropped, as far as the audio tells. Raises
        ChannelBusy when a routine announcement has waited too long."""
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
    """Sends one announcement at a time, at once: ``ClearChannel`` says when. Not thread-safe."""

    def __init__(
        self,
        line: Line,
        play: Callable[[Pcm16], None],
        clock: Callable[[], float],
        settings: TransmitSettings | None = None,
        on_keyed: Callable[[bool], None] = lambda _on: None,
    ) -> None:
        """``play`` returns when the last sample has left; ``on_keyed`` tells the listener when to be deaf."""
        self._line, self._play, self._clock, self._on_keyed = line, play, clock, on_keyed
        self.settings = settings or TransmitSettings()

    def now(self) -> float:
        """The channel's clock, s: later than what is being heard where hearing is behind."""
        return self._clock()

    @property
    def room_s(self) -> float:
        """Seconds of audio that one transmission may have."""
        s = self.settings
        return s.longest_s - s.vox_tone_s - s.lead_in_s - s.tail_s

    def send(self, pcm: Pcm16) -> Transmission:
        """Raises TooLong, or what the line and the sound card raise; PTT is off on every way out."""
        return self.stream((lambda: pcm,))

    def stream(self, pieces: Sequence[Piece]) -> Transmission:
        """One piece behind the other, each on the air while the next is being made; the first is waited for before PTT
        is keyed. Where the time-out timer would end a transmission, PTT is off for a moment and on again. Raises as
        ``send``, and what the pieces raise."""
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
        """Key, play what has room, unkey; the piece that had none. What was played is gone from ``waiting``."""
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
