"""The live loop: a station at its radio, with everything that runs alongside.

Nothing is printed here: output goes to a ``Screen``, implemented by the command line.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from voice.audio.card import CardSource
from voice.audio.source import AudioSource
from voice.audio.streams import NOTHING_SAID, Raw, RawStream, UdpStream
from voice.errors import HuyingError, Unwritable
from voice.journal.event import Event
from voice.journal.store import Journal, redacted
from voice.net.loading import Net
from voice.net.settings import StationSettings
from voice.places import cache_folder, requests_folder, stations_folder
from voice.speech.synthesiser import Synthesiser
from voice.station.agenda import Agenda, give_up, open_alert, unfinished, watches_of
from voice.station.announcer import Announcer
from voice.station.channels import Channels
from voice.station.clock import ClockWatch
from voice.station.ear import open_ear
from voice.station.microphone import Microphone
from voice.station.net_watch import NetWatch, changed_phrases
from voice.station.recorders import UploadDesk
from voice.station.requests import STALE_S
from voice.station.spool import Spool
from voice.station.station import Station
from voice.station.status import Status, announce, status_file
from voice.station.wiring import end_source, open_line, open_source, open_transmitter
from voice.supervised import troubles
from voice.talk.alert import Alert
from voice.talk.announcing import known
from voice.talk.facts import DeviceChanged, Fact, RollMarked
from voice.talk.rollcall import RollCall
from voice.time import moment_of

UNWRITABLE_WAIT_S = 1.0
"""Pause before the journal is retried."""


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Options for starting a station; ``None`` and False: as set for the net."""

    roll: bool = False
    """Start a roll-call at once."""
    conduct: bool = False
    """Start a roll-call when 开始点名 is said on the air."""
    rounds: int | None = None
    """Calls per unit."""
    resume: bool | None = None
    """Resume what was interrupted; ``None``: ask on the screen."""
    raw: Raw = NOTHING_SAID
    """Format of raw samples, as given by the user."""
    start: str | None = None
    """Start time of a piped recording; ``None``: live input."""
    model: str | None = None
    requests: Path | None = None
    """Requests folder; ``None``: the default."""


class Screen(Protocol):
    """What the person at the desk sees."""

    def event(self, event: Event, fact: Fact) -> None:
        """An event was logged, on any channel. Called by one thread at a time."""

    def tell(self, text: str) -> None:
        """Something needs a person's attention; called from any thread."""

    def note(self, text: str, urgent: bool = False) -> None:
        """Status information."""

    def ask(self, question: str) -> bool | None:
        """A person's answer; None if nobody can be asked."""


class Runtime:
    """A station wired to this machine's devices, with everything alongside: other channels, recorder uploads,
    dispatcher's microphone, requests, schedule, clock."""

    def __init__(
        self,
        net: Net,
        journal: Journal,
        desk: StationSettings,
        options: ListenOptions,
        screen: Screen,
        stack: contextlib.ExitStack,
    ) -> None:
        """``desk``: ``[station]`` with overrides applied; everything opened is closed with ``stack``. Raises
        HuyingError for what this machine or net lacks."""
        self.net, self.speaks = net, bool(desk.output)
        self._screen, o = screen, options
        self.tell = screen.tell
        self._notices: queue.Queue[tuple[str, str, str]] = queue.Queue()
        """Of the sound cards' threads: (channel, kind, words)."""
        self._showing = threading.Lock()
        self._ending = threading.Event()
        self._running = False
        """Everything that a lost card is reported to exists."""
        self._stuck = ""
        """The latest reason why the journal could not be written."""
        self._clock = ClockWatch()
        self._roll_wanted = o.roll
        self._by_voice = o.conduct or (net.settings.rollcall.by_voice and self.speaks and desk.commands == "air")
        self._rounds = o.rounds or net.settings.rollcall.rounds

        self.journal = journal
        journal.claim()
        began = moment_of(o.start, net.settings.zone) if o.start else None
        self.source, card = open_source(desk, o.raw, lambda kind, text: self._noticed("", kind, text), began)
        if self.speaks and card is None:
            raise HuyingError("--output needs a sound card as --input: what we send must not be heard as an answer")
        ear = self._ear = open_ear(net, model=o.model)
        stack.callback(lambda: self._ear.close())
        self._left = unfinished(self.journal) if self.speaks else None
        """A roll-call that a crash has left open."""
        self._resume = self._left is not None and self._resumes(o, self._left)
        self._alert = open_alert(self.journal) if self.speaks else None
        """Likewise an alert."""
        self._resume_alert = self._alert is not None and self._reads_on(o, *self._alert)
        line, carrier_busy = open_line(desk, self.tell, stack, lambda why: self.station.cut(why))
        level = net.settings.voice.level_db
        transmitter = open_transmitter(desk, line, card, desk.level_db if level is None else level)
        synthesiser = stack.enter_context(Synthesiser(cache_folder() / "speech"))
        speaker = stack.enter_context(contextlib.closing(Announcer(net, synthesiser, self.tell)))
        if self.speaks:
            speaker.prepare(known(net))
        self._named = redacted(journal.url).removeprefix("sqlite:///")
        folder = o.requests or requests_folder(journal.url)
        self._status = status_file(folder)
        stack.callback(self._status.remove)
        note = announce(stations_folder(), folder)
        if note is not None:
            stack.callback(note.unlink, missing_ok=True)
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
            on_saying=lambda text: self._status.write(self._moment(saying=text), True),
            wait=self.wait,
        )
        stack.enter_context(contextlib.closing(NetWatch(ear, lambda text: self._noticed("", "net", text))))
        self._requests = Agenda(self.station, folder if self.speaks else None, self.tell)
        self._sources = self._other_sources(net, o.raw)
        self._others = Channels(ear, self.journal, self._sources, self._take, self.tell, self.wait)
        if desk.uploads:
            takes = UploadDesk(ear, self.journal, Spool(folder), self.tell, self._take, self.wait)
            stack.callback(takes.close)
        self._microphone: Microphone | None = None
        if desk.microphone:
            own = CardSource(desk.microphone, lambda _kind, text: self.tell(f"microphone: {text}"))
            self._microphone = stack.enter_context(contextlib.closing(Microphone(ear, own, own.end, self.tell)))

    def _resumes(self, o: ListenOptions, roll: RollCall) -> bool:
        """Whether to resume an interrupted roll-call."""
        left = "、".join(self.net.name_of(u) for u in roll.units if u not in roll.here)
        stands = f"实到 {len(roll.here)}/{len(roll.units)}, 尚缺 {left}"
        self._screen.note(f"a roll-call was interrupted 上次点名中断: {stands}", True)
        return self._goes_on(o, "go on where it stood 接着点名?")

    def _reads_on(self, o: ListenOptions, alert: Alert, raised: datetime) -> bool:
        """Whether to resume an interrupted alert; an old one never."""
        stands = f"{alert.text} ({len(alert.answers)}/{len(alert.units)})"
        self._screen.note(f"an alert was interrupted 上次通知中断: {stands}", True)
        age = (datetime.now(UTC) - raised).total_seconds()
        if age > STALE_S:
            self._screen.note(f"it is {age / 60:.0f} min old and is not read on 已过期, 不再播报", True)
            return False
        return self._goes_on(o, "read it to those that have not answered 继续播报?")

    def _goes_on(self, o: ListenOptions, question: str) -> bool:
        """As the option says, else as answered, else no."""
        answer = o.resume if o.resume is not None else self._screen.ask(question)
        if answer is None:
            self._screen.note("--resume goes on with it; it is closed as incomplete 按未完成结束", True)
        return bool(answer)

    def _other_sources(self, net: Net, raw: Raw) -> dict[str, AudioSource]:
        """Sources of the other channels."""
        sources: dict[str, AudioSource] = {}
        for c in net.settings.channels:
            if c.input == "-":
                raise HuyingError(f"channel {c.name}: standard input is for the station's own channel")
            told = lambda kind, text, name=c.name: self._noticed(name, kind, text)  # noqa: E731
            own = Raw(c.rate or raw.rate, c.form or raw.form, c.side or raw.side)
            sources[c.name], _ = open_source(StationSettings(input=c.input), own, told)
        return sources

    def wait(self, e: Unwritable) -> bool:
        """The journal cannot be written: wait, unless we are stopping."""
        if self._stuck != str(e):
            self._stuck = str(e)
            self.tell(f"{e}; sound waits in memory, up to ten minutes 日志写不进去, 声音先留在内存里")
        time.sleep(UNWRITABLE_WAIT_S)
        return not self._ending.is_set()

    def run(self) -> None:
        """Run until the source ends."""
        _end_on_signals(self.source, self._ending)
        self._screen.note(f"listening to {self.source.name}; Ctrl-C ends 正在收听")
        schedule = self.net.settings.rollcall.schedule
        if self.speaks and schedule:
            self._screen.note(f"roll-call at 按时点名: {'; '.join(schedule)}")
        self._running = True
        for now in self.station.run(self.source):
            self._between_frames(now)
        for other in self._sources.values():
            end_source(other)
        self._others.join(10.0)

    def _take(self, event: Event, fact: Fact) -> None:
        with self._showing:
            self._screen.event(event, fact)
        if fact.channel:  # another channel's: logged and shown only
            return
        if self._by_voice and isinstance(fact, RollMarked) and fact.mark == "start" and fact.over and fact.obeyed:
            self._roll_wanted = True

    def _noticed(self, channel: str, kind: str, text: str) -> None:
        """Notice from a sound card. A loss is logged at once by the thread waiting for its frames, since none will
        arrive to trigger it. Other threads wait for their frames."""
        if self._running and kind in ("lost", "back"):
            self._note(channel, kind, text)
        else:
            self._notices.put((channel, kind, text))

    def _note(self, channel: str, kind: str, text: str) -> None:
        listener = self._others.listeners[channel] if channel else self.station.listener
        source = self._sources[channel] if channel else self.source
        now = source.now if kind == "back" and isinstance(source, CardSource) else listener.reached
        listener.log.record(DeviceChanged(t=max(now, listener.reached), what=kind, note=text))  # type: ignore[arg-type]

    def _moment(self, **seen: Any) -> Status:
        failed = tuple(troubles())
        return Status(source=self.source.name, transmits=self.speaks, journal=self._named, troubles=failed, **seen)

    def _between_frames(self, now: float) -> None:
        station, heard = self.station, self.station.listener
        if self._status.due:
            self._status.write(
                self._moment(
                    busy=heard.busy,
                    level_db=round(heard.level_db, 1),
                    floor_db=round(heard.floor_db, 1),
                    squelch=heard.squelch,
                    voice=heard.voice,
                    who=heard.talking[0],
                    heard=heard.talking[1],
                )
            )
        while not self._notices.empty():
            self._note(*self._notices.get())
        if heard.ear is not self._ear:
            before, self._ear, station.net = station.net, heard.ear, heard.ear.net
            heard.log.record(changed_phrases(before, station.net, now))
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
            for message, pcm in self._microphone.messages():
                station.told(message, pcm)
        if self.speaks:
            self._requests.attend(now)
        if self._roll_wanted and not station.calling_roll:
            self._roll_wanted = False
            station.start_roll(tuple(u.id for u in self.net.units), self._rounds, "listen")


def _end_on_signals(source: AudioSource, ending: threading.Event) -> None:
    def end(*_: object) -> None:
        ending.set()
        end_source(source)

    if isinstance(source, CardSource | UdpStream | RawStream):
        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGTERM, end)
