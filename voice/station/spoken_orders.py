"""Spoken orders from the dispatcher, after the assistant's call sign or on his own microphone: those that transmit
or change the log are read back, can be cancelled for a while, and are then carried out by the station."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal, Protocol

import numpy as np

from voice.errors import HuyingError
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.station.listener import Listener
from voice.station.logbook import Logbook
from voice.station.requests import with_neighbours
from voice.talk.announcing import sign_of
from voice.talk.by_hand import Corrected
from voice.talk.commands import (
    ANSWERED,
    READ_BACK,
    ROLL_MARKS,
    answer,
    code_of_the_day,
    code_words,
    obstacle,
    read_back,
    unauthorised,
)
from voice.talk.facts import AlertRaised, Commanded, RollMarked
from voice.talk.rollcall import RollCall

LEAST_WORDS_S, MOST_WORDS_S = 0.4, 45.0
"""Longest recorded speech that is transmitted, s; the time-out timer allows a minute."""


class OnAir(Protocol):
    """What orders need from a station."""

    net: Net
    listener: Listener
    log: Logbook
    now: float
    roll: RollCall | None
    last_said: str
    last_alert: AlertRaised | None
    last_event: dict[str, int]

    @property
    def replying(self) -> bool:
        """An announcement is pending."""

    def say(self, text: str) -> None:
        """Announce once, when the channel is clear."""

    def own_words(self, command: Commanded) -> Pcm16:
        """The speech after 播报 in a command just heard."""

    def pass_on(self, sound: Pcm16) -> None:
        """Transmit it to all."""

    def call(self, unit: str) -> None:
        """Call one unit outside a roll-call."""

    def start_roll(self, units: tuple[str, ...], rounds: int = 2, by: str = "") -> None:
        """Raises HuyingError if one is running."""

    def mark(self, fact: RollMarked) -> None:
        """Pause, resume, skip, repeat or stop the roll-call."""

    def raise_alert(
        self, text: str, units: tuple[str, ...], repeat: int, need_ack: bool, emergency: bool, by: str
    ) -> None:
        """Raises HuyingError if another is open."""


class Orders:
    """Orders of one station, in the order they were heard."""

    def __init__(self, station: OnAir, tell: Callable[[str], None], wall: Callable[[], datetime]) -> None:
        self._station, self._tell, self._wall = station, tell, wall
        self._heard: deque[Commanded] = deque()
        """Not looked at yet."""
        self._pending: tuple[Commanded, float] | None = None
        """Read back, and when it is carried out unless it is cancelled."""
        self._words = np.zeros(0, np.int16)
        """The dispatcher's own, to be passed on."""

    @property
    def pending(self) -> bool:
        """One was read back and can still be cancelled."""
        return self._pending is not None

    def heard(self, command: Commanded) -> None:
        """Queue for ``attend``."""
        self._heard.append(command)

    def replied(self) -> None:
        """An announcement was made: the cancelling period starts now."""
        if self._pending:
            self._pending = self._pending[0], self._station.now + self._station.net.settings.station.cancel_s

    def attend(self) -> None:
        """Process orders: read back, answer, cancel, or carry out those nobody has cancelled."""
        while self._heard:
            self._command(self._heard.popleft())
        station = self._station
        station.listener.command_pending = self.pending
        if self._pending and station.now >= self._pending[1] and not station.replying and not station.listener.busy:
            heard, _ = self._pending
            self._pending = None
            self._outcome(heard, "done", self._carry_out(heard))

    def _outcome(self, heard: Commanded, status: Literal["done", "cancelled", "refused"], note: str = "") -> None:
        self._station.log.record(replace(heard, t=self._station.now, status=status, note=note))

    def _command(self, heard: Commanded) -> None:
        command, station, net = heard.command, self._station, self._station.net
        if command == "cancel":
            if self._pending:
                self._outcome(self._pending[0], "cancelled")
                self._pending = None
                self._reply("已取消。", heard)
            return
        if not command:  # addressed to us, but not a command: ignored
            self._tell(f"addressed, but no command 没有听懂口令: {heard.text}")
            if heard.over:
                self._reply("没听懂,请再说一遍。", heard)
            return
        now = self._wall().astimezone(net.settings.zone)
        last_alert = station.last_alert.text if station.last_alert else ""
        why = self._stranger(heard, now) or obstacle(command, heard.units, station.roll, last_alert)
        why = why or self._unfit(command, heard.units)
        if why or (command == "own_words" and (why := self._take_words(heard))):
            self._outcome(heard, "refused", why)
            self._reply(f"{why}。", heard)
        elif command in READ_BACK:
            if self._pending:
                self._outcome(self._pending[0], "cancelled", "another command came")
            self._reply(read_back(net, command, heard.units, heard.figures), heard)
            self._pending = heard, station.now + net.settings.station.cancel_s
        elif command in ANSWERED:
            told = answer(net, command, heard.units, station.roll, station.last_said, now)
            self._reply(told, heard)
            if heard.over and command != "repeat_last":
                station.last_said = told
            self._outcome(heard, "done", told)

    def _unfit(self, command: str, units: tuple[str, ...]) -> str:
        """The first unit for which it cannot be carried out, worded for the air; empty if it can."""
        net = self._station.net
        if command == "call_near":
            alone = [u for u in net.units if u.id in units and not u.neighbours]
            return f"{sign_of(net, alone[0].id)}没有登记邻近单位" if alone else ""
        unknown = [u for u in units if command == "mark_present" and not self._called_at(u)]
        return f"没有呼叫过{sign_of(net, unknown[0])}" if unknown else ""

    def _called_at(self, unit: str) -> int:
        """Number of the event that “marked present” corrects: of the unit in the roll-call, or of its last call."""
        roll, last = self._station.roll, self._station.last_event.get(unit, 0)
        return max(last, roll.since) if roll is not None and unit in roll.units else last

    def _take_words(self, heard: Commanded) -> str:
        """Extract the audio to be passed on; otherwise the reason why not, worded for the air."""
        self._words = self._station.own_words(heard)
        if len(self._words) < LEAST_WORDS_S * RATE:
            return "没有听到要播报的话"
        return "要播报的话太长" if len(self._words) > MOST_WORDS_S * RATE else ""

    def _stranger(self, heard: Commanded, now: datetime) -> str:
        """Why it is not obeyed: said on the air, or without a required code of the day."""
        net, settings = self._station.net, self._station.net.settings
        code = code_of_the_day(code_words(net), settings.station.code_key, now.date()) if settings.codes else ""
        return unauthorised(settings.station.commands, heard.over > 0, heard.text, code)

    def _reply(self, text: str, heard: Commanded) -> None:
        """On the air if it was said there, on the screen if it was said at the desk."""
        if heard.over:
            self._station.say(text)
        else:
            self._tell(text)

    def _carry_out(self, heard: Commanded) -> str:
        """The outcome, for the log. Raises nothing: failures are reported and logged."""
        command, units, station = heard.command, heard.units, self._station
        try:
            if command == "roll_start":
                rounds = station.net.settings.rollcall.rounds
                station.start_roll(tuple(u.id for u in station.net.units), rounds, "voice")
            elif command in ROLL_MARKS:
                mark = ROLL_MARKS[command]
                station.mark(RollMarked(t=station.now, mark=mark, over=heard.over))  # type: ignore[arg-type]
            elif command == "call_missing" and station.roll:
                station.start_roll(station.roll.missing, 1, "voice")
            elif command == "call_unit":
                for unit in units:
                    station.call(unit)
            elif command == "call_near":
                for unit in with_neighbours(station.net, units):
                    if unit not in units:
                        station.call(unit)
            elif command == "read_alert" and station.last_alert:
                a = station.last_alert
                station.raise_alert(a.text, a.units, a.repeat, a.need_ack, a.emergency, "voice")
            elif command == "own_words":
                station.pass_on(self._words)
            elif command == "mark_present":
                for unit in units:
                    at = self._called_at(unit)
                    station.log.record(
                        Corrected(
                            t=station.now, corrects=at, unit=unit, meaning="present", by="dispatcher", note="by voice"
                        )
                    )
        except HuyingError as e:
            self._tell(str(e))
            self._reply("没有执行。", heard)
            return str(e)
        return ""
