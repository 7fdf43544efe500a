"""An automatic roll-call or alert with simulated units."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from voice.bench.air import Air, CardAir, Habit
from voice.bench.soundserver import available, null_air
from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.measure.channel import Channel
from voice.net.loading import Net
from voice.places import cache_folder
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.ear import Ear
from voice.station.station import Station
from voice.talk.facts import Fact, RollMarked

DEALT_WITH_S = 10.0
"""A roll-call interrupted by a report resumes after this time, as if the dispatcher had dealt with it."""


@dataclass(frozen=True, slots=True)
class Drill:
    """Parameters of a drill."""

    units: int
    """First so many units only; 0: all."""
    habits: dict[Habit, int]
    """Number of units per behaviour."""
    rounds: int
    alert: str | None
    """Text of an alert to read instead of a roll-call."""
    snr: float
    """Signal-to-noise ratio of the simulated channel, dB."""
    seed: int
    sound: str = "never"
    """auto: over the sound server if there is one; always: required; never: in this process, faster than real time."""
    input: str = ""
    output: str = ""
    """Sound devices in place of a null sink."""


NoticeKind = Literal["note", "fault", "urgent"]
"""Kinds of notice: progress, something not working here, attention needed at the desk."""


def cast(ids: list[str], wanted: dict[Habit, int], seed: int) -> dict[str, Habit]:
    """Behaviour of each unit. Raises HuyingError if there are more roles than units."""
    if sum(wanted.values()) > len(ids):
        raise HuyingError(f"{sum(wanted.values())} units are to misbehave, but only {len(ids)} are called")
    order = [ids[i] for i in np.random.default_rng(seed).permutation(len(ids))]
    parts = [habit for habit, n in wanted.items() for _ in range(n)]
    return dict(zip(order, parts, strict=False))


def _air(
    net: Net,
    o: Drill,
    synthesiser: Synthesiser,
    habits: dict[str, Habit],
    stack: contextlib.ExitStack,
    tell: Callable[[NoticeKind, str], None],
) -> Air:
    """The channel: sound devices, a null sink of the sound server, or this process."""
    channel = Channel(snr_db=o.snr)
    if o.input and o.output:
        tell("note", f"bench over {o.input} and {o.output}, in real time 通过声卡, 实时")
        return CardAir(net, synthesiser, habits, channel, o.seed, input=o.input, output=o.output)
    if o.sound != "never" and available():
        try:
            stack.enter_context(null_air())
            air = CardAir(net, synthesiser, habits, channel, o.seed, input="pulse", output="pulse")
            tell("note", "bench over the sound server, in real time 通过声音服务器, 实时")
            return air
        except HuyingError as e:
            if o.sound == "always":
                raise
            tell("fault", f"the sound server cannot be used: {e}")
    if o.sound == "always":
        raise HuyingError("no sound server answers (pactl info); start PulseAudio or PipeWire, or leave --sound out")
    why = "" if o.sound == "never" else "no sound server here 没有声音服务器: "
    tell("note", f"{why}in-process bench: no radio, no sound card; as fast as this machine")
    return Air(net, synthesiser, habits, channel, o.seed)


def _deafen(air: Air) -> Callable[[bool], None]:
    return air.card.deafen if isinstance(air, CardAir) else lambda _on: None


def drill(
    ear: Ear, o: Drill, journal: Journal, show: Callable[[Event, Fact], None], tell: Callable[[NoticeKind, str], None]
) -> bool:
    """Whether every unit was called and none is missing. Events are passed to ``show``. Raises HuyingError."""
    net = ear.net
    ids = [u.id for u in net.units][: o.units or None]
    habits = cast(ids, o.habits, o.seed)
    with contextlib.ExitStack() as stack:
        synthesiser = stack.enter_context(Synthesiser(cache_folder() / "speech"))
        air = _air(net, o, synthesiser, habits, stack, tell)

        def take(event: Event, fact: Fact) -> None:
            show(event, fact)
            air.heard(fact)

        station = Station(
            ear,
            journal,
            Transmitter(NoPtt(), air.play, lambda: air.now, on_keyed=_deafen(air)),
            Announcer(net, synthesiser),
            take,
            lambda text: tell("urgent", text),
        )
        began = datetime.now().astimezone()
        resumed_at: float | None = None
        started = False
        for now in station.run(air, began):
            if not started:
                if o.alert:
                    station.raise_alert(o.alert, tuple(ids), o.rounds, by="bench-net")
                else:
                    station.start_roll(tuple(ids), o.rounds, "bench-net")
                started = True
            roll = station.roll
            if roll is not None and roll.paused and resumed_at is None:
                resumed_at = now + DEALT_WITH_S
            elif resumed_at is not None and now >= resumed_at:
                station.mark(RollMarked(t=now, mark="resume", over=0, reason="bench dispatcher"))
                resumed_at = None
            if (roll is not None and roll.closed) or (station.alert is not None and station.alert.closed):
                air.end()
        roll, alert = station.roll, station.alert
    if alert is not None:
        return not alert.open
    return roll is not None and roll.complete and not roll.missing and not roll.unclear
