"""``huying listen`` and ``huying devices``: a station at the radio's sound card."""

from __future__ import annotations

import contextlib
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.live import Live
from rich.table import Table

from voice.audio.card import CardSink, CardSource
from voice.audio.portaudio import devices
from voice.audio.source import UDP_RATE, AudioSource, RawStream, UdpStream
from voice.errors import HuyingError, Unwritable
from voice.journal.lines import LineMaker
from voice.journal.store import Event, Journal
from voice.net.loading import Net, load_net
from voice.net.settings import StationSettings
from voice.pcm import RATE, Pcm16
from voice.places import cache_folder, requests_folder, sample_net
from voice.radio.ptt import PttSettings, kind_of_carrier
from voice.radio.ptt.kept import KeptPtt
from voice.radio.ptt.none import VOX_LEAD_S, NoPtt
from voice.radio.sense import CarrierSense
from voice.radio.transmitter import Line, TransmitSettings, Transmitter
from voice.speech.synthesiser import Synthesiser
from voice.station.agenda import Desk, give_up, open_alert, unfinished, watches_of
from voice.station.channels import Channels
from voice.station.clock import ClockWatch
from voice.station.ear import open_ear
from voice.station.microphone import Microphone
from voice.station.recorders import Spool, UploadDesk
from voice.station.requests import STALE_S
from voice.station.speaker import Speaker
from voice.station.station import Station
from voice.station.status import Status, status_file
from voice.talk.alert import Alert
from voice.talk.announcing import known
from voice.talk.facts import DeviceChanged, Fact, RollMarked
from voice.talk.rollcall import RollCall
from voice.terminal.events import HIDDEN, print_line
from voice.terminal.output import screen

UNWRITABLE_WAIT_S = 1.0
"""Before the journal is tried again."""


@dataclass(frozen=True, slots=True)
class Options:
    """As the command line gives them; ``None`` and empty: as the net's settings say."""

    net: Path | None
    journal: str
    station: dict[str, object]
    """Values that go before ``[station]`` of net.toml."""
    rate: int | None
    """Hz of raw PCM; ``None``: what is usual for the input."""
    roll: bool
    conduct: bool
    rounds: int | None
    requests: Path | None
    resume: bool | None
    model: str | None


def run(o: Options) -> int:
    """Until Ctrl-C, or until the piped input ends."""
    net = load_net(o.net or sample_net())
    try:
        desk = StationSettings.model_validate(net.settings.station.model_dump() | o.station)
    except ValidationError as e:
        told = "; ".join(f"--{'-'.join(map(str, x['loc']))}: {x['msg']}; choose one of those" for x in e.errors())
        raise HuyingError(told) from e
    if (o.roll or o.conduct or (o.requests is not None and not desk.uploads)) and not desk.output:
        raise HuyingError("a roll-call or an alert needs a voice on the air: name the sound card with --output")
    with contextlib.ExitStack() as stack:
        _Listening(o, net, desk, stack).run()
    return 0


class _Listening:
    """A station wired to this machine's devices, and what it shows on the terminal."""

    def __init__(self, o: Options, net: Net, desk: StationSettings, stack: contextlib.ExitStack) -> None:
        self.net, self.speaks = net, bool(desk.output)
        self.out = screen()
        self._notices: queue.Queue[tuple[str, str, str]] = queue.Queue()
        """Of the sound cards' threads: (channel, kind, words)."""
        self._showing = threading.Lock()
        self._ending = threading.Event()
        self._running = False
        """Everything is there that can be told of a lost card."""
        self._stuck = ""
        """The latest reason why the journal could not be written."""
        self._maker = LineMaker()
        self._clock = ClockWatch()
        self._roll_wanted = o.roll
        self._by_voice = o.conduct or (net.settings.rollcall.by_voice and self.speaks and desk.commands == "air")
        self._rounds = o.rounds or net.settings.rollcall.rounds

        self.journal = stack.enter_context(Journal(o.journal))
        self.journal.claim()
        self.source, card = _source(desk, o.rate, lambda kind, text: self._noticed("", kind, text))
        if self.speaks and card is None:
            raise HuyingError("--output needs a sound card as --input: what we send must not be heard as an answer")
        ear = open_ear(net, model=o.model)
        self._left = unfinished(self.journal) if self.speaks else None
        """A roll-call that a crash has left open."""
        self._resume = self._left is not None and _resumes(o, net, self._left, self.out)
        self._alert = open_alert(self.journal) if self.speaks else None
        """Likewise an alert."""
        self._resume_alert = self._alert is not None and _reads_on(o, *self._alert, self.out)
        line, carrier_busy = _line(desk, self.tell, stack)
        level = net.settings.voice.level_db
        transmitter = _transmitter(desk, line, card, desk.level_db if level is None else level)
        synthesiser = stack.enter_context(Synthesiser(cache_folder() / "speech"))
        speaker = stack.enter_context(contextlib.closing(Speaker(net, synthesiser, self.tell)))
        if self.speaks:
            speaker.prepare(known(net))
        folder = o.requests or requests_folder()
        self._status = status_file(folder)
        stack.callback(self._status.remove)
        self.station = Station(
            ear,
            self.journal,
            transmitter,
            speaker,
            self._take,
            self.tell,
            self._left,
            self._alert[0] if self._alert else None,
            carrier_busy,
            watches=watches_of(self.journal) if self.speaks else {},
            on_saying=lambda text: self._status.write(Status(saying=text, source=self.source.name), True),
            wait=self.wait,
        )
        self._requests = Desk(self.station, folder if self.speaks else None, self.tell)
        self._sources = self._other_sources(net, o.rate)
        self._others = Channels(ear, self.journal, self._sources, self._take, self.tell, self.wait)
        if desk.uploads:
            takes = UploadDesk(ear, self.journal, Spool(folder), self.tell, self._take, self.wait)
            stack.callback(takes.close)
        self._microphone: Microphone | None = None
        if desk.microphone:
            own = CardSource(desk.microphone, lambda _kind, text: self.tell(f"microphone: {text}"))
            self._microphone = stack.enter_context(contextlib.closing(Microphone(ear, own, own.end)))

    def _other_sources(self, net: Net, rate: int | None) -> dict[str, AudioSource]:
        """Of the channels beside the station's own."""
        sources: dict[str, AudioSource] = {}
        for c in net.settings.channels:
            if c.input == "-":
                raise HuyingError(f"channel {c.name}: standard input is for the station's own channel")
            told = lambda kind, text, name=c.name: self._noticed(name, kind, text)  # noqa: E731
            sources[c.name], _ = _source(StationSettings(input=c.input), rate, told)
        return sources

    def wait(self, e: Unwritable) -> bool:
        """The journal cannot be written: hold on, unless we are to end."""
        if self._stuck != str(e):
            self._stuck = str(e)
            self.tell(f"{e}; sound waits in memory, up to ten minutes 日志写不进去, 声音先留在内存里")
        time.sleep(UNWRITABLE_WAIT_S)
        return not self._ending.is_set()

    def tell(self, text: str) -> None:
        """To the dispatcher."""
        self.out.print(f"      ! {text}", style="bold magenta", soft_wrap=True)

    def run(self) -> None:
        """Until the source ends."""
        _end_on_signals(self.source, self._ending)
        self.out.print(f"listening to {self.source.name}; Ctrl-C ends 正在收听, Ctrl-C 结束", style="dim")
        schedule = self.net.settings.rollcall.schedule
        if self.speaks and schedule:
            self.out.print(f"roll-call at 按时点名: {'; '.join(schedule)}", style="dim")
        self._running = True
        for now in self.station.run(self.source):
            self._between_frames(now)
        for other in self._sources.values():
            _end(other)
        self._others.join(10.0)
        self.out.print(f"journal: {len(self.journal)} events, head {self.journal.head}", soft_wrap=True)

    def _take(self, event: Event, fact: Fact) -> None:
        with self._showing:
            shown = self._maker.line(fact, event)
            if shown["type"] not in HIDDEN:
                print_line(self.out, shown, self.net)
        if fact.channel:  # another channel's: logged and shown, nothing is done about it
            return
        if self._by_voice and isinstance(fact, RollMarked) and fact.mark == "start" and fact.over:
            self._roll_wanted = True

    def _noticed(self, channel: str, kind: str, text: str) -> None:
        """By a sound card. That it was lost is written at once, by the thread that waits for its frames: none will
        come to be waited for. Other threads must wait for theirs."""
        if self._running and kind in ("lost", "back"):
            self._note(channel, kind, text)
        else:
            self._notices.put((channel, kind, text))

    def _note(self, channel: str, kind: str, text: str) -> None:
        listener = self._others.listeners[channel] if channel else self.station.listener
        source = self._sources[channel] if channel else self.source
        now = source.now if kind == "back" and isinstance(source, CardSource) else listener.reached
        listener.log.record(DeviceChanged(t=max(now, listener.reached), what=kind, note=text))  # type: ignore[arg-type]

    def _between_frames(self, now: float) -> None:
        station, heard = self.station, self.station.listener
        if self._status.due:
            self._status.write(
                Status(
                    heard.busy,
                    round(heard.level_db, 1),
                    "",
                    self.source.name,
                    round(heard.floor_db, 1),
                    heard.squelch,
                    heard.voice,
                    *heard.talking,
                )
            )
        while not self._notices.empty():
            self._note(*self._notices.get())
        moved = self._clock.look(datetime.now(UTC), time.monotonic(), now)
        if moved is not None:
            heard.log.move_clock(now, *moved)
        if self._left is not None:  # the first frame after a crash
            if self._resume:
                station.mark(RollMarked(t=now, mark="resume", over=0, reason="after an interruption"))
            else:
                give_up(station, self._left, now)
            self._left = None
        if self._alert is not None:
            self._alert = None
            if self._resume_alert:
                station.resume_alert()
            else:
                station.end_alert("interrupted")
        if self._microphone is not None:
            for message in self._microphone.messages():
                station.told(message)
        if self.speaks:
            self._requests.attend(now)
        if self._roll_wanted and not station.calling_roll:
            self._roll_wanted = False
            station.start_roll(tuple(u.id for u in self.net.units), self._rounds, "listen")


def _transmitter(desk: StationSettings, line: Line, card: CardSource | None, level_db: float) -> Transmitter:
    """Plays to the desk's output; without one it can only say so."""
    sink = CardSink(desk.output) if desk.output else None

    def play(pcm: Pcm16) -> None:
        if sink is None:
            raise HuyingError("there is no --output to speak to")
        sink.play(pcm)

    vox = VOX_LEAD_S if desk.ptt == "none" else 0.0
    began = time.monotonic()
    return Transmitter(
        line,
        play,
        (lambda: card.now) if card else (lambda: time.monotonic() - began),
        TransmitSettings(vox_tone_s=vox, longest_s=desk.timeout_s, level_db=level_db),
        card.deafen if card else lambda _on: None,
    )


def _source(
    desk: StationSettings, rate: int | None, notice: Callable[[str, str], None]
) -> tuple[AudioSource, CardSource | None]:
    """The source, and once more if it is a sound card."""
    if desk.input == "-":
        return RawStream(sys.stdin.buffer, rate or RATE, "stdin"), None
    if desk.input.startswith("udp:"):
        host, _, port = desk.input.removeprefix("udp:").rpartition(":")
        if not port.isdigit():
            raise HuyingError(f"--input {desk.input}: write udp:7355 or udp:0.0.0.0:7355")
        return UdpStream(int(port), host or "127.0.0.1", rate or UDP_RATE, desk.input), None
    card = CardSource(desk.input, notice)
    return card, card


def _line(
    desk: StationSettings, tell: Callable[[str], None], stack: contextlib.ExitStack
) -> tuple[Line, Callable[[], bool]]:
    """The PTT line and the carrier detect beside the audio; both are closed with ``stack``."""
    kind = "" if desk.carrier == "audio" else kind_of_carrier(desk.carrier)
    same = kind == desk.ptt and desk.carrier_device in ("", desk.ptt_device)
    ptt = PttSettings(desk.ptt, desk.ptt_device, desk.ptt_line, desk.ptt_inverted, desk.carrier if same else "")
    line: Line = NoPtt()
    if desk.ptt != "none":
        line = stack.enter_context(contextlib.closing(KeptPtt(ptt, desk.timeout_s, tell)))
    if desk.carrier == "audio":
        return line, lambda: False
    if same and isinstance(line, KeptPtt):
        asked = line
    else:
        device = desk.carrier_device or desk.ptt_device
        other = PttSettings(kind, device, carrier=desk.carrier)
        asked = stack.enter_context(contextlib.closing(KeptPtt(other, desk.timeout_s, tell)))
    return line, stack.enter_context(contextlib.closing(CarrierSense(asked, tell))).busy


def _resumes(o: Options, net: Net, roll: RollCall, out: Console) -> bool:
    """Whether to go on with a roll-call that was interrupted."""
    left = "、".join(net.name_of(u) for u in roll.units if u not in roll.here)
    stands = f"实到 {len(roll.here)}/{len(roll.units)}, 尚缺 {left}"
    out.print(f"a roll-call was interrupted 上次点名中断: {stands}", style="yellow")
    return _goes_on(o, "go on where it stood 接着点名?", out)


def _reads_on(o: Options, alert: Alert, raised: datetime, out: Console) -> bool:
    """Whether to go on with an alert that was interrupted; never with an old one."""
    stands = f"{alert.text} ({len(alert.answers)}/{len(alert.units)})"
    out.print(f"an alert was interrupted 上次通知中断: {stands}", style="yellow")
    age = (datetime.now(UTC) - raised).total_seconds()
    if age > STALE_S:
        out.print(f"it is {age / 60:.0f} min old and is not read on 已过期, 不再播报", style="yellow")
        return False
    return _goes_on(o, "read it to those that have not answered 继续播报?", out)


def _goes_on(o: Options, question: str, out: Console) -> bool:
    """As told, as answered, or not."""
    if o.resume is not None:
        return o.resume
    if sys.stdin.isatty():
        return typer.confirm(question, default=True)
    out.print("--resume goes on with it; it is closed as incomplete 未指定 --resume, 按未完成结束", style="yellow")
    return False


def _end(source: AudioSource) -> None:
    if isinstance(source, CardSource):
        source.end()
    elif isinstance(source, UdpStream):
        source.ended = True


def _end_on_signals(source: AudioSource, ending: threading.Event) -> None:
    def end(*_: object) -> None:
        ending.set()
        _end(source)

    if isinstance(source, CardSource | UdpStream):
        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGTERM, end)


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
