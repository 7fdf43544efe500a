"""A station on the air: it listens, and it speaks when the channel is clear.

One loop over the frames of a live source owns everything; the net's logic and the conductor are pure, so
after each frame the station asks what to do next. While we transmit, the source gives no frames: the sample
clock jumps, and the listener knows that nobody was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np
import soxr

from voice.audio.pcm import RATE, Pcm16, to_pcm16
from voice.audio.source import AudioSource
from voice.errors import HuyingError
from voice.journal.store import Event, Journal
from voice.net.announcing import words
from voice.net.facts import Announced, Called, Fact, RollBegan, RollEnded, RollMarked
from voice.net.loading import Net
from voice.net.rollcall import Move, RollCall, evolve_roll, next_move
from voice.radio.transmitter import ChannelBusy, ClearChannel, Transmitter
from voice.speech.synthesiser import Synthesiser, Voice
from voice.station.listener import Ear, Listener
from voice.station.simulate import spell

OnEvent = Callable[[Event, Fact], None]
BUSY = "the channel stayed busy"


class Speaker:
    """Text to PCM in the net's voice."""

    def __init__(self, net: Net, synthesiser: Synthesiser) -> None:
        self._net, self._synthesiser = net, synthesiser

    def say(self, text: str) -> Pcm16:
        """At 8000 Hz. Raises SpeechError."""
        v = self._net.settings.voice
        samples, rate = self._synthesiser.say(text, spell(self._net, text), Voice(v.rate, v.pitch, v.variant))
        return to_pcm16(np.asarray(soxr.resample(samples, rate, RATE)))


class Station:
    """Listens to one live channel and conducts its roll-calls."""

    def __init__(
        self, ear: Ear, journal: Journal, transmitter: Transmitter, speaker: Speaker,
        on_event: OnEvent = lambda _e, _f: None, tell: Callable[[str], None] = lambda _t: None,
    ) -> None:  # fmt: skip
        """``tell`` reaches the dispatcher: what needs a person."""
        self.net = ear.net
        self.listener = Listener(ear, journal, self._event)
        self.roll: RollCall | None = None
        self._transmitter, self._speaker = transmitter, speaker
        self._on_event, self._tell = on_event, tell
        self._wait: tuple[Move, ClearChannel] | None = None
        self._now = 0.0

    def run(self, source: AudioSource, began: datetime | None = None) -> Iterator[float]:
        """Listen, and act after every frame; yields the time reached, in s."""
        for now in self.listener.listen(source, began):
            self._now = now
            self._act()
            yield now

    def start_roll(self, units: tuple[str, ...], rounds: int = 2, by: str = "") -> None:
        """Begin a roll-call. Raises HuyingError while another one runs."""
        if self.roll is not None and not self.roll.closed:
            raise HuyingError("a roll-call is running; stop it first")
        self.listener.record(RollBegan(t=self._now, units=units, rounds=rounds, by=by))

    def mark(self, fact: RollMarked) -> None:
        """Pause, resume, skip, repeat or stop the roll-call."""
        self.listener.record(fact)

    def _event(self, event: Event, fact: Fact) -> None:
        before = self.roll
        self.roll = evolve_roll(self.roll, fact)
        self._on_event(event, fact)
        if self.roll and before and self.roll.paused and not before.paused:
            self._tell(f"roll-call paused 点名暂停: {self.roll.paused}")

    def _act(self) -> None:
        move = next_move(self.roll)
        if move is None:
            self._wait = None
            return
        if self._wait is None or self._wait[0] != move:
            self._wait = (move, ClearChannel(self._transmitter.settings, "routine", self._now))
        try:
            if not self._wait[1].ready(self.listener.busy, self._now):
                return
        except ChannelBusy as e:
            self._wait = None
            self._tell(str(e))
            self.listener.record(RollMarked(t=self._now, mark="pause", over=0, reason=BUSY))
            return
        self._wait = None
        self._announce(move)

    def _announce(self, move: Move) -> None:
        assert self.roll is not None
        text = words(self.net, self.roll, move)
        sent = self._transmitter.send(self._speaker.say(text))
        units = (move.unit,) if move.unit else ()
        facts: list[Fact] = [
            Announced(t=sent.unkeyed, keyed=sent.keyed, text=text, purpose=move.purpose, units=units)
        ]
        if move.unit:
            facts.append(self._called(sent.unkeyed, move.unit, text))
        if move.purpose == "closing":
            r = self.roll
            facts.append(RollEnded(t=sent.unkeyed, complete=r.complete, missing=r.missing, unclear=r.unclear))
        self.listener.record(*facts)

    def _called(self, t: float, unit: str, text: str) -> Called:
        """A new exchange, or one more attempt in the one that is open. Waiting begins when our carrier drops."""
        old = self.listener.state.exchanges.get(unit)
        again = old is not None and old.open
        return Called(
            t=t, exchange=old.id if old and again else self.listener.state.next_id, unit=unit, over=0,
            attempt=old.attempt + 1 if old and again else 1, to_all=False, question=text,
        )  # fmt: skip
