"""``huying listen`` and ``huying devices``: a station at the radio's sound card."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import numpy as np
import typer
from pydantic import ValidationError
from rich.live import Live
from rich.table import Table

from voice.audio.card import CardSource
from voice.audio.portaudio import devices
from voice.errors import HuyingError
from voice.journal.lines import LineMaker
from voice.journal.store import Event, Journal
from voice.net.loading import Net, load_net
from voice.net.settings import StationSettings
from voice.places import sample_net
from voice.station.runtime import Runtime, Wishes
from voice.talk.facts import Fact
from voice.terminal.events import HIDDEN, print_line
from voice.terminal.output import screen


class Terminal:
    """The screen of a station that was started from a terminal."""

    def __init__(self, net: Net) -> None:
        self.net, self.out = net, screen()
        self._maker = LineMaker()

    def event(self, event: Event, fact: Fact) -> None:
        shown = self._maker.line(fact, event)
        if shown["type"] not in HIDDEN:
            print_line(self.out, shown, self.net)

    def tell(self, text: str) -> None:
        self.out.print(f"      ! {text}", style="bold magenta", soft_wrap=True)

    def note(self, text: str, urgent: bool = False) -> None:
        self.out.print(text, style="yellow" if urgent else "dim", soft_wrap=True)

    def ask(self, question: str) -> bool | None:
        return typer.confirm(question, default=True) if sys.stdin.isatty() else None


def run(folder: Path | None, journal: str, given: dict[str, object], wishes: Wishes) -> int:
    """Until Ctrl-C, or until the piped input ends. ``given``: values that go before ``[station]`` of net.toml."""
    net = load_net(folder or sample_net())
    try:
        desk = StationSettings.model_validate(net.settings.station.model_dump() | given)
    except ValidationError as e:
        told = "; ".join(f"--{'-'.join(map(str, x['loc']))}: {x['msg']}; choose one of those" for x in e.errors())
        raise HuyingError(told) from e
    if (wishes.roll or wishes.conduct or (wishes.requests is not None and not desk.uploads)) and not desk.output:
        raise HuyingError("a roll-call or an alert needs a voice on the air: name the sound card with --output")
    terminal = Terminal(net)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(Journal(journal))
        Runtime(net, log, desk, wishes, terminal, stack).run()
        terminal.out.print(f"journal: {len(log)} events, head {log.head}", soft_wrap=True)
    return 0


def show_devices(seconds: float) -> None:
    """All devices; the inputs' levels for some seconds."""
    out = screen()
    found = devices()
    if not found:
        raise HuyingError("no sound device on this machine; a replay does not need one")
    levels: dict[int, float] = {}
    with Live(_table(levels), console=out, refresh_per_second=5) as live:
        for d in [d for d in found if d.inputs] if seconds > 0 else []:
            levels[d.index] = -100.0
            ends = time.monotonic() + seconds
            try:
                source = CardSource(str(d.index))
                for frame in source.frames():
                    rms = float(np.sqrt(np.mean(frame.pcm.astype(float) ** 2)))
                    levels[d.index] = 20 * np.log10(max(rms, 0.3) / 32767)
                    live.update(_table(levels))
                    if time.monotonic() >= ends:
                        source.end()
            except HuyingError as e:
                out.print(str(e), style="yellow")
        live.update(_table(levels))


def _table(levels: dict[int, float]) -> Table:
    table = Table("no.", "device 设备", "in", "out", "Hz", "level 电平")
    for d in devices():
        level = levels.get(d.index)
        bar = "" if level is None else f"{'█' * max(0, round((level + 90) / 4)):<23} {level:.0f} dB"
        table.add_row(str(d.index), d.name, str(d.inputs or ""), str(d.outputs or ""), str(d.rate), bar)
    return table
