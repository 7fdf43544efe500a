"""What an over means for the net: ``decide(state, heard) -> facts``. Pure: no clock, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from voice.grammar.meanings import ANSWERS, CODE_WORD, HEARD
from voice.grammar.message import Act, Message
from voice.pcm import Seconds
from voice.talk.facts import (
    Answered,
    Called,
    CalledIn,
    Commanded,
    ControlReplied,
    ExchangeClosed,
    Fact,
    Grade,
    NotUnderstood,
    Relayed,
    Remarked,
    RollMarked,
)
from voice.talk.speaking import speaker_of
from voice.talk.state import ASKED_S, Exchange, NetState, evolve

BLOCKING: dict[str, Literal["say_again", "negative", "wait"]] = {
    "say_again": "say_again", "negative": "negative", "stand_by": "wait",
}  # fmt: skip
"""Said by a unit in place of an answer: its exchange stays open."""

KEPT = {
    "say_again": "it asked to say the call again, and nothing more came",
    "negative": "it said that it had not understood, and nothing more came",
    "wait": "it asked to wait, and nothing more came",
}

ROLL = {
    "roll_start": "start",
    "roll_end": "end",
    "roll_pause": "pause",
    "roll_resume": "resume",
    "roll_skip": "skip",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """From the net's settings."""

    answer_timeout_s: Seconds = 10.0
    late_window_s: Seconds = 600.0
    orders_on_air: bool = True
    """Obey 暂停点名 and 点名结束 from anyone on the air; see ``[station] commands``."""
    review_below: float = 0.6
    """Answers below this confidence are marked for review."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One over, interpreted."""

    over: int
    start: Seconds
    end: Seconds
    speech_start: Seconds
    speech_end: Seconds
    message: Message
    doubled: bool = False
    identified: str | None = None
    """Unit identified by its radio's burst."""

    @property
    def contradicted(self) -> bool:
        """The radio's identity names a different unit than the call sign spoken."""
        return self.identified is not None and self.message.caller not in (None, self.identified)


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock reached ``t`` with the channel clear."""

    t: Seconds
    receiver_alive: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """The source has ended at ``t``."""

    t: Seconds


def decide(state: NetState, event: Heard | Tick | Ended, rules: Rules) -> list[Fact]:
    """Facts that follow from an event in a given state."""
    match event:
        case Heard():
            return _heard(state, event, rules)
        case Tick():
            return [
                _closed(e, event.t, event.receiver_alive, state) for e in state.open_exchanges() if event.t > e.deadline
            ]
        case Ended():
            return [
                ExchangeClosed(
                    t=event.t,
                    exchange=e.id,
                    unit=e.unit,
                    outcome="undetermined",
                    reason="the recording ended before the waiting time was over",
                    waited_s=max(0.0, event.t - e.called_at),
                )
                for e in state.open_exchanges()
            ]


def _closed(e: Exchange, t: Seconds, alive: bool, state: NetState) -> ExchangeClosed:
    together = sum(other.called_at == e.called_at for other in state.open_exchanges())
    waited = max(0.0, t - e.called_at)
    if e.heard_unclear or e.last:
        return ExchangeClosed(
            t=t, exchange=e.id, unit=e.unit, outcome="unclear", waited_s=waited, over=e.heard_over,
            review=bool(e.last and not e.heard_unclear),
            reason=KEPT[e.last] if e.last else "something was heard in its slot but not understood",
        )  # fmt: skip
    if not alive:
        return ExchangeClosed(
            t=t,
            exchange=e.id,
            unit=e.unit,
            outcome="undetermined",
            waited_s=waited,
            reason="the receiver was not alive",
        )
    if e.vague >= together:
        return ExchangeClosed(
            t=t,
            exchange=e.id,
            unit=e.unit,
            outcome="unclear",
            waited_s=waited,
            reason="something was heard that may have been its answer; whose it was, nobody can say",
        )  # fmt: skip
    if e.doubt:
        return ExchangeClosed(
            t=t, exchange=e.id, unit=e.unit, outcome="unclear", waited_s=waited, over=e.heard_over, review=True,
            reason="net control called it, or it spoke itself: nobody can tell, and nothing more came",
        )  # fmt: skip
    reason = f"{together} units are open, {e.vague} answers nobody's" if e.vague else "nothing was heard in its slot"
    return ExchangeClosed(t=t, exchange=e.id, unit=e.unit, outcome="silent", waited_s=waited, reason=reason)


def _heard(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    m = h.message
    if m.parts:
        return _taken_apart(state, h, rules)
    if m.addressed:
        return [command_heard(m, h.start, h.over)]
    rolls: list[Fact] = [
        RollMarked(t=h.start, mark=ROLL[a.meaning], over=h.over, obeyed=rules.orders_on_air)  # type: ignore[arg-type]
        for a in m.acts
        if a.meaning in ROLL
    ]
    if rolls:
        return rolls
    if m.jumbled:
        return _jumbled(state, h)
    if not m.understood:
        return [_own_radio(state, h, rules) if h.identified else _not_understood(state, h)]
    behalf = next((a for a in m.acts if a.meaning in ("proxy", "relay")), None)
    if behalf is not None:
        return [_relayed(state, h, behalf)]
    if m.to_all and not h.identified:
        return [_call(state, h, unit, k) for k, unit in enumerate(state.units)]
    who = speaker_of(m, h.identified, state, h.speech_start, rules.late_window_s)
    if who.role == "control":
        return _from_control(state, h)
    if who.role == "either":
        return [_either(state, h, who.unit) if who.unit else _not_understood(state, h)]
    return _from_unit(state, h, rules, who.unit)


def _taken_apart(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    """Overs heard as one: decided in order, each against the state the one before it left."""
    facts: list[Fact] = []
    first = h.message.items[0].start if h.message.items else 0.0
    for part in h.message.parts:
        begin = h.speech_start + part.items[0].start - first
        end = h.speech_start + part.items[-1].end - first
        new = _heard(state, replace(h, message=part, speech_start=begin, speech_end=end), rules)
        for fact in new:
            state = evolve(state, fact, rules.answer_timeout_s)
        facts += new
    return facts


def _jumbled(state: NetState, h: Heard) -> list[Fact]:
    """Calls and answers mixed in one over: every unit named counts as called, with undetermined result."""
    facts: list[Fact] = []
    for k, unit in enumerate(h.message.callees):
        call = _call(state, h, unit, k)
        facts += [call, NotUnderstood(t=h.start, over=h.over, unit=unit, exchange=call.exchange,
                                      pinyin=h.message.pinyin, why="jumbled")]  # fmt: skip
    return facts


def _either(state: NetState, h: Heard, unit: str) -> Fact:
    """Unit or net control. While we conduct, a unit's over is not a call."""
    e = state.exchanges.get(unit)
    if e is not None and e.open:
        return NotUnderstood(t=h.start, over=h.over, unit=unit, exchange=e.id, pinyin=h.message.pinyin, why="speaker")
    if state.conducting:
        return _remark(h, "unsolicited", unit, None, HEARD, review=True)
    return _call(state, h, unit, 0, doubt=True)


def _own_radio(state: NetState, h: Heard, rules: Rules) -> Fact:
    """Unintelligible speech from a radio that identified itself."""
    e = state.exchanges.get(h.identified or "")
    if e is not None and (e.open or _late(e, h, rules) or _unfinished(e, h)):
        return _answered(e, h, HEARD, "burst", rules)
    return NotUnderstood(t=h.start, over=h.over, unit=h.identified, exchange=None, pinyin=h.message.pinyin)


def command_heard(m: Message, t: Seconds, over: int) -> Commanded:
    """A command to the station. ``over`` is 0 for the dispatcher's own microphone."""
    act = next((a for a in m.acts if a.meaning != CODE_WORD), None)
    own = act is not None and act.meaning == "own_words"
    code = next((a for a in m.acts if a.meaning == CODE_WORD), None)
    return Commanded(
        t=t,
        command=act.meaning if act else "",
        unit=act.slots.get("unit") if act else None,
        over=over,
        status="heard",
        text=m.text,
        begins=_times_of(m, act)[1] if act and own else 0.0,
        ends=_times_of(m, code)[0] if code and own else 0.0,
        figures=m.figures if own else (),
    )


def _times_of(m: Message, act: Act) -> tuple[Seconds, Seconds]:
    """When the phrase of an act was said within the over; acts index free speech by syllable."""
    at = 0
    for item in m.items:
        if at == act.at:
            return item.start, item.end
        at += len(item.pinyin.split()) if item.kind == "free" else 1
    return 0.0, 0.0


def _not_understood(state: NetState, h: Heard) -> Fact:
    """Speech outside the grammar; if it contains the call sign of the awaited unit, it is that unit's answer."""
    hint = _slot_of(state)
    if hint and any(n.unit == hint.unit for n in h.message.names):
        return _answered(hint, h, HEARD, "call_sign", Rules())
    return NotUnderstood(
        t=h.start,
        over=h.over,
        unit=hint.unit if hint else None,
        exchange=hint.id if hint else None,
        pinyin=h.message.pinyin,
    )


def _relayed(state: NetState, h: Heard, act: Act) -> Relayed:
    m = h.message
    exchange = state.exchanges.get(m.on_behalf_of or "")
    return Relayed(
        t=h.start,
        kind="proxy" if act.meaning == "proxy" else "relay",
        over=h.over,
        unit=m.on_behalf_of,
        by=m.caller,
        exchange=exchange.id if exchange and exchange.open else None,
        meaning=next((x for x in ANSWERS if x in m.meanings()), ""),
        text=m.text,
        confidence=m.confidence,
    )


def _call(state: NetState, h: Heard, unit: str, offset: int, doubt: bool = False) -> Called:
    """A new exchange with ``unit``, or another attempt in the open one."""
    old = state.exchanges.get(unit)
    again = old is not None and old.open
    return Called(
        t=h.speech_end,
        exchange=old.id if old and again else state.next_id + offset,
        unit=unit,
        over=h.over,
        attempt=old.attempt + 1 if old and again else 1,
        to_all=h.message.to_all,
        question=" ".join(i.text or f"[{i.pinyin}]" for i in h.message.items if i.kind != "unit"),
        figures=h.message.figures, doubt=doubt,
    )  # fmt: skip


def _from_control(state: NetState, h: Heard) -> list[Fact]:
    m = h.message
    meanings = m.meanings()
    if "go_ahead" in meanings or "stand_by" in meanings:
        unit = m.callees[0] if m.callees else state.calling_in
        return [_control_replied(state, h, unit, "go_ahead" if "go_ahead" in meanings else "stand_by")]
    if m.callees:
        return [_call(state, h, unit, k) for k, unit in enumerate(m.callees)]
    last = [state.exchanges[u] for u in state.last_called if state.exchanges[u].open]
    if "ask" in meanings and last and not last[0].to_all:
        return [_call(state, h, e.unit, k) for k, e in enumerate(last)]  # 收到请回答: the call repeated
    return [_remark(h, "said", None, None, meanings[0] if meanings else "", review=False)]


def _control_replied(state: NetState, h: Heard, unit: str | None, meaning: str) -> ControlReplied:
    waited = h.speech_start - state.calling_in_at if state.calling_in else 0.0
    return ControlReplied(t=h.start, over=h.over, unit=unit, meaning=meaning, latency_s=max(0.0, waited))


def _remark(h: Heard, kind: str, unit: str | None, exchange: int | None, meaning: str, review: bool) -> Remarked:
    return Remarked(
        t=h.end,
        kind=kind,  # type: ignore[arg-type]
        over=h.over,
        unit=unit,
        exchange=exchange,
        meaning=meaning,
        text=h.message.text,
        confidence=h.message.confidence,
        review=review or h.doubled,
    )


def _from_unit(state: NetState, h: Heard, rules: Rules, caller: str | None) -> list[Fact]:
    m = h.message
    meanings = m.meanings()
    awaited = _slot(state, h, rules)
    grade: Grade = "burst" if h.identified else "call_sign"
    mine = state.exchanges.get(caller) if caller else awaited
    meaning = next((x for x in ANSWERS if x in meanings), None)
    if "stand_by" in meanings and state.calling_in and not caller and (mine is None or mine.id < state.next_id - 1):
        return [_control_replied(state, h, state.calling_in, "stand_by")]
    blocking = next((BLOCKING[x] for x in BLOCKING if x in meanings), None)
    if blocking and (meaning in (None, "ack", "report") or blocking != "wait"):
        unit = caller or (mine.unit if mine else None)
        number = mine.id if mine and mine.open else None
        return [_remark(h, blocking, unit, number, blocking, review=False)]

    if caller and mine and (mine.open or _unfinished(mine, h) or (_late(mine, h, rules) and _speaks(h, meaning))):
        return [_answered(mine, h, meaning or _nameless(state, h) or HEARD, grade, rules)]
    urgent = next((x for x in ("report", "situation", "call_in") if x in meanings), None)
    answers = awaited is not None and (awaited.open or not m.calls_control)
    if urgent and (caller or urgent != "situation" or not answers):
        return [
            CalledIn(
                t=h.start,
                over=h.over,
                unit=caller,
                meaning=urgent,
                grade=grade,
                text=m.text,
                pinyin=m.pinyin,
                confidence=m.confidence,
                free=m.free,
            )
        ]
    if caller:
        if state.calling_in == caller and "ack" in meanings and not h.identified:
            return [_control_replied(state, h, caller, "ack")]  # 贾岗社区治安队,收到: net control acknowledges
        return [_remark(h, "unsolicited", caller, None, meaning or "", review=h.contradicted)]
    if meaning is None:
        return [_remark(h, "said", None, None, meanings[0] if meanings else "", review=False)]
    if awaited is None and state.calling_in is not None and meaning == "ack":
        return [_control_replied(state, h, state.calling_in, "ack")]
    return [_bare(state, h, meaning, awaited, rules)]


def _speaks(h: Heard, meaning: str | None) -> bool:
    """More than a bare call sign."""
    return bool(meaning or h.message.free or "call_in" in h.message.meanings())


def _unfinished(e: Exchange, h: Heard) -> bool:
    """It answered unintelligibly and may repeat, asked or not."""
    since = max(e.answered_at, e.asked_at or 0.0)
    return e.status == "answered" and e.meaning == HEARD and h.start - since <= ASKED_S


def _nameless(state: NetState, h: Heard) -> str:
    """A bare call sign in reply to our “Which unit was that?”: attributes the earlier answer to it."""
    asked = state.nameless
    alone = not h.message.acts and not h.message.free
    return asked[0] if asked and alone and h.start - asked[1] <= ASKED_S else ""


def _slot(state: NetState, h: Heard, rules: Rules) -> Exchange | None:
    """Exchange a bare answer belongs to, including one recently closed as silent or unclear."""
    if len(state.last_called) != 1:
        return _slot_of(state)
    last = state.exchanges[state.last_called[0]]
    if last.asked_at is not None and _unfinished(last, h):
        return last
    if state.awaited():
        return _slot_of(state)
    return last if last.status in ("silent", "unclear") and _late(last, h, rules) else None


def _slot_of(state: NetState) -> Exchange | None:
    """Open exchange of the last unit called; None if that call opened several."""
    awaited = state.awaited()
    return awaited[0] if len(awaited) == 1 else None


def _late(e: Exchange, h: Heard, rules: Rules) -> bool:
    return e.status in ("silent", "unclear") and h.start - e.deadline <= rules.late_window_s


def _bare(state: NetState, h: Heard, meaning: str, awaited: Exchange | None, rules: Rules) -> Fact:
    """收到 without a call sign: attributed to the slot, or not at all."""
    if awaited is not None:
        return _answered(awaited, h, meaning, "slot", rules)
    if len(state.open_exchanges()) > 1:
        return _remark(h, "unattributed", None, None, meaning, review=True)
    last = state.exchanges.get(state.last_called[-1]) if state.last_called else None
    in_slot = last is not None and h.start <= last.called_at + rules.answer_timeout_s
    closing = last is not None and meaning == "ack" and last.meaning != "ack"  # net control's own 收到
    if last and in_slot and not closing and last.status == "answered" and last.grade == "slot":
        return _remark(h, "contested", last.unit, last.id, meaning, review=True)
    return _remark(h, "stray", None, None, meaning, review=False)


def _readback(called: tuple[str, ...], answered: tuple[str, ...]) -> Literal["", "same", "different"]:
    """Every figure read back must occur in the call."""
    if not called or not answered:
        return ""
    return "same" if set(answered) <= set(called) else "different"


def _answered(e: Exchange, h: Heard, meaning: str, grade: Grade, rules: Rules) -> Answered:
    m = h.message
    slots = next((tuple(a.slots.items()) for a in m.acts if a.meaning == meaning), ())
    readback = _readback(e.figures, m.figures)
    return Answered(
        t=h.start, exchange=e.id, unit=e.unit, over=h.over, meaning=meaning, grade=grade,
        latency_s=max(0.0, h.speech_start - e.called_at), late=not e.open and e.status != "answered",
        confidence=m.confidence, text=m.text,
        review=h.doubled or h.contradicted or readback == "different" or m.confidence < rules.review_below
        or meaning == HEARD,
        slots=slots, readback=readback, figures=m.figures, free=m.free,
    )  # fmt: skip
