"""``huying bench-net``: an automatic roll-call against units that are played by this machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from rich.console import Console

from voice.audio.channel import Channel
from voice.cli.journal import roll_table
from voice.cli.show import HIDDEN, print_line
from voice.errors import HuyingError
from voice.journal.lines import LineMaker
from voice.journal.rolls import sessions
from voice.journal.store import Event, Journal
from voice.net.facts import Fact, RollMarked
from voice.net.loading import load_net
from voice.places import cache_folder, sample_net
from voice.radio.ptt.none import NoPtt
from voice.radio.transmitter import Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.bench import Air, Habit
from voice.station.listener import open_ear
from voice.station.speaker import Speaker
from voice.station.station import Station


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


def cast(ids: list[str], wanted: dict[Habit, int], seed: int) -> dict[str, Habit]:
    """Who behaves how. Raises HuyingError if there are more parts than units."""
    if sum(wanted.values()) > len(ids):
        raise HuyingError(f"{sum(wanted.values())} units are to misbehave, but only {len(ids)} are called")
    order = [ids[i] for i in np.random.default_rng(seed).permutation(len(ids))]
    parts = [habit for habit, n in wanted.items() for _ in range(n)]
    return dict(zip(order, parts, strict=False))


def run(o: Options) -> int:
    """0 if every unit was called and nobody is missing, 3 otherwise."""
    net = load_net(o.net or sample_net())
    ids = [u.id for u in net.units][: o.units or None]
    habits = cast(ids, o.habits, o.seed)
    out, status = Console(highlight=False), Console(stderr=True, highlight=False)
    status.print("in-process bench: no radio and no sound card; time runs as fast as this machine", style="dim")
    maker = LineMaker()
    ear = open_ear(net, model=o.model)
    with Journal(o.journal or "sqlite://") as journal, Synthesiser(cache_folder() / "speech") as synthesiser:
        air = Air(net, synthesiser, habits, Channel(snr_db=o.snr), o.seed)

        def take(event: Event, fact: Fact) -> None:
            line = maker.line(fact, event)
            if line["type"] not in HIDDEN:
                print_line(out, line, net)
            air.heard(fact)

        station = Station(
            ear, journal, Transmitter(NoPtt(), air.play, lambda: air.now), Speaker(net, synthesiser), take,
            lambda text: out.print(f"      ! {text}", style="bold magenta", markup=False),
        )  # fmt: skip
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
        return 3 if alert.silent else 0
    return 0 if roll is not None and roll.complete and not roll.missing and not roll.unclear else 3
