"""What an over means for the net: ``decide(state, heard) -> facts``. Pure: no clock, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from voice.grammar.meanings import ANSWERS, CODE_WORD, HEARD, URGENT
from voice.grammar.message import Act, Message
from voice.mandarin.figures import plainly
from voice.pcm import Seconds
from voice.talk.facts import (
    Answered,
    Broadcast,
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
from voice.talk.state import ASKED_S, REPLY_S, Exchange, NetState, evolve

BLOCKING: dict[str, Literal["say_again", "negative", "wait"]] = {
    "say_again": "say_again", "negative": "negative", "stand_by": "wait",
}  # fmt: skip
"""Said by a unit in place of an answer: its exchange stays open."""

UNANSWERED = ("silent", "unclear", "undetermined")
"""How an exchange may have ended for an answer to be late."""

KEPT = {
    "say_again": "it asked to say the call again, and nothing more came",
    "negative": "it said that it had not understood, and nothing more came",
    "wait": "it asked to wait, and nothing more came",
    "other": "another unit's call sign was heard in its slot: it may have been its answer, and nothing more came",
}

PLAIN = 0.9
"""Least confidence of a call that counts although two stations seem to speak at once."""

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
    if e.vague:
        return ExchangeClosed(
            t=t, exchange=e.id, unit=e.unit, outcome="undetermined", waited_s=waited,
            reason=f"{together} units are open, {e.vague} answers nobody's",
        )  # fmt: skip
    reason = "nothing was heard in its slot"
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
        if a.meaning in ROLL and not m.callees and not m.caller  # 护学巡逻队,…: somebody is called
    ]
    if rolls:
        return rolls
    if h.doubled and (m.callees or m.to_all or m.speaker == "control"):
        if not _plain_call(m):
            return [_not_understood(state, h)]  # two voices at once call nobody
        return [_call(state, h, unit, k, doubt=True) for k, unit in enumerate(m.callees)]
    if m.jumbled:
        return _jumbled(state, h)
    if not m.understood:
        return [_own_radio(state, h, rules) if h.identified else _not_understood(state, h)]
    behalf = next((a for a in m.acts if a.meaning in ("proxy", "relay")), None)
    if behalf is not None:
        return [_relayed(state, h, behalf)]
    if m.to_all and not h.identified:
        if "ask" in m.meanings():
            return [_call(state, h, unit, k) for k, unit in enumerate(state.units)]
        return [Broadcast(t=h.speech_end, over=h.over, text=m.text, figures=m.figures)]
    if _ordered(state, m) and not h.identified and not state.beside(h.start):
        return [_call(state, h, n.unit, k, doubt=True) for k, n in enumerate(m.names)]
    aside = _aside(state, h)
    if aside is not None:
        return [aside]
    who = speaker_of(m, h.identified, state, h.speech_start, rules.late_window_s)
    if who.role == "control":
        return _from_control(state, h)
    if who.role == "either":
        return [_either(state, h, who.unit) if who.unit else _not_understood(state, h)]
    return _from_unit(state, h, rules, who.unit)


def _plain_call(m: Message) -> bool:
    """A call without a word that is not known, and surely heard: a noise beside it is taken for a second voice more
    often than two stations say the same."""
    return bool(m.callees) and not m.to_all and not m.free and m.confidence >= PLAIN


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


def _aside(state: NetState, h: Heard) -> Fact | None:
    """A unit addresses another one, or the two are talking: ``贾岗社区,我是省残联``, ``省残联呼叫贾岗社区``, and what
    follows with either call sign. An open exchange, net control's questions and alarms come first."""
    m = h.message
    meanings = m.meanings()
    waiting = _slot_of(state)
    slot = waiting.id if waiting else None
    if m.calls_control or URGENT & set(meanings) or ("ask" in meanings and _unsaid(m)):
        return None
    to = _spoken_to(m, m.caller) or (m.callees[0] if m.callees and "call_in" in meanings else None)
    if m.caller and to and h.identified in (None, m.caller):
        if _is_open(state, m.caller):
            return None
        return _remark(h, "aside", m.caller, slot if _unsaid(m) else None, "", review=False, to=to)
    named = {n.unit for n in m.names if n.place != "inside"}
    pair = state.aside
    if pair is None or not state.beside(h.start) or h.identified or not named or not named <= set(pair.units):
        return None
    if any(_is_open(state, u) and u in named for u in pair.units):
        return None
    if named != {pair.caller} and {"arrived", "on_the_way"} & set(meanings):
        return None  # 明理路巡防队到了: for net control to know
    return _remark(
        h, "aside", None, slot, next(iter(meanings), ""), review=bool({"arrived", "on_the_way"} & set(meanings))
    )


def _is_open(state: NetState, unit: str) -> bool:
    e = state.exchanges.get(unit)
    return e is not None and e.open


def _spoken_to(m: Message, caller: str | None) -> str | None:
    """The unit named before the speaker named itself, with net control not named."""
    first = m.names[0].unit if m.names and caller and not m.calls_control else None
    return first if first != caller else None


def _unsaid(m: Message) -> bool:
    """No unit said who it is: a call sign heard may be another's."""
    return not any(n.place == "self" for n in m.names)


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
        return _calls(state, h)
    last = [state.exchanges[u] for u in state.last_called if state.exchanges[u].open]
    if "ask" in meanings and last and not last[0].to_all:
        return [_call(state, h, e.unit, k) for k, e in enumerate(last)]  # 收到请回答: the call repeated
    return [_remark(h, "said", None, None, meanings[0] if meanings else "", review=False)]


def _calls(state: NetState, h: Heard) -> list[Fact]:
    """Several call signs without words of net control's may also be a unit addressing another: nothing is certain."""
    m = h.message
    several = len(m.callees) > 1 and not any(a.speaker == "control" for a in m.acts)
    opened = [u for u in m.callees if _is_open(state, u)] if several else []
    if not several or len(opened) == len(m.callees):
        return [_call(state, h, unit, k) for k, unit in enumerate(m.callees)]
    doubt = bool(opened) or not m.free
    others = [u for u in m.callees if u not in opened]
    return [
        *(NotUnderstood(t=h.start, over=h.over, unit=u, exchange=state.exchanges[u].id, pinyin=m.pinyin, why="speaker")
          for u in opened),
        *(_call(state, h, unit, k, doubt) for k, unit in enumerate(others)),
    ]  # fmt: skip


def _ordered(state: NetState, m: Message) -> bool:
    """明理路巡防队,东风渠巡防队,马上过去: net control sends both, most likely."""
    named = tuple(n.unit for n in m.names if n.place == "lead")
    several = len(named) > 1 and len(named) == len(m.names)
    return several and set(m.meanings()) == {"on_the_way"} and not any(_is_open(state, u) for u in named)


def _control_replied(state: NetState, h: Heard, unit: str | None, meaning: str, doubt: bool = False) -> ControlReplied:
    waited = h.speech_start - state.calling_in_at if state.calling_in or state.reported_at is not None else 0.0
    return ControlReplied(t=h.start, over=h.over, unit=unit, meaning=meaning, latency_s=max(0.0, waited), doubt=doubt)


def _remark(
    h: Heard, kind: str, unit: str | None, exchange: int | None, meaning: str, review: bool, to: str | None = None
) -> Remarked:
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
        to=to,
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

    late = mine is not None and _late(mine, h, rules) and _speaks(h, meaning) and not state.heeds(h.start)
    if caller and mine and (mine.open or _unfinished(mine, h) or late):
        claims = "" if meaning else _nameless(state, h)
        return [replace(_answered(mine, h, meaning or claims or HEARD, grade, rules), claims=bool(claims))]
    urgent = next((x for x in ("report", "situation", "call_in") if x in meanings), None)
    answers = awaited is not None and (awaited.open or not m.calls_control)
    if urgent == "call_in" and not caller and meaning is None and answers:
        return [_not_understood(state, h)]  # 派出所, and words that nobody knows: of the unit awaited, most likely
    if urgent and (caller or not answers):
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
                to=_spoken_to(m, caller),
            )
        ]
    if caller:
        if meaning == "ack" and not h.identified and (reply := _acknowledged(state, h, caller)):
            return [reply]
        if meaning and state.broadcast and state.heeds(h.start):
            return _to_broadcast(state, h, state.broadcast[0], caller, meaning, grade, rules)
        open_one = _slot_of(state)
        slot = open_one.id if open_one and not h.identified and _unsaid(m) else None
        return [_remark(h, "unsolicited", caller, slot, meaning or "", review=h.contradicted)]
    if meaning is None:
        return [_remark(h, "said", None, None, meanings[0] if meanings else "", review=False)]
    if awaited is None and meaning == "ack" and (state.calling_in is not None or _reported(state, h)):
        return [_control_replied(state, h, state.calling_in, "ack", doubt=state.calling_in is None)]
    return [_bare(state, h, meaning, awaited, rules)]


def _reported(state: NetState, h: Heard) -> bool:
    """A report without a call sign awaits a reply."""
    return state.reported_at is not None and h.start - state.reported_at <= REPLY_S


def _acknowledged(state: NetState, h: Heard, unit: str) -> ControlReplied | None:
    """贾岗社区治安队,收到: net control acknowledges the report. Doubtful if the report had no call sign, or if the unit
    had addressed another one, which may be the one replying."""
    if state.calling_in == unit:
        return _control_replied(state, h, unit, "ack", doubt=state.beside(h.start))
    return _control_replied(state, h, unit, "ack", doubt=True) if _reported(state, h) else None


def _to_broadcast(
    state: NetState, h: Heard, told: Broadcast, unit: str, meaning: str, grade: Grade, rules: Rules
) -> list[Fact]:
    """An answer to a message that asked for none: the call is written down with it."""
    called = Called(
        t=told.t, exchange=state.next_id, unit=unit, over=told.over, attempt=1, to_all=True, question=told.text,
        figures=told.figures,
    )  # fmt: skip
    exchange = evolve(state, called, rules.answer_timeout_s).exchanges[unit]
    return [called, _answered(exchange, h, meaning, grade, rules)]


def _speaks(h: Heard, meaning: str | None) -> bool:
    """More than a bare call sign, or a call to net control."""
    return bool(meaning or (h.message.free and "call_in" not in h.message.meanings()))


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
    return last if _late(last, h, rules) else None


def _slot_of(state: NetState) -> Exchange | None:
    """Open exchange of the last unit called; None if that call opened several."""
    awaited = state.awaited()
    return awaited[0] if len(awaited) == 1 else None


def _late(e: Exchange, h: Heard, rules: Rules) -> bool:
    return e.status in UNANSWERED and h.start - e.deadline <= rules.late_window_s


def _bare(state: NetState, h: Heard, meaning: str, awaited: Exchange | None, rules: Rules) -> Fact:
    """收到 without a call sign: attributed to the slot, or not at all."""
    if awaited is not None:
        said = _answered(awaited, h, meaning, "slot", rules)
        return replace(said, review=said.review or state.beside(h.start))
    if len(state.open_exchanges()) > 1 or state.heeds(h.start):
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
    return "same" if set(plainly(answered)) <= set(plainly(called)) else "different"


def _answered(e: Exchange, h: Heard, meaning: str, grade: Grade, rules: Rules) -> Answered:
    m = h.message
    slots = next((tuple(a.slots.items()) for a in m.acts if a.meaning == meaning), ())
    readback = _readback(e.figures, m.figures)
    return Answered(
        t=h.start, exchange=e.id, unit=e.unit, over=h.over, meaning=meaning, grade=grade,
        latency_s=max(0.0, h.speech_start - e.called_at), late=not e.open and e.status != "answered",
        confidence=m.confidence, text=m.text,
        review=h.doubled or h.contradicted or readback == "different" or m.confidence < rules.review_below
        or meaning == HEARD or m.figures != plainly(m.figures),
        slots=slots, readback=readback, figures=m.figures, free=m.free,
    )  # fmt: skip
