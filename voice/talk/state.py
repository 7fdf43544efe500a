"""State of the net as logged: which exchanges are open, who called in. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from voice.grammar.meanings import HEARD
from voice.pcm import Seconds
from voice.talk.facts import (
    Announced,
    Answered,
    Broadcast,
    Called,
    CalledIn,
    ControlReplied,
    ExchangeClosed,
    Fact,
    Grade,
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    RollMarked,
    SessionBegan,
    SessionEnded,
)

WAIT_S = 30.0
"""Answer time after 稍等 (wait), in clear-channel seconds."""

ASKED_S = 15.0
"""Answer time after being asked to say again or who was calling."""

ASIDE_S = 20.0
"""Longest pause within a conversation between two units."""

ANSWERED_S = 6.0
"""An answer has ended by then: units begin 0.7 to 2.5 s after a call."""

ROLL_S = 60.0
"""Longest pause within a roll-call by a human."""

REPLY_S = 30.0
"""Time for net control to reply to a report without a call sign."""

WHO = ("na ge", "na jia", "shei", "shui")
"""哪个, 哪家, 谁."""

UNANSWERED = ("silent", "unclear", "undetermined", "relayed")
"""How an exchange may have ended for an answer to be late."""

NOBODY: tuple[str, Seconds] = ("", 0.0)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its outcome."""

    id: int
    unit: str
    called_at: Seconds
    """End of speech of the (last) call."""
    deadline: Seconds
    """Counts as silent after this, if the channel stays clear."""
    attempt: int = 1
    to_all: bool = False
    status: str = "open"
    """open, answered, relayed, silent, unclear or undetermined."""
    grade: Grade | None = None
    heard_unclear: bool = False
    """Something was heard in its slot, but no answer, or unintelligible."""
    heard_over: int = 0
    """Latest such over."""
    doubt: bool = False
    """The over that opened it may have come from the unit itself."""
    ours: bool = False
    """We made the call: anyone now using this call sign is the unit."""
    last: Literal["", "say_again", "negative", "wait", "other"] = ""
    """What was heard in place of an answer; ``other``: an over that another unit's call sign begins."""
    held_at: Seconds = 0.0
    """When it said so."""
    relayed: bool = False
    """Another unit answered for it."""
    vague: int = 0
    """Overs that may be its answer, or that of another unit called in the same over."""
    answered_over: int | None = None
    answered_at: Seconds = 0.0
    asked_at: Seconds | None = None
    """When we asked the unit to say again."""
    meaning: str = ""
    """Figures in the answer."""
    figures: tuple[str, ...] = ()
    """Figures in the call."""
    question: str = ""
    """Text of the latest call."""

    @property
    def open(self) -> bool:
        return self.status == "open"

    @property
    def nothing_heard(self) -> bool:
        """It would end as silent."""
        return self.open and not (self.heard_unclear or self.last or self.doubt or self.relayed)

    @property
    def repeating(self) -> bool:
        """It asked to say the call again, and net control has not done so yet."""
        return self.last in ("say_again", "negative") and self.held_at > self.called_at


@dataclass(frozen=True, slots=True)
class Aside:
    """Two units talking to each other."""

    units: tuple[str, ...]
    caller: str
    """The unit that began."""
    until: Seconds
    """An over that begins later does not belong to it."""


@dataclass(frozen=True, slots=True)
class NetState:
    """A fold over the facts. ``units`` is the roster; ``exchanges`` holds the latest one per unit."""

    units: tuple[str, ...] = ()
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    next_id: int = 1
    last_called: tuple[str, ...] = ()
    """Units addressed in the latest call over, in order."""
    calling_in: str | None = None
    """Unit that called net control and awaits a reply."""
    calling_in_at: Seconds = 0.0
    invited: tuple[str, Seconds] = NOBODY
    """Unit that called in and was told 请讲, and when: what is said next is its report."""
    reported_at: Seconds | None = None
    """Time of a report without a call sign that awaits a reply."""
    nameless: tuple[str, Seconds] | None = None
    """(meaning, time) of the latest answer that several units may have given."""
    broadcast: tuple[Broadcast, Seconds] | None = None
    """Latest message to everybody that asked no answer, and until when one belongs to it."""
    aside: Aside | None = None
    told: tuple[str, Seconds] = NOBODY
    """Unit that spoke last, or may have spoken, and when: net control may acknowledge it."""
    unknown_at: Seconds = 0.0
    """Time of the latest over that is no unit's: net control's, most likely."""
    who_at: Seconds | None = None
    """When an over that nobody understood asked for somebody: 哪个单位."""
    roll_until: Seconds = 0.0
    """A roll-call goes on: an over that begins later does not belong to it."""
    replied: tuple[str, Seconds] = NOBODY
    """Unit that net control last replied to, and when: it may send others now."""

    @property
    def replying_to(self) -> str | None:
        """Unit that called in and awaits net control's reply, unless another answer is awaited since."""
        since = any(e.called_at > self.calling_in_at for e in self.awaited())
        return None if since else self.calling_in

    @property
    def conducting(self) -> bool:
        """We made the latest call."""
        last = self.exchanges.get(self.last_called[-1]) if self.last_called else None
        return last is not None and last.ours

    def open_exchanges(self) -> list[Exchange]:
        """Open exchanges in the order of their calls."""
        return sorted((e for e in self.exchanges.values() if e.open), key=lambda e: e.id)

    def awaited(self) -> list[Exchange]:
        """Units expected to answer next: open exchanges of the latest call; individual calls go before a call to
        all."""
        opened = self.open_exchanges()
        single = [e for e in opened if not e.to_all] or opened
        latest = max((e.called_at for e in single), default=0.0)
        return [e for e in single if e.called_at == latest]

    def heeds(self, now: Seconds) -> bool:
        """An answer now may belong to the latest broadcast."""
        return self.broadcast is not None and now <= self.broadcast[1]

    def invites(self, now: Seconds) -> bool:
        """A unit was told 请讲 and has not spoken since."""
        return bool(self.invited[0]) and now - self.invited[1] <= REPLY_S

    def guest(self, now: Seconds) -> str:
        """The unit that was told 请讲 after the latest call: it speaks next. Empty: none."""
        since = all(e.called_at <= self.invited[1] for e in self.awaited())
        return self.invited[0] if since and self.invites(now) else ""

    def telling(self, now: Seconds) -> str:
        """The unit that net control may acknowledge now; empty: none."""
        return self.told[0] if now - self.told[1] <= REPLY_S else ""

    def asked_who(self, now: Seconds) -> bool:
        """Somebody was asked who he is."""
        return self.who_at is not None and now - self.who_at <= ASKED_S

    def dealing(self, now: Seconds, unit: str) -> bool:
        """Net control has to do with a report of another unit: it may send this one."""
        if self.calling_in is not None:
            return self.calling_in != unit
        return self.replied[0] not in ("", unit) and now - self.replied[1] <= REPLY_S

    def beside(self, now: Seconds) -> bool:
        """Two units are talking to each other."""
        return self.aside is not None and now <= self.aside.until

    def expects(self, now: Seconds, late_window_s: Seconds) -> bool:
        """An answer is possible: a call is open or went unanswered recently, all units were addressed, or a unit that
        called in is being dealt with."""
        if self.calling_in is not None or self.heeds(now) or self.invites(now):
            return True
        return any(
            e.open or (e.answered_over is None and now - e.deadline <= late_window_s) for e in self.exchanges.values()
        )

    def awaiting(self, now: Seconds) -> bool:
        """An answer is due now, or came due just now."""
        if now <= self.roll_until or (self.reported_at is not None and now - self.reported_at <= REPLY_S):
            return True
        asked = [self.nameless[1]] if self.nameless else []
        asked += [e.asked_at for e in self.exchanges.values() if e.asked_at is not None]
        if self.calling_in is not None or self.heeds(now) or self.invites(now):
            return True
        asked += [e.deadline for e in self.exchanges.values() if e.answered_over is None]
        asked += [e.answered_at for e in self.exchanges.values() if e.meaning == HEARD]
        return any(e.open for e in self.exchanges.values()) or any(now - t <= ASKED_S for t in asked)


def evolve(state: NetState, fact: Fact, timeout_s: Seconds) -> NetState:
    """State after a fact."""
    after = _evolved(state, fact, timeout_s)
    spoken = isinstance(fact, Called | Answered | CalledIn | Relayed | Remarked | NotUnderstood)
    told = _told(state, fact)
    if told != after.told:
        after = replace(after, told=told)
    return replace(after, invited=NOBODY) if spoken and after.invited[0] else after


def _told(state: NetState, fact: Fact) -> tuple[str, Seconds]:
    """Unit that spoke last, or may have spoken, and when; nobody once net control has gone on. ``state``: before the
    fact."""
    before = state.told
    repeating = {u for u, e in state.exchanges.items() if e.repeating}
    match fact:
        case Relayed(by=by):
            return by or "", fact.t
        case Remarked(kind="say_again" | "negative", unit=str()):
            return NOBODY  # net control's turn
        case Answered(unit=str(unit)) | CalledIn(unit=str(unit)) | Remarked(kind="wait", unit=str(unit)):
            return unit, fact.t
        case Remarked(kind="unsolicited", unit=str(unit), meaning=meaning) if meaning != "ack":
            return unit, fact.t
        case NotUnderstood(unit=str(unit), why="" | "speaker"):
            if unit in repeating:
                return before
            again = unit == before[0] and state.exchanges[unit].heard_unclear if unit in state.exchanges else False
            return NOBODY if again else (unit, fact.t)  # by turns, one of the two is net control
        case Called(doubt=True, unit=unit) if unit not in repeating and _may_have_spoken(state, unit, fact.t):
            return unit, fact.t
        case Called() | Broadcast() | ControlReplied(meaning="go_ahead" | "stand_by") | SessionBegan():
            return NOBODY
        case _:
            return before


def _may_have_spoken(state: NetState, unit: str, t: Seconds) -> bool:
    """It was heard last, or asked who it is, has been called before and has not answered, or it speaks in the slot of
    another."""
    e = state.exchanges.get(unit)
    called = e is not None and (e.open or e.status in UNANSWERED or e.meaning == HEARD)
    called = called or state.asked_who(t)
    return called or unit == state.told[0] or any(o.unit != unit and o.called_at < t for o in state.awaited())


def _evolved(state: NetState, fact: Fact, timeout_s: Seconds) -> NetState:
    match fact:
        case SessionBegan():
            return NetState(units=fact.units, next_id=state.next_id)
        case OverHeard():
            return _occupied(state, fact, timeout_s)
        case Broadcast():
            return replace(state, broadcast=(fact, fact.t + timeout_s))
        case Called():
            return _called(state, fact, timeout_s)
        case Answered():
            return _answered(state, fact)
        case ExchangeClosed():
            return _set(state, fact.unit, fact.exchange, status=fact.outcome)
        case RollMarked():
            going_on = fact.over and fact.mark in ("start", "resume", "skip")
            return replace(state, roll_until=fact.t + ROLL_S if going_on else 0.0)
        case NotUnderstood():
            return _not_understood(state, fact)
        case Remarked():
            return _remarked(state, fact, timeout_s)
        case Relayed(kind="proxy", unit=str(unit), exchange=int(number)):
            nameless = fact.t if fact.by is None else state.reported_at
            return replace(_set(state, unit, number, relayed=True, heard_over=fact.over), reported_at=nameless)
        case Announced(purpose="again", units=units):
            again = {u: state.exchanges[u] for u in units if u in state.exchanges}
            waiting = {u: replace(e, deadline=fact.t + timeout_s, asked_at=fact.t) for u, e in again.items()}
            return replace(state, exchanges={**state.exchanges, **waiting}) if waiting else state
        case CalledIn(unit=unit):
            reported = fact.t if unit is None else None
            state = _other(state, unit, fact.over) if _in_slot(state, fact) else state
            state = _vague(state) if unit is None else state
            return _beside(replace(state, calling_in=unit, calling_in_at=fact.t, reported_at=reported), fact)
        case ControlReplied() | SessionEnded():
            replied = (fact.unit or "", fact.t) if isinstance(fact, ControlReplied) else NOBODY
            return replace(state, calling_in=None, reported_at=None, invited=_invited(fact), replied=replied)
        case _:
            return state


def _answered(state: NetState, fact: Answered) -> NetState:
    """A unit that answers net control talks to no other unit any more."""
    state = _claimed(state) if fact.claims else state
    back = state.aside is not None and fact.unit in state.aside.units and fact.meaning != HEARD
    return _set(
        replace(state, aside=None) if back else state, fact.unit, fact.exchange, status="answered", grade=fact.grade,
        answered_over=fact.over, meaning=fact.meaning, answered_at=fact.t,
    )  # fmt: skip


def _not_understood(state: NetState, fact: NotUnderstood) -> NetState:
    if fact.unit is not None and fact.exchange is not None:
        return _set(state, fact.unit, fact.exchange, heard_unclear=True, heard_over=fact.over)
    if fact.unit is not None:
        return state
    who = fact.t if any(w in fact.pinyin for w in WHO) else state.who_at
    return replace(_vague(state), unknown_at=fact.t, who_at=who)


def _remarked(state: NetState, fact: Remarked, timeout_s: Seconds) -> NetState:
    match fact:
        case Remarked(kind="stray" | "said"):
            return replace(state, unknown_at=fact.t)
        case Remarked(kind="unattributed"):
            return replace(_vague(state), nameless=(fact.meaning, fact.t))
        case Remarked(kind="aside", unit=None) if state.aside:
            for e in [state.exchanges[u] for u in state.aside.units if u in state.exchanges]:
                state = _set(state, e.unit, e.id, last=e.last or "other", heard_over=fact.over) if e.open else state
            return _beside(_other(state, None, fact.over) if _in_slot(state, fact) else state, fact)
        case Remarked(kind="unsolicited" | "aside"):
            return _beside(_other(state, None, fact.over) if _in_slot(state, fact) else state, fact)
        case Remarked(kind="say_again" | "negative" | "wait" as said):
            until = fact.t + (max(WAIT_S, timeout_s) if said == "wait" else timeout_s)
            if fact.unit is None:
                waiting = {e.unit: replace(e, deadline=until) for e in state.awaited()}
                return _vague(replace(state, exchanges={**state.exchanges, **waiting}))
            if fact.exchange is not None:
                return _set(
                    state, fact.unit, fact.exchange, deadline=until, last=said, held_at=fact.t, heard_over=fact.over
                )
    return state


def _in_slot(state: NetState, fact: Remarked | CalledIn) -> bool:
    return any(e.id == fact.exchange for e in state.awaited())


def _vague(state: NetState) -> NetState:
    """Something was heard that may be the answer of any unit awaited."""
    may_be = {e.unit: replace(e, vague=e.vague + 1) for e in state.awaited()}
    return replace(state, exchanges={**state.exchanges, **may_be})


def _invited(fact: ControlReplied | SessionEnded) -> tuple[str, Seconds]:
    """请讲 invites the unit that called in to report."""
    told = isinstance(fact, ControlReplied) and fact.meaning == "go_ahead" and fact.unit
    return (told, fact.t) if told else NOBODY


def _called(state: NetState, fact: Called, timeout_s: Seconds) -> NetState:
    """A unit is called: a new exchange, or another attempt in the open one."""
    if fact.doubt and all(fact.t - e.called_at <= ANSWERED_S for e in state.awaited()):
        state = _other(state, fact.unit, fact.over)
    old = state.exchanges.get(fact.unit)
    same = old if old and old.id == fact.exchange else None
    exchange = Exchange(
        fact.exchange, fact.unit, fact.t, fact.t + timeout_s, fact.attempt, fact.to_all,
        heard_unclear=bool(same and same.heard_unclear), heard_over=same.heard_over if same else 0,
        figures=fact.figures or (same.figures if same else ()), vague=same.vague if same else 0,
        doubt=fact.doubt or bool(same and same.doubt and fact.over), ours=fact.over == 0,
        question=fact.question, last=same.last if same else "", relayed=bool(same and same.relayed),
    )  # fmt: skip
    together = state.last_called if state.exchanges and _same_over(state, fact) else ()
    return replace(
        state,
        exchanges={**state.exchanges, fact.unit: exchange},
        next_id=max(state.next_id, fact.exchange + 1),
        last_called=(*together, fact.unit),
        broadcast=state.broadcast if state.broadcast and (fact.doubt or fact.over == state.broadcast[0].over) else None,
        aside=state.aside if fact.doubt else None,
        calling_in=None if fact.unit == state.calling_in and not fact.doubt else state.calling_in,
        nameless=state.nameless if fact.doubt else None,
    )


def _other(state: NetState, unit: str | None, over: int) -> NetState:
    """An over in the slot of the one unit awaited seemed to come from another, ``unit``."""
    awaited = state.awaited()
    if len(awaited) != 1 or awaited[0].unit == unit:
        return state
    return _set(state, awaited[0].unit, awaited[0].id, last=awaited[0].last or "other", heard_over=over)


def _claimed(state: NetState) -> NetState:
    """One nameless answer has found its unit."""
    less = {u: replace(e, vague=max(0, e.vague - 1)) for u, e in state.exchanges.items() if e.open}
    return replace(state, exchanges={**state.exchanges, **less}, nameless=None)


def _beside(state: NetState, fact: Remarked | CalledIn) -> NetState:
    """A unit addressed another one, or their conversation goes on."""
    if fact.unit and fact.to:
        return replace(state, aside=Aside((fact.unit, fact.to), fact.unit, fact.t + ASIDE_S))
    if state.aside is None or (isinstance(fact, Remarked) and fact.kind != "aside"):
        return state
    if isinstance(fact, CalledIn):  # one of them turns to net control
        return replace(state, aside=None) if fact.unit in state.aside.units else state
    return replace(state, aside=replace(state.aside, until=fact.t + ASIDE_S))


def _same_over(state: NetState, fact: Called) -> bool:
    """Whether the units of ``last_called`` were called in one over: same end of speech."""
    last = state.exchanges.get(state.last_called[-1]) if state.last_called else None
    return last is not None and last.called_at == fact.t


def _set(state: NetState, unit: str, number: int, **changes: object) -> NetState:
    exchange = state.exchanges.get(unit)
    if exchange is None or exchange.id != number:
        return state
    changed = replace(exchange, **changes)  # type: ignore[arg-type]
    return replace(state, exchanges={**state.exchanges, unit: changed})


def _occupied(state: NetState, over: OverHeard, timeout_s: Seconds) -> NetState:
    """Nobody can answer on a busy channel, so waiting is counted in clear-channel time.

    The deadline of an individual call is extended by the over's length; that of a call to all restarts, because the
    units answer one after another.
    """
    busy = over.end - over.start
    moved = {
        unit: replace(e, deadline=over.end + timeout_s if e.to_all else e.deadline + busy) if e.open else e
        for unit, e in state.exchanges.items()
    }
    told = state.broadcast
    if told is not None and over.start <= told[1]:
        told = told[0], over.end + timeout_s
    rolling = over.end + ROLL_S if over.start <= state.roll_until else state.roll_until
    return replace(state, exchanges=moved, broadcast=told, roll_until=rolling)
