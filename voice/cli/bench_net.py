"""``huying bench-net``: an automatic roll-call against units that are played by this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from rich.console import Console

from voice.bench.air import Air, CardAir, Habit
from voice.bench.soundserver import available, null_air
from voice.cli.journal import roll_table
from voice.errors import HuyingError
from voice.journal.lines import LineMaker
from voice.journal.rolls import sessions
from voice.journal.store import Event, Journal
from voice.measure.channel import Channel
from voice.net.loading import Net, load_net
from voice.places import cache_folder, sample_net
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.ear import open_ear
from voice.station.speaker import Speaker
from voice.station.station import Station
from voice.talk.facts import Fact, RollMarked
from voice.terminal.events import HIDDEN, print_line
from voice.terminal.output import screen


@dataclass(frozen=True, slots=True)
class Options:
    """As the command line gives them."""

    net: Path | None
    units: int
    habits: dict[Habit, int]
    """How many units behave so."""
    rounds: int
    alert: str | None
    """Read this instead of calling the roll."""
    snr: float
    seed: int
    journal: str | None
    model: str | None
    sound: str = "never"
    """auto: over the sound server if there is one; always: or fail; never: in this process, as fast as it goes."""
    input: str = ""
    output: str = ""
    """Sound devices instead of a null sink."""


def cast(ids: list[str], wanted: dict[Habit, int], seed: int) -> dict[str, Habit]:
    """Who behaves how. Raises HuyingError if there are more parts than units."""
    if sum(wanted.values()) > len(ids):
        raise HuyingError(f"{sum(wanted.values())} units are to misbehave, but only {len(ids)} are called")
    order = [ids[i] for i in np.random.default_rng(seed).permutation(len(ids))]
    parts = [habit for habit, n in wanted.items() for _ in range(n)]
    return dict(zip(order, parts, strict=False))


def _air(
    o: Options,
    net: Net,
    synthesiser: Synthesiser,
    habits: dict[str, Habit],
    stack: contextlib.ExitStack,
    status: Console,
) -> Air:
    """The channel: sound devices, a null sink of the sound server, or this process."""
    channel = Channel(snr_db=o.snr)
    if o.input and o.output:
        status.print(f"bench over {o.input} and {o.output}, in real time 通过声卡, 实时", style="dim")
        return CardAir(net, synthesiser, habits, channel, o.seed, input=o.input, output=o.output)
    if o.sound != "never" and available():
        try:
            stack.enter_context(null_air())
            air = CardAir(net, synthesiser, habits, channel, o.seed, input="pulse", output="pulse")
            status.print("bench over the sound server, in real time 通过声音服务器, 实时", style="dim")
            return air
        except HuyingError as e:
            if o.sound == "always":
                raise
            status.print(f"the sound server cannot be used: {e}", style="yellow")
    if o.sound == "always":
        raise HuyingError("no sound server answers (pactl info); start PulseAudio or PipeWire, or leave --sound out")
    why = "" if o.sound == "never" else "no sound server here 没有声音服务器: "
    status.print(f"{why}in-process bench: no radio, no sound card; as fast as this machine", style="dim")
    return Air(net, synthesiser, habits, channel, o.seed)


def _deafen(air: Air) -> Callable[[bool], None]:
    return air.card.deafen if isinstance(air, CardAir) else lambda _on: None


def run(o: Options) -> int:
    """0 if every unit was called and nobody is missing, 3 otherwise."""
    net = load_net(o.net or sample_net())
    ids = [u.id for u in net.units][: o.units or None]
    habits = cast(ids, o.habits, o.seed)
    out, status = screen(), screen(error=True)
    maker = LineMaker()
    ear = open_ear(net, model=o.model)
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(Journal(o.journal or "sqlite://"))
        synthesiser = stack.enter_context(Synthesiser(cache_folder() / "speech"))
        air = _air(o, net, synthesiser, habits, stack, status)
        if o.journal:
            journal.claim()

        def take(event: Event, fact: Fact) -> None:
            line = maker.line(fact, event)
            if line["type"] not in HIDDEN:
                print_line(out, line, net)
            air.heard(fact)

        station = Station(
            ear,
            journal,
            Transmitter(NoPtt(), air.play, lambda: air.now, on_keyed=_deafen(air)),
            Speaker(net, synthesiser),
            take,
            lambda text: out.print(f"      ! {text}", style="bold magenta"),
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
                resumed_at = now + 10.0  # the dispatcher has dealt with it
            elif resumed_at is not None and now >= resumed_at:
                station.mark(RollMarked(t=now, mark="resume", over=0, reason="bench dispatcher"))
                resumed_at = None
            if (roll is not None and roll.closed) or (station.alert is not None and station.alert.closed):
                air.end()
        out.print(roll_table(sessions(journal.events()), net))
        roll, alert = station.roll, station.alert
    if alert is not None:
        return 3 if alert.open else 0
    return 0 if roll is not None and roll.complete and not roll.missing and not roll.unclear else 3
