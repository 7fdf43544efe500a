"""A simulated net: units answer when called, without a radio.

``Air`` is the channel. The station receives what the units send; its own transmissions take time on the same sample
clock. It runs as fast as the machine allows, and a seed reproduces the same traffic. ``CardAir`` is the same net over
real sound devices, in real time.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
import soxr

from voice.audio.card import CardSink, CardSource
from voice.audio.source import Damage
from voice.measure.actors import UNIT_VOICES
from voice.measure.channel import Channel, gap, heterodyne, to_receiver, transmit
from voice.net.loading import Net
from voice.pcm import BLOCK, RATE, Frame, Pcm16
from voice.speech.synthesiser import SpeechSettings, Synthesiser
from voice.talk.facts import Announced, Fact

Habit = Literal["prompt", "slow", "absent", "second", "double", "wrong", "report", "mumble"]
"""Behaviour of a unit: answers at once; answers late; never; only to the second call; doubles with a neighbour;
another unit answers in its place; reports an incident instead; is unintelligible."""

ANSWERS = ("一切正常,一切正常", "收到,一切正常", "秩序良好", "收到,收到", "没有发现情况")
SHORT = ("收到", "正常", "一切正常", "收到正常", "没有情况")
"""Used where the net uses brief calls (``[rollcall] style``)."""
MUMBLE = "这个我们昨天晚上清点过仓库了"
REPORT = "报告,发现可疑人员,请求支援"


@dataclass
class Air:
    """Channel between a station and its units: an ``AudioSource``, and the transmitter's sink."""

    net: Net
    synthesiser: Synthesiser
    habits: Mapping[str, Habit]
    """Unit id → behaviour; ``prompt`` by default."""
    channel: Channel = field(default_factory=Channel)
    seed: int = 0
    name: str = "bench"
    began: datetime | None = None
    duration: float | None = None
    damage: Damage = field(default_factory=Damage)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._at = 0
        self._due: list[tuple[int, int, Pcm16]] = []
        """(sample at which it begins, number, audio) of overs that are still to come."""
        self._calls: dict[str, int] = {}
        self._ended = False

    @property
    def now(self) -> float:
        """The channel's sample clock, s."""
        return self._at / RATE

    def end(self) -> None:
        """Stop after the current frame."""
        self._ended = True

    def play(self, pcm: Pcm16) -> None:
        """The station transmits: time advances, nothing else is received."""
        self._at += len(pcm)

    def frames(self) -> Iterator[Frame]:
        """See AudioSource."""
        while not self._ended:
            if self._due and self._due[0][0] <= self._at:
                _, _, audio = heapq.heappop(self._due)
                for i in range(0, len(audio), BLOCK):
                    yield self._frame(audio[i : i + BLOCK])
            else:
                yield self._frame(self._quiet())

    def _quiet(self) -> Pcm16:
        """One block of a clear channel."""
        return to_receiver(gap(BLOCK / RATE, self.channel, self._rng))

    def _frame(self, pcm: Pcm16) -> Frame:
        start = self._at
        self._at += len(pcm)
        return Frame(start, pcm)

    def say(self, text: str, after: float = 1.0) -> None:
        """The dispatcher speaks on the air, in the net's voice."""
        v = self.net.settings.voice
        self._schedule(self._speech(SpeechSettings(v.rate, v.pitch, v.variant), text), after)

    def heard(self, fact: Fact) -> None:
        """The units receive an announcement, and those called react."""
        if isinstance(fact, Announced) and fact.purpose == "call":
            for unit in fact.units:
                self._calls[unit] = self._calls.get(unit, 0) + 1
                self._behave(unit, self._calls[unit])
        elif isinstance(fact, Announced) and fact.purpose == "alert":
            turn = 0
            for unit in fact.units:  # one after the other, each with its call sign
                self._calls[unit] = self._calls.get(unit, 0) + 1
                habit = self.habits.get(unit, "prompt")
                if habit != "absent" and not (habit == "second" and self._calls[unit] == 1):
                    self._send(unit, f"{self._sign(unit)},收到", 1.0 + 3.5 * turn)
                    turn += 1

    def _behave(self, unit: str, call: int) -> None:
        habit = self.habits.get(unit, "prompt")
        brief = self.net.settings.rollcall.style == "brief"
        answer = str(self._rng.choice(SHORT if brief else ANSWERS))
        timeout = self.net.settings.timing.answer_timeout_s
        quick = float(self._rng.uniform(0.8, 2.5))
        match habit:
            case "prompt":
                self._send(unit, answer, quick)
            case "second" if call > 1:
                self._send(unit, answer, quick)
            case "slow":
                self._send(unit, f"{self._sign(unit)},{answer}", timeout + 4.0) if call == 1 else None
            case "mumble":
                self._send(unit, MUMBLE, quick)
            case "report":
                self._send(unit, f"{self._sign(unit)}{REPORT}" if call == 1 else answer, quick)
            case "wrong":
                other = self._neighbour(unit)
                self._send(other, f"{self._sign(other)},{answer}", quick)
            case "double":
                self._send_two(unit, self._neighbour(unit), quick) if call == 1 else self._send(unit, answer, quick)
            case _:
                pass

    def _sign(self, unit: str) -> str:
        found = self.net.unit(unit)
        return found.call_signs[-1] if found else unit

    def _neighbour(self, unit: str) -> str:
        ids = [u.id for u in self.net.units]
        return ids[(ids.index(unit) + 1) % len(ids)]

    def _voice(self, unit: str) -> SpeechSettings:
        number = next(k for k, u in enumerate(self.net.units) if u.id == unit)
        return SpeechSettings(150 + number % 4 * 10, 40 + number % 5 * 5, UNIT_VOICES[number % len(UNIT_VOICES)])

    def _speech(self, voice: SpeechSettings, text: str) -> np.ndarray:
        samples, rate = self.synthesiser.say(text, self.net.spell(text), voice)
        return transmit(soxr.resample(samples.astype(np.float64), rate, RATE), self.channel, self._rng)[0]

    def _send(self, unit: str, text: str, after: float) -> None:
        self._schedule(self._speech(self._voice(unit), text), after)

    def _send_two(self, a: str, b: str, after: float) -> None:
        first, second = self._speech(self._voice(a), "收到,一切正常"), self._speech(self._voice(b), "收到")
        self._schedule(heterodyne(first, second, self._rng), after)

    def _schedule(self, audio: np.ndarray, after: float) -> None:
        heapq.heappush(self._due, (self._at + round(after * RATE), len(self._due) + self._at, to_receiver(audio)))


@dataclass
class CardAir(Air):
    """Units and station play to one sound device, and the station records from another: a loopback or a null sink."""

    input: str = ""
    output: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.card = CardSource(self.input)
        self._sink = CardSink(self.output)
        self.began = self.card.began
        self._timers: list[threading.Timer] = []

    @property
    def now(self) -> float:
        """The channel's clock, s."""
        return self.card.now

    def end(self) -> None:
        """Stop after the current frame, and let no unit speak any more."""
        for t in self._timers:
            t.cancel()
        self.card.end()

    def play(self, pcm: Pcm16) -> None:
        """The station transmits, in real time."""
        self._sink.play(pcm)

    def frames(self) -> Iterator[Frame]:
        """See AudioSource."""
        return self.card.frames()

    def _schedule(self, audio: np.ndarray, after: float) -> None:
        timer = threading.Timer(after, lambda: CardSink(self.output).play(to_receiver(audio)))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
