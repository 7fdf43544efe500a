"""``huying listen`` and ``huying devices``: a station at the radio's sound card."""

from __future__ import annotations

import queue
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.table import Table

from voice.audio.card import CardSink, CardSource, devices
from voice.audio.pcm import Pcm16
from voice.audio.source import AudioSource, RawStream
from voice.cli.show import HIDDEN, print_line
from voice.errors import HuyingError
from voice.journal.lines import LineMaker
from voice.journal.store import Event, Journal
from voice.net.facts import DeviceChanged, Fact, RollMarked
from voice.net.loading import load_net
from voice.places import cache_folder, sample_net
from voice.radio.ptt import Ptt, PttSettings
from voice.radio.ptt.kept import KeptPtt
from voice.radio.ptt.none import VOX_LEAD_S, NoPtt
from voice.radio.transmitter import TransmitSettings, Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.inbox import take as take_request
from voice.station.listener import open_ear
from voice.station.station import Speaker, Station


@dataclass(frozen=True, slots=True)
class Options:
    """As the command line gives them."""

    net: Path | None
    journal: str
    source: str
    rate: int
    output: str | None
    ptt: PttSettings
    longest_s: float
    roll: bool
    conduct: bool
    rounds: int
    alerts: Path | None
    model: str | None


def run(o: Options) -> int:
    """Until Ctrl-C, or until the piped input ends."""
    net = load_net(o.net or sample_net())
    ear = open_ear(net, model=o.model)
    out = Console(highlight=False)
    maker = LineMaker()
    notices: queue.Queue[tuple[str, str]] = queue.Queue()

    def tell(text: str) -> None:
        out.print(f"      ! {text}", style="bold magenta", markup=False, soft_wrap=True)

    card = None if o.source == "-" else CardSource(o.source, lambda kind, text: notices.put((kind, text)))
    source: AudioSource = card or RawStream(sys.stdin.buffer, o.rate, "stdin")
    if o.output is None and (o.roll or o.conduct or o.alerts):
        raise HuyingError("a roll-call or an alert needs a voice on the air: name the sound card with --output")
    if o.output is not None and card is None:
        raise HuyingError("--output needs a sound card as --input: what we send must not be heard as an answer")
    sink = CardSink(o.output) if o.output is not None else None
    line: Ptt = NoPtt() if o.ptt.kind == "none" else KeptPtt(o.ptt, o.longest_s, tell)

    def play(pcm: Pcm16) -> None:
        if sink is None:
            raise HuyingError("there is no --output to speak to")
        sink.play(pcm)

    with Journal(o.journal) as journal, Synthesiser(cache_folder() / "speech") as synthesiser:
        journal.claim()
        began = time.monotonic()
        clock = (lambda: card.now) if card else (lambda: time.monotonic() - began)
        vox = VOX_LEAD_S if o.ptt.kind == "none" else 0.0
        transmitter = Transmitter(
            line, play, clock, TransmitSettings(vox_tone_s=vox, longest_s=o.longest_s),
            card.deafen if card else lambda _on: None,
        )  # fmt: skip
        wanted = o.roll

        def take(event: Event, fact: Fact) -> None:
            nonlocal wanted
            shown = maker.line(fact, event)
            if shown["type"] not in HIDDEN:
                print_line(out, shown, net)
            if o.conduct and isinstance(fact, RollMarked) and fact.mark == "start" and fact.over:
                wanted = True

        station = Station(ear, journal, transmitter, Speaker(net, synthesiser), take, tell)
        if card:
            signal.signal(signal.SIGINT, lambda *_: card.end())
            signal.signal(signal.SIGTERM, lambda *_: card.end())
        out.print(f"listening to {source.name}; Ctrl-C ends 正在收听, Ctrl-C 结束", style="dim")
        try:
            for now in station.run(source):
                while not notices.empty():
                    kind, text = notices.get()
                    station.listener.record(DeviceChanged(t=now, what=kind, note=text))  # type: ignore[arg-type]
                if o.alerts and (station.alert is None or station.alert.closed):
                    _alert(o.alerts, station, tell)
                if wanted and (station.roll is None or station.roll.closed):
                    wanted = False
                    station.start_roll(tuple(u.id for u in net.units), o.rounds, "listen")
        finally:
            line.close()
        out.print(f"journal: {len(journal)} events, head {journal.head}", soft_wrap=True)
    return 0


def _alert(folder: Path, station: Station, tell: Callable[[str], None]) -> None:
    try:
        found = take_request(folder, station.net)
    except HuyingError as e:
        tell(str(e))
        return
    if found:
        r, units = found
        station.raise_alert(r.text, units, r.repeat, r.need_ack, r.emergency, "folder")


def show_devices(seconds: float) -> None:
    """All devices; the inputs' levels for some seconds."""
    out = Console(highlight=False)
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
                out.print(str(e), style="yellow", markup=False)
        live.update(_table(levels))


def _table(levels: dict[int, float]) -> Table:
    table = Table("no.", "device 设备", "in", "out", "Hz", "level 电平")
    for d in devices():
        level = levels.get(d.index)
        bar = "" if level is None else f"{'█' * max(0, round((level + 90) / 4)):<23} {level:.0f} dB"
        table.add_row(str(d.index), d.name, str(d.inputs or ""), str(d.outputs or ""), str(d.rate), bar)
    return table
