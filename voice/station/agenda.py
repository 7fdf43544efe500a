"""Work that does not come from the channel: request files, the schedule, and what a crash left unfinished. Called
between two frames; it has no thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.net.schedule import due
from voice.station.requests import CallRequest, RollRequest, Room, SayRequest, WatchRequest, WithdrawRequest
from voice.station.station import Station
from voice.talk.alert import Alert, evolve_alert
from voice.talk.attendance import Occasions
from voice.talk.facts import RollEnded, RollMarked
from voice.talk.rollcall import RollCall, evolve_roll
from voice.talk.welfare import WelfareTimer, evolve_timers
from voice.time import parse_wall

LOOK_S = 0.2
"""Polling interval of the folder."""


class Agenda:
    """Feeds a station with requests and scheduled roll-calls."""

    def __init__(
        self,
        station: Station,
        folder: Path | None,
        tell: Callable[[str], None],
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``wall`` returns the time of day; ``tell`` notifies the dispatcher."""
        self.station, self.folder, self._tell, self._wall = station, folder, tell, wall
        self._room = Room(folder, tell) if folder is not None else None
        self._looked = -LOOK_S
        self._trouble = ""
        """Why the folder could not be used when it was last looked at."""
        self._last = self._local()
        """Latest time that the schedule was asked about: never goes back, though the clock may."""

    @property
    def _net(self) -> Net:
        return self.station.net

    def _local(self) -> datetime:
        return self._wall().astimezone(self._net.settings.zone)

    def attend(self, now: float) -> None:
        """Called between two frames; ``now`` is the channel's clock, s."""
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        self._scheduled()
        if self._room is None:
            return
        try:
            found = self._room.take(self._net, not self.station.alerting)
            if found is None:
                return
            request, units = found
            if isinstance(request, WatchRequest):
                for unit in units:
                    self.station.watch(unit, request.watch, request.by)
            elif isinstance(request, CallRequest):
                for unit in units:
                    self.station.call(unit)
            elif isinstance(request, SayRequest):
                self.station.say(request.say)
            elif isinstance(request, WithdrawRequest):
                self.station.end_alert(request.by)
            elif isinstance(request, RollRequest):
                self._order(request, units, now)
            else:
                self.station.raise_alert(
                    request.text, units, request.repeat, request.need_ack, request.emergency, request.by
                )
            self._trouble = ""
        except HuyingError as e:
            self._tell(str(e))
        except OSError as e:  # of the folder or a file in it: retried at the next look
            if str(e) != self._trouble:
                self._trouble = str(e)
                self._tell(f"{self.folder}: requests cannot be taken 请求读不到 ({e}); the station must own the folder")

    def _order(self, order: RollRequest, units: tuple[str, ...], now: float) -> None:
        if order.roll == "start":
            rounds = order.rounds or self._net.settings.rollcall.rounds
            rounds = 1 if order.until and not order.rounds else rounds
            self.station.start_roll(units, rounds, order.by, order.question, order.until)
        elif not self.station.calling_roll:
            raise HuyingError(f"no roll-call is running: nothing to {order.roll} 当前没有点名")
        else:
            self.station.mark(RollMarked(t=now, mark=order.roll, over=0, reason=order.by))

    def _scheduled(self) -> None:
        now = self._local()
        ripe = due(self._net.settings.rollcall.slots, self._last, now, self._net.settings.zone)
        self._last = max(self._last, now)
        if not ripe:
            return
        if self.station.calling_roll:
            self._tell("a roll-call is due by the schedule, but one is running 按时点名已到, 正在点名")
            return
        self.station.start_roll(tuple(u.id for u in self._net.units), self._net.settings.rollcall.rounds, "schedule")


def unfinished(journal: Journal, channel: str = "") -> RollCall | None:
    """The roll-call that a crash or power cut left open on a channel."""
    roll: RollCall | None = None
    for event in _since_last(journal, "roll_began", channel):
        roll = evolve_roll(roll, event.fact(), event.seq)
    return roll if roll is not None and not roll.closed else None


def open_alert(journal: Journal, channel: str = "") -> tuple[Alert, datetime] | None:
    """The alert that a crash or power cut left open on a channel, and when it was raised."""
    alert: Alert | None = None
    occasions, raised = Occasions(), ""
    for event in _since_last(journal, "alert_raised", channel):
        fact = event.fact()
        if occasions.concerns(fact, occasions.take(fact, event.seq, event.wall))[1]:
            alert = evolve_alert(alert, fact, event.seq)
        raised = raised or event.wall
    if alert is None or alert.closed:
        return None
    return replace(alert, awaited=(), interrupted=True), parse_wall(raised)


def _since_last(journal: Journal, kind: str, channel: str) -> Iterator[Event]:
    """Events of a channel since the latest one of this kind, inclusive."""
    latest = 0
    for event in journal.events(kind=kind):
        latest = event.seq if event.fact().channel == channel else latest
    if latest:
        yield from (e for e in journal.events(after=latest - 1) if e.fact().channel == channel)


def watches_of(journal: Journal, channel: str = "") -> dict[str, WelfareTimer]:
    """Welfare timers still running on a channel."""
    watches: dict[str, WelfareTimer] = {}
    for fact in (event.fact() for event in journal.events(kind="watch_set")):
        if fact.channel == channel:
            watches = evolve_timers(watches, fact)
    return watches


def give_up(station: Station, roll: RollCall, now: float) -> None:
    """Close an unfinished roll-call without announcing it."""
    station.log.record(RollEnded(t=now, complete=False, missing=roll.missing, unclear=roll.unclear))
