"""How facts change the state of the net: ``evolve(state, fact) -> state``. Pure."""

from __future__ import annotations

from dataclasses import replace

from voice.grammar.meanings import HEARD
from voice.grammar.words import WHO
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
    NotUnderstood,
    OverHeard,
    Relayed,
    Remarked,
    RollMarked,
    SessionBegan,
    SessionEnded,
)
from voice.talk.state import ANSWERED_S, NOBODY, UNANSWERED, Aside, Exchange, NetState

WAIT_S = 30.0
"""Answer time after 稍等 (wait), in clear-channel seconds."""

ASIDE_S = 20.0
"""Longest pause within a conversation between two units."""

ROLL_S = 60.0
"""Longest pause within a roll-call by a human."""


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
        case NotUnderstood(unit=str(unit), why="speaker") if before[0] not in ("", unit):
            return before
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
            state = replace(state, calling_in=unit, calling_in_at=fact.t, calling_doubtful=fact.review)
            return _beside(replace(state, reported_at=reported), fact)
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
    if fact.unit is None or fact.why == "speaker":
        state = replace(state, unread_at=fact.t)
    if fact.unit is not None and fact.exchange is not None:
        return _set(state, fact.unit, fact.exchange, heard_unclear=True, heard_over=fact.over)
    if fact.unit is not None:
        return state
    who = fact.t if any(w in fact.pinyin for w in WHO) else state.who_at
    return replace(_vague(state), unknown_at=fact.t, who_at=who)


def _remarked(state: NetState, fact: Remarked, timeout_s: Seconds) -> NetState:
    match fact:
        case Remarked(kind="stray" | "said"):
            return replace(state, unknown_at=fact.t, unread_at=fact.t if fact.kind == "said" else state.unread_at)
        case Remarked(kind="unattributed"):
            return replace(_vague(state), nameless=(fact.meaning, fact.t))
        case Remarked(kind="aside", unit=None) if state.aside:
            for e in [state.exchanges[u] for u in state.aside.units if u in state.exchanges]:
                state = _set(state, e.unit, e.id, last=e.last or "other", heard_over=fact.over) if e.open else state
            return _beside(_other(state, None, fact.over) if _in_slot(state, fact) else state, fact)
        case Remarked(kind="unsolicited" | "aside"):
            asked = fact.meaning == HEARD or (fact.review and fact.meaning in ("normal", "not_found"))
            state = replace(state, unread_at=fact.t) if asked else state
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
        call_over=fact.over,
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
