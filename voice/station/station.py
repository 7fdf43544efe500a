"""A station on the air: it listens, and transmits when the channel is clear.

One loop over the frames of a live source owns everything; net logic and conductor are pure, so after each frame the
station asks them what to do next. While we transmit, the source delivers no frames: the sample clock jumps, and the
listener knows that nothing could be received.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np

from voice.audio.source import AudioSource
from voice.errors import HuyingError, Unwritable
from voice.grammar.message import Message
from voice.journal.anchor import anchor_of
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.mandarin.figures import DOUBT, aloud
from voice.pcm import RATE, Pcm16
from voice.radio.transmitter import ChannelBusy, ClearChannel, Priority, Transmitter, levelled
from voice.speech.vad import speech_spans
from voice.station.announcer import LEVEL_DB, Announcer, Unreadable
from voice.station.ear import Ear
from voice.station.listener import Listener
from voice.station.spoken_orders import Orders
from voice.talk.alert import Alert, AlertMove, evolve_alert, next_alert_move
from voice.talk.announcing import alert_words, anchor_words, announcement, sign_of, to_read_back
from voice.talk.announcing import call as call_of
from voice.talk.answering import Answering, Reply
from voice.talk.attendance import Occasions
from voice.talk.by_hand import Corrected, Undone
from voice.talk.control import command_heard
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    Called,
    Commanded,
    ControlReplied,
    DeviceChanged,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Overdue,
    OverHeard,
    Purpose,
    Remarked,
    RollBegan,
    RollEnded,
    RollMarked,
    WatchSet,
)
from voice.talk.rollcall import Move, RollCall, evolve_roll, next_move
from voice.talk.welfare import WelfareTimer, evolve_timers, to_alarm, to_call

OnEvent = Callable[[Event, Fact], None]
BUSY = "the channel stayed busy"
LATE_S = 1.0
"""Lag, after waiting for the journal, above which nothing is sent until processing has caught up."""

REMEMBERED = 5000
"""How many recent events can still be corrected in the running roll-call or alert."""

PATIENCE_S = 8.0
"""Time for net control to answer a reporting unit before we do."""

RETRY_S = 10.0
"""Pause before retrying an announcement that voice, sound card or PTT failed to send."""


class Station:
    """Listens to one live channel, conducts its roll-calls and reads its alerts."""

    def __init__(
        self,
        ear: Ear,
        journal: Journal,
        transmitter: Transmitter,
        speaker: Announcer,
        on_event: OnEvent = lambda _e, _f: None,
        tell: Callable[[str], None] = lambda _t: None,
        roll: RollCall | None = None,
        alert: Alert | None = None,
        line_busy: Callable[[], bool] = lambda: False,
        wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        watches: dict[str, WelfareTimer] | None = None,
        on_saying: Callable[[str], None] = lambda _t: None,
        wait: Callable[[Unwritable], bool] = lambda _e: False,
    ) -> None:
        """``tell`` notifies the dispatcher. ``roll`` and ``alert`` were left unfinished by the previous session:
        they wait for a mark to resume, ``resume_alert`` or ``end_alert``. ``line_busy`` is a carrier detect beside
        the audio; ``on_saying`` is given the text being read out, then an empty one. ``wait``: see Listener."""
        self.net = ear.net
        self.listener = Listener(ear, journal, self._event, wait=wait)
        self.log = self.listener.log
        known = {u.id for u in self.net.units}  # units removed from the roster meanwhile cannot be called
        self.roll = roll and replace(roll, units=tuple(u for u in roll.units if u in known))
        self.alert = alert and replace(alert, units=tuple(u for u in alert.units if u in known))
        self.watches: dict[str, WelfareTimer] = {u: w for u, w in (watches or {}).items() if u in known}
        left = {*(roll.units if roll else ()), *(alert.units if alert else ()), *(watches or ())}
        if left - known:
            tell(f"no longer on the roster, not called 已不在名册, 不再呼叫: {'、'.join(sorted(left - known))}")
        self._alerts = alert.id if alert else 0
        self._transmitter, self._speaker = transmitter, speaker
        self._on_event, self._tell = on_event, tell
        self._wait: tuple[Move | AlertMove | Reply, ClearChannel] | None = None
        self._saying = ""
        """What is on the air from us."""
        self.now = 0.0
        """Time reached, s on the channel's clock."""
        self._line_busy, self._on_saying = line_busy, on_saying
        self._orders = Orders(self, tell, wall)
        self._replies: deque[Reply] = deque()
        self._answering = Answering(self.net)
        self._patient: list[tuple[float, str | None, Reply]] = []
        """(time, unit, reply): transmitted unless net control has answered the unit by then."""
        self._listening: tuple[float, tuple[str, ...]] | None = None
        """(deadline, units) of a repetition we asked for: nothing else is transmitted until then."""
        self._single: deque[str] = deque()
        """Units to call one by one, outside of a roll-call."""
        self._called_alone = ""
        """The last one of them."""
        self._at_desk = self._words = np.zeros(0, np.int16)
        """The latest sound of the dispatcher's microphone; what of it, or of an over, is to be passed on."""
        self.last_said = ""
        """The latest announcement that was no reply."""
        self.last_alert: AlertRaised | None = None
        self.last_event: dict[str, int] = {}
        """Unit → number of the last event that says how its exchange ended."""
        self._retry_at = 0.0
        """After a fault of voice or transmitter: not before this."""
        self._looked = journal.last()
        """Number of the last event that was looked at for what people have set right."""
        self._heeded: set[int] = set()
        """Such events already applied."""
        self._occasions = Occasions(REMEMBERED)

    @property
    def calling_roll(self) -> bool:
        """A roll-call is in progress."""
        return self.roll is not None and not self.roll.closed

    @property
    def alerting(self) -> bool:
        """An alert is in progress."""
        return self.alert is not None and not self.alert.closed

    def run(self, source: AudioSource, began: datetime | None = None) -> Iterator[float]:
        """Listen, and act after every frame; yields the time reached, in s."""
        for now in self.listener.listen(source, began):
            self.now = now
            self._act()
            yield now

    def start_roll(
        self, units: tuple[str, ...], rounds: int = 2, by: str = "", question: str = "", until: str = ""
    ) -> None:
        """Begin a roll-call, or with ``until`` a poll: see ``RollBegan``. Raises HuyingError if one is running."""
        if self.calling_roll:
            raise HuyingError("a roll-call is running; stop it first")
        self.log.record(RollBegan(t=self.now, units=units, rounds=rounds, by=by, question=question, until=until))

    def watch(self, unit: str, minutes: float, by: str = "") -> None:
        """Set a unit's welfare timer; 0 minutes: off."""
        self.log.record(WatchSet(t=self.now, unit=unit, minutes=minutes, by=by))

    @property
    def replying(self) -> bool:
        """An announcement other than roll-call and alerts is pending."""
        return bool(self._replies)

    def call(self, unit: str) -> None:
        """Call one unit outside a roll-call."""
        self._single.append(unit)

    def say(self, text: str) -> None:
        """Announce once when the channel is clear."""
        self._replies.append(Reply(text, "reply"))

    def raise_alert(
        self,
        text: str,
        units: tuple[str, ...] = (),
        repeat: int = 2,
        need_ack: bool = True,
        emergency: bool = False,
        by: str = "",
    ) -> None:
        """Read ``text`` to ``units`` (all if none are named). Raises HuyingError while another alert is open."""
        if self.alerting:
            raise HuyingError("an alert is being read; wait for its end")
        self._alerts += 1
        to = units or tuple(u.id for u in self.net.units)
        self.log.record(
            AlertRaised(
                t=self.now,
                alert=self._alerts,
                text=text,
                units=to,
                repeat=repeat,
                need_ack=need_ack,
                emergency=emergency,
                by=by,
            )
        )

    def resume_alert(self) -> None:
        """Resume the alert left by the previous session."""
        if self.alert is not None:
            self.alert = replace(self.alert, interrupted=False)

    def end_alert(self, by: str) -> None:
        """Withdraw the alert being read. Raises HuyingError if there is none."""
        if self.alert is None or self.alert.closed:
            raise HuyingError("no alert is being read: nothing to withdraw 当前没有通知")
        a = self.alert
        self.log.record(self._ended(a, self.now, by))

    @staticmethod
    def _ended(a: Alert, t: float, by: str = "") -> AlertEnded:
        unclear = (*a.unclear, *a.unknown)
        return AlertEnded(t=t, alert=a.id, answered=len(a.answers), silent=a.silent, unclear=unclear, by=by)

    def mark(self, fact: RollMarked) -> None:
        """Pause, resume, skip, repeat or stop the roll-call."""
        self.log.record(fact)

    def told(self, message: Message, pcm: Pcm16) -> None:
        """Speech on the dispatcher's own microphone."""
        self._at_desk = pcm
        self.log.record(command_heard(message, self.now, 0))

    def own_words(self, command: Commanded) -> Pcm16:
        """The speech after 播报 in a command just heard."""
        pcm = self.listener.latest if command.over else self._at_desk
        rest = pcm[round(command.begins * RATE) : round(command.ends * RATE) or None]
        spans = speech_spans(rest, RATE)
        return rest[round(spans[0][0] * RATE) : round(spans[-1][1] * RATE)] if spans else rest[:0]

    def pass_on(self, sound: Pcm16) -> None:
        """Transmit the dispatcher's speech after a call to all; the journal keeps it."""
        self._words = levelled(sound, LEVEL_DB)
        self._replies.append(Reply("各单位注意。", "words", clip=self.log.keep(sound, self.now)))

    def _event(self, event: Event, fact: Fact) -> None:
        before = self.roll
        self._heed(event, fact)
        self.watches = evolve_timers(self.watches, fact)
        if isinstance(fact, Answered | ExchangeClosed | NotUnderstood) and fact.unit:
            self.last_event[fact.unit] = event.seq
        if isinstance(fact, Answered) and fact.unit in self._single:
            self._single.remove(fact.unit)  # it has answered in its turn
        if isinstance(fact, Answered) and fact.readback == "different":
            told, given = ("、".join(f) for f in (fact.figures, fact.misread))
            self._tell(f"readback differs 复诵不符: {self.net.name_of(fact.unit)} {told} / {given}")
            if self.net.settings.station.check_readback:
                named = "、".join(aloud([f for f in fact.misread if not f.endswith(DOUBT)]))
                self.say(f"{sign_of(self.net, fact.unit)},请核对{named and ':'}{named}。")
        if isinstance(fact, AlertRaised):
            self.last_alert = fact
        if isinstance(fact, RollEnded) and self.net.settings.station.anchor:
            anchor = anchor_of(event)
            self.say(anchor_words(anchor.seq, anchor.code))
        self._answer(fact)
        self._on_event(event, fact)
        if isinstance(fact, Commanded) and fact.status == "heard":
            self._orders.heard(fact)
        if self.roll and before and self.roll.paused and not before.paused:
            self._tell(f"roll-call paused 点名暂停: {self.roll.paused}")

    def _heed(self, event: Event, fact: Fact) -> None:
        """Roll-call and alert after an event."""
        if isinstance(fact, Corrected | Undone):
            self._heeded.add(event.seq)
        of_roll, of_alert = self._occasions.concerns(fact, self._occasions.take(fact, event.seq, event.wall))
        self.roll = evolve_roll(self.roll, fact, event.seq) if of_roll else self.roll
        self.alert = evolve_alert(self.alert, fact, event.seq) if of_alert else self.alert

    def _answer(self, fact: Fact) -> None:
        """Our automatic reply to what was heard."""
        if isinstance(fact, Answered | Remarked | NotUnderstood | OverHeard):
            self._listening = None
        if isinstance(fact, ControlReplied) or (isinstance(fact, Called) and fact.over):
            self._patient = [p for p in self._patient if fact.unit not in (None, p[1])]
        saying = self._answering.reply(self.log.state, fact)
        if saying is None or (saying.purpose == "reply" and not self.net.settings.station.acknowledge):
            return
        if saying.patient:
            self._patient.append((fact.t + PATIENCE_S, getattr(fact, "unit", None), saying))
        else:
            self._replies.append(saying)

    def _next(self) -> Move | AlertMove | Reply | None:
        """Priority: replies, emergency alert, other alerts (between two calls), single calls, roll-call."""
        while self._patient and self.now >= self._patient[0][0]:
            self._replies.append(self._patient.pop(0)[2])
        if self._replies:
            return self._replies[0]
        if self._orders.pending:
            return None
        if self._listening and self.now < self._listening[0]:
            return next_alert_move(self.alert) if self.alert and self.alert.emergency else None
        busy_calling = self._awaits_single() or (self.roll is not None and self.roll.current is not None)
        if self.alert is not None and not self.alert.closed and (self.alert.emergency or not busy_calling):
            return next_alert_move(self.alert)
        if self._awaits_single():
            return None
        single = next((u for u in self._single if not self._has_its_turn(u)), None)
        return Move("call", single) if single is not None and not busy_calling else next_move(self.roll)

    def _awaits_single(self) -> bool:
        """A unit that was called outside a roll-call may still answer: nobody else is called."""
        called = self.log.state.exchanges.get(self._called_alone)
        return called is not None and called.open

    def _has_its_turn(self, unit: str) -> bool:
        """The unit is in the running roll-call: it gets no separate call."""
        return self.roll is not None and not self.roll.closed and not self.roll.paused and unit in self.roll.units

    def _look_after(self) -> None:
        """Welfare timers: call units that are due, raise the alarm for those that did not answer."""
        for unit in to_alarm(self.watches):
            self.log.record(Overdue(t=self.now, unit=unit, tries=self.watches[unit].tries))
            self._tell(f"OVERDUE 超时未报: {self.net.name_of(unit)}")
        self._single += [u for u in to_call(self.watches, self.now) if u not in self._single]

    def _act(self) -> None:
        self._orders.attend()
        self._look_after()
        late = self._transmitter.now() - self.now > LATE_S
        move = self._next() if self.now >= self._retry_at and not late else None
        if isinstance(move, Move | AlertMove) and (self.calling_roll or self.alerting):
            self._heed_people()
            move = self._next()
        if move is None:
            self._wait = None
            return
        if self._wait is None or self._wait[0] != move:
            urgent = isinstance(move, AlertMove) and self.alert is not None and self.alert.emergency
            priority: Priority = "emergency" if urgent else "routine"
            self._wait = (move, ClearChannel(self._transmitter.settings, priority, self.now))
        try:
            if not self._wait[1].ready(self.listener.busy or self._line_busy(), self.now, self.listener.clear_since):
                return
        except ChannelBusy as e:
            self._wait = None
            self._tell(str(e))
            if isinstance(move, Move):
                self.log.record(RollMarked(t=self.now, mark="pause", over=0, reason=BUSY))
            return
        self._wait = None
        try:
            if isinstance(move, Reply):
                said = self._say(move.text, move.purpose, move.units, move.clip)
                self._replies.popleft()
                if move.purpose == "again":
                    self._listening = said.t + self.net.settings.timing.answer_timeout_s, move.units
                self.log.record(said)
                self._orders.replied()
            elif isinstance(move, AlertMove):
                self._read(move)
            else:
                self._announce(move)
        except Unreadable as e:
            self._tell(f"cannot be said 无法播报: {e}")
            self._leave_out(move, str(e))
        except HuyingError as e:  # voice, sound card or PTT: logging continues, the announcement is retried
            self._retry_at = self.now + RETRY_S
            self._tell(f"not sent, tried again in {RETRY_S:.0f} s 未能发送: {e}")

    def _leave_out(self, move: Move | AlertMove | Reply, why: str) -> None:
        """An announcement that can never be made must not block the rest."""
        if isinstance(move, Reply):
            self._replies.popleft()
        elif isinstance(move, AlertMove):
            self.end_alert(why)
        elif move.unit in self._single:
            self._single.remove(move.unit or "")
        elif move.unit:
            self.log.record(RollMarked(t=self.now, mark="skip", over=0, reason=why))
        else:  # opening and closing use only our own words and call signs in the graph
            self._retry_at = self.now + RETRY_S

    def _say(self, text: str, purpose: Purpose, units: tuple[str, ...], clip: str = "") -> Announced:
        pieces = self._speaker.pieces(text, self._transmitter.room_s)
        if purpose == "words":
            sound = self._words
            pieces.append(lambda: sound)
        try:
            self._saying = text
            self._on_saying(text)
            sent = self._transmitter.stream(pieces)
        finally:
            self._saying = ""
            self._on_saying("")
        keyed, unkeyed = sent.keyed, sent.unkeyed
        self.now = max(self.now, unkeyed)
        if purpose not in ("reply", "again"):
            self.last_said = text
        return Announced(t=unkeyed, keyed=keyed, text=text, purpose=purpose, units=units, clip=clip)

    def cut(self, why: str) -> None:
        """Our transmission was cut short: logged at once by whoever noticed, since our own thread may hang."""
        note = f"an announcement was cut 播报中断 ({why}): {self._saying}"
        self.log.record(DeviceChanged(t=self.log.latest, what="cut", note=note))

    def _heed_people(self) -> None:
        """Manual corrections made elsewhere (console, command line) are applied to the running roll-call or alert."""
        journal, since = self.log.journal, self._looked
        self._looked = journal.last()
        if self._looked == since:
            return
        found = [e for kind in (Corrected.KIND, Undone.KIND) for e in journal.events(kind=kind, after=since)]
        for event in sorted(found, key=lambda e: e.seq):
            fact = event.fact()
            if fact.channel == self.log.channel and event.seq not in self._heeded:
                self._heed(event, fact)

    def _announce(self, move: Move) -> None:
        if move.unit and move.unit in self._single and not self._has_its_turn(move.unit):
            self._single.remove(move.unit)
            self._called_alone = move.unit
            unit = self.net.unit(move.unit)
            assert unit is not None
            text = call_of(unit, 1, style=self.net.settings.rollcall.style)
        else:
            assert self.roll is not None
            text = announcement(self.net, self.roll, move)
        said = self._say(text, move.purpose, (move.unit,) if move.unit else ())
        facts: list[Fact] = [said]
        if move.unit:
            facts.append(self._called(said.t, move.unit, text))
        if move.purpose == "closing" and self.roll:
            r = self.roll
            facts.append(RollEnded(t=said.t, complete=r.complete, missing=r.missing, unclear=r.unclear))
        self.log.record(*facts)

    def _read(self, move: AlertMove) -> None:
        assert self.alert is not None
        a = self.alert
        text = alert_words(self.net, a, move)
        if move.closing:
            said = self._say(text, "closing_alert", ())
            self.log.record(said, self._ended(a, said.t))
            return
        said = self._say(text, "alert", move.units)
        called = (
            [self._called(said.t, u, a.text, to_all=len(move.units) > 1, offset=k) for k, u in enumerate(move.units)]
            if a.need_ack
            else []
        )
        self.log.record(said, *called)

    def _called(self, t: float, unit: str, text: str, to_all: bool = False, offset: int = 0) -> Called:
        """A new exchange, or another attempt in the open one. The answer timeout starts when our carrier drops."""
        old = self.log.state.exchanges.get(unit)
        again = old is not None and old.open
        return Called(
            t=t,
            exchange=old.id if old and again else self.log.state.next_id + offset,
            unit=unit,
            over=0,
            attempt=old.attempt + 1 if old and again else 1,
            to_all=to_all,
            question=text,
            figures=to_read_back(self.net, text),
        )
