"""What an over means for the net: ``decide(state, heard) -> facts``. Pure: no clock, no I/O."""

from __future__ import annotations

from dataclasses import replace

from voice.grammar.clause import content
from voice.grammar.meanings import ANSWERS, HEARD, URGENT
from voice.grammar.message import Message, by_syllable
from voice.grammar.naming import asks_or_tells, elsewhere, located, thanks
from voice.grammar.words import AGREED, READY, REPLIES, TESTING
from voice.talk.affirming import affirmed
from voice.talk.control import call_to, command_heard, control_reply, from_control, is_ordered
from voice.talk.doubts.by_words import tells_behind
from voice.talk.entries import answer, called_in, closing, not_understood, of_either, remark
from voice.talk.events import Ended, Heard, Rules, Tick
from voice.talk.evolve import evolve
from voice.talk.facts import (
    Answered,
    Broadcast,
    Called,
    CalledIn,
    ControlReplied,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Remarked,
    RollMarked,
)
from voice.talk.for_another import spoken_for, spoken_of
from voice.talk.guessing import CONTROL, probable
from voice.talk.reacting import handed_on
from voice.talk.slots import awaited_slot, is_late, is_open, is_unsaid, spoken_to
from voice.talk.speaking import speaker_of
from voice.talk.state import REPLY_S, Aside, NetState
from voice.talk.units import from_unit, own_radio

PLAIN = 0.9
"""Least confidence of a call that counts although two stations seem to speak at once."""

ROLL = {
    "roll_start": "start",
    "roll_end": "end",
    "roll_pause": "pause",
    "roll_resume": "resume",
    "roll_skip": "skip",
}


def decide(state: NetState, event: Heard | Tick | Ended, rules: Rules) -> list[Fact]:
    """Facts that follow from an event in a given state."""
    match event:
        case Heard():
            return _heard(state, event, rules)
        case Tick():
            return [
                closing(e, event.t, event.receiver_alive, state) for e in state.open_exchanges() if event.t > e.deadline
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


def _heard(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    h = affirmed(state, _nameless(state, h))
    m = h.message
    if m.parts:
        return _taken_apart(state, h, rules)
    if m.addressed:
        return _addressed(state, h)
    if rolls := _roll_marks(state, h, rules):
        return rolls
    if h.doubled and (m.callees or m.to_all or m.speaker == "control"):
        if not _plain_call(m):
            return [not_understood(state, h)]  # two voices at once call nobody
        return [call_to(state, h, unit, k, doubt=True) for k, unit in enumerate(m.callees)]
    if m.jumbled or _answered_within(m):
        return _jumbled(state, h)
    if not m.understood:
        return [own_radio(state, h, rules) if h.identified else not_understood(state, h)]
    behalf = next((a for a in m.acts if a.meaning in ("proxy", "relay")), None)
    if behalf is not None:
        return spoken_for(state, h, behalf, rules)
    if m.to_all and not h.identified:
        return _to_everybody(state, h)
    if is_ordered(state, m, h.start) and not h.identified and not state.beside(h.start):
        sent = [n.unit for n in m.names if n.place == "lead"]
        return [call_to(state, h, unit, k, doubt=True) for k, unit in enumerate(sent)]
    if (
        others := _next_behind_missing(state, h)
        or handed_on(state, h)
        or spoken_of(state, h, rules)
        or _aside(state, h, rules)
    ):
        return others
    who = speaker_of(m, h.identified, state, h.speech_start, rules.late_window_s)
    invited = who.unit is not None and who.unit == state.calling_in and "go_ahead" in m.meanings()  # 听到,请讲
    if who.role == "control" or (who.role == "either" and invited):
        return _from_control(state, h, rules)
    if who.role == "either":
        return _either(state, h, who.unit) if who.unit else [_of_whomever(state, h)]
    return from_unit(state, h, rules, who.unit)


def _of_whomever(state: NetState, h: Heard) -> Fact:
    """Words behind a short form that may be a place's name; an alarm is one, whoever tells of it."""
    alarm = "situation" in h.message.meanings()
    return called_in(h, None, "situation", "slot").doubted("told_of") if alarm else not_understood(state, h)


def _to_everybody(state: NetState, h: Heard) -> list[Fact]:
    """A message, or a call to all; 各单位试音,安和社区,听到请回答 calls those named behind, 各单位报人数,省残联 perhaps
    the one that ends it."""
    m = h.message
    first = next((k for k, i in enumerate(m.items) if i.kind == "unit"), 0)
    tested = first > 0 and content(m.items[first - 1].pinyin)[-2:] in TESTING
    replying = state.replying_to if m.meanings()[0] == "ack" else None  # 收到,各单位注意
    replied: list[Fact] = [control_reply(state, h, replying, "ack", doubt=True)] if replying else []
    if "ask" in m.meanings() and not tested:
        return [*replied, *(call_to(state, h, unit, k) for k, unit in enumerate(state.units))]
    named = [n.unit for n in m.names if n.place != "inside"]
    called = dict.fromkeys(named if tested else named[-1:] if m.items[-1].kind == "unit" else ())
    told = Broadcast(t=h.speech_end, over=h.over, text=m.text, figures=m.figures)
    calls = (call_to(state, h, unit, k, doubt=not tested) for k, unit in enumerate(called))
    return [*replied, told, *(replace(call, to_all=False) for call in calls)]


def _next_behind_missing(state: NetState, h: Heard) -> list[Fact]:
    """家属院没有,加油站: net control has not heard the one, or has heard that there is nothing, and calls the next."""
    items = h.message.items
    if [i.kind for i in items] != ["unit", "phrase", "unit"] or items[1].key != "没有" or h.identified:
        return []
    missing, following = state.exchanges.get(items[0].key), items[2].key
    if missing is None or missing.ours or missing.status == "answered" or following in (missing.unit, state.calling_in):
        return []
    heard: list[Fact] = [of_either(h, missing)] if missing.open else []
    return [*heard, call_to(state, h, following, 0, doubt=missing.open)]


def _roll_marks(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    """开始点名, and perhaps the first unit's call sign behind it; 省残联收到,点名结束. 护学巡逻队,… calls somebody."""
    m = h.message
    marks: list[Fact] = [
        RollMarked(t=h.start, mark=ROLL[a.meaning], over=h.over, obeyed=rules.orders_on_air)  # type: ignore[arg-type]
        for a in m.acts
        if a.meaning in ROLL and not a.doubt
    ]
    if not marks or m.caller:
        return []
    first = next((k for k, i in enumerate(by_syllable(m.items)) if i.kind == "unit"), 0)
    if any(a.meaning in ROLL and a.at < first for a in m.acts):
        called = dict.fromkeys(n.unit for n in m.names if n.place != "inside")  # 各单位早上好,开始点名,安和社区, too
        if not called and m.items[-1].kind == "unit" and "roll_end" not in m.meanings():
            return [*marks, call_to(state, h, m.items[-1].key, 0, doubt=True)]  # 开始点名都精神点博学路超市
        if "go_ahead" in m.meanings() and tuple(called) == (state.calling_in,):
            return [*marks, control_reply(state, h, state.calling_in, "go_ahead")]  # 暂停点名,加油站讲
        return [*marks, *(replace(call_to(state, h, unit, k), to_all=False) for k, unit in enumerate(called))]
    return marks if not m.callees or "ack" in m.meanings() else []


def _nameless(state: NetState, h: Heard) -> Heard:
    """博学路超市那边吵起来了,我们没事; 在岗,博学路超市今天也是我: in the slot of another unit its call sign only tells
    of it."""
    m, waiting = h.message, awaited_slot(state)
    named = {n.unit for n in m.names}
    if waiting is None or waiting.unit in named or len(named) != 1 or "ask" in m.meanings():
        return h
    if not (elsewhere(m.items) or tells_behind(m)):
        return h
    names = tuple(replace(n, place="inside") for n in m.names)
    return replace(h, message=replace(m, names=names, callees=(), caller=None, speaker="anyone", unsure=False))


def _addressed(state: NetState, h: Heard) -> list[Fact]:
    """An order to us. What is none may be the answer of a unit that we called and that calls us by our call sign."""
    command = command_heard(h.message, h.start, h.over)
    waiting = awaited_slot(state)
    if command.command or waiting is None:
        return [command]
    unclear = of_either(h, waiting)
    return [unclear] if waiting.ours else [command, unclear]


def _from_control(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    """安和社区,请讲 is net control's to a unit that called in or began to speak; else it is the answer of the unit
    awaited."""
    m = h.message
    if _parting(state, h):
        return [_said_in_parting(state, h)]
    if "go_ahead" not in m.meanings() or len(m.callees) > 1 or state.replying_to or state.reported_at is not None:
        return from_control(state, h)
    if not m.callees and len(state.awaited()) > 1:
        return [remark(h, "unattributed", None, None, "").doubted("unattributed")]
    e = state.exchanges.get(m.callees[0]) if m.callees else awaited_slot(state)
    asks = "ack" in m.meanings() or m.free in READY
    late = e is not None and is_late(e, h, rules) and h.start - e.deadline <= REPLY_S
    known = m.callees and (state.calling_in == m.callees[0] or is_open(state, m.callees[0]))
    if m.callees and asks and not (late or state.conducting or known):
        return [call_to(state, h, m.callees[0], 0, doubt=m.names[0].times == 1)]
    if e is None or (not e.ours and (e.heard_unclear or e.last not in ("", "wait") or e.doubt)):
        return from_control(state, h)
    return from_unit(state, h, rules, e.unit if m.callees else None) if e.open or late else from_control(state, h)


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
        match facts, new:
            case [Answered(grade="slot") as bare], [Remarked() | ControlReplied() as own] if bare.unit == own.unit:
                said = min(bare.meaning, own.meaning, key=lambda x: ANSWERS.index(x) if x in ANSWERS else len(ANSWERS))
                facts, new = [replace(bare, grade="call_sign", meaning=said)], []  # 收到收到,安和社区收到
            case [Answered(grade="slot") as bare], [CalledIn() as own] if (bare.unit, bare.meaning) == (
                own.unit,
                own.meaning,
            ):
                facts, new = [replace(bare, grade="call_sign")], []  # 出事了,安和社区有人被打
            case [CalledIn(unit=None) as bare], [Answered() | CalledIn() as own] if bare.meaning == own.meaning:
                facts = []  # 请求支援,王新街请求支援
            case [ControlReplied() as thanks_to], [ControlReplied() as again] if thanks_to.unit == again.unit:
                new = []  # 好的,安和社区收到
            case [_, *_], [Remarked(kind="unsolicited") as back]:
                new = [back.doubted("reads_back")]  # 明理路收到,丹尼斯,马上到: read back, perhaps
            case [*before, Answered(late=True) as missing], [Called(), *_]:
                facts = [*before, missing.doubted("said_missing")]  # 王新街没有回话,学理路小学,正常吗
            case [ControlReplied()], [CalledIn() as told] if not part.calls_control:
                new = [told.doubted("told_of")]  # 学理路小学收到,丹尼斯超市,孩子找到了
            case _:
                pass
        for fact in new:
            state = evolve(state, fact, rules.answer_timeout_s)
        facts += new
    return facts


def _answered_within(m: Message) -> bool:
    """安和社区,情况怎么样,收到,丹尼斯超市,情况怎么样: no station says so by itself."""
    split = by_syllable(m.items)
    if "ask" not in m.meanings() or len(m.callees) < 2:
        return False
    behind = (a.at for a in m.acts if a.meaning in ANSWERS and 2 <= a.at < len(split) - 1)
    return any([i.kind for i in split[k - 2 : k + 2]] == ["unit", "phrase", "phrase", "unit"] for k in behind)


def _jumbled(state: NetState, h: Heard) -> list[Fact]:
    """Calls and answers mixed in one over: every unit named counts as called, with undetermined result."""
    facts: list[Fact] = []
    for k, unit in enumerate(dict.fromkeys(n.unit for n in h.message.names)):
        call = call_to(state, h, unit, k)
        facts += [call, NotUnderstood(t=h.start, over=h.over, unit=unit, exchange=call.exchange,
                                      pinyin=h.message.pinyin, why="jumbled")]  # fmt: skip
    return facts


def _either(state: NetState, h: Heard, unit: str) -> list[Fact]:
    """Unit or net control. Its voice only says whether an awaited unit was heard, or called again: the call stays
    doubtful, and no guess keeps a call from being awaited. While we conduct, a unit's over is not a call."""
    m = h.message
    e = state.exchanges.get(unit)
    if _parting(state, h):
        return [_said_in_parting(state, h)]
    if not m.acts and state.reported_at is not None and state.asked_who(h.start):
        return [called_in(h, unit, "call_in", "call_sign").doubted("names_itself")]  # 哪个单位? 家属院, 家属院北门
    if unit == state.replying_to and ("ack" in m.meanings() or content(m.free)[:1] in AGREED):
        return [control_reply(state, h, unit, "ack", doubt=True)]
    if not is_open(state, unit) and located(m.items, 0) and state.dealing(h.start, unit):
        return [not_understood(state, h)]  # 丹尼斯后面那个胡同, to a unit that asked
    by_voice = probable(h.voices, (unit, CONTROL))
    recalled = e is not None and not e.ours and (e.repeating or (m.presumed and state.last_called == (unit,)))
    if e is not None and e.open and by_voice != CONTROL and (not recalled or by_voice == unit):
        return [of_either(h, e, by_voice)]
    told = _told_of(h, unit)
    if state.conducting and not recalled:
        return told or [replace(remark(h, "unsolicited", unit, None, HEARD).doubted("speaker"), probably=by_voice)]
    return [*told, replace(call_to(state, h, unit, 0, doubt=True), probably=by_voice)]


def _parting(state: NetState, h: Heard) -> bool:
    """Words that ask for no answer, to a unit that is not awaited."""
    m = h.message
    told = len(m.callees) == 1 and not is_open(state, m.callees[0])
    words = all(i.kind in ("unit", "free") for i in m.items)  # 好了没有 is a question
    return told and words and bool(content(m.free)) and thanks(content(m.free))


def _said_in_parting(state: NetState, h: Heard) -> Fact:
    """丹尼斯,知道了: to it, or its answer to what nobody understood."""
    return remark(h, "said", None, None, "").doubted("parting" if state.unread(h.start) else "")


def _told_of(h: Heard, unit: str) -> list[Fact]:
    """明理路巡防队,丹尼斯超市有人打架: whoever of the three says so, something has happened there."""
    m = h.message
    where = next((n.unit for n in m.names if n.unit != unit), unit)
    if "situation" not in m.meanings():
        return []
    return [replace(called_in(h, where, "situation", "slot").doubted("told_of"), to=None)]


def _aside(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    """A unit addresses another one, or the two are talking: ``贾岗社区,我是省残联``, ``省残联呼叫贾岗社区``, and what
    follows with either call sign. An open exchange, net control's questions and alarms come first."""
    m = h.message
    meanings = m.meanings()
    waiting = awaited_slot(state)
    slot = waiting.id if waiting else None
    if _turns_away(state, h):
        urgent = next((x for x in ("report", "situation") if x in meanings), "call_in")
        return [called_in(h, None, urgent, "call_sign").doubted("one_of_two")]
    if m.calls_control or URGENT & set(meanings) or ("ask" in meanings and is_unsaid(m)):
        return []
    to = spoken_to(m, m.caller) or (m.callees[0] if m.callees and "call_in" in meanings else None)
    if m.caller and to and h.identified in (None, m.caller):
        mine = state.exchanges.get(m.caller)
        aside = remark(h, "aside", m.caller, slot if is_unsaid(m) else None, "", to=to)
        if mine is None or not mine.open:
            return [aside]
        told = any(meaning in ANSWERS for meaning in meanings)
        return [] if told else [answer(mine, h, HEARD, "call_sign", rules), aside]
    named = {n.unit for n in m.names if n.place != "inside"}
    pair = state.aside
    if pair is None or not state.beside(h.start) or h.identified or not named or not named <= set(pair.units):
        return []
    if any(is_open(state, u) and u in named for u in pair.units):
        return []
    if named != {pair.caller} and {"arrived", "on_the_way"} & set(meanings):
        return []  # 明理路巡防队到了: for net control to know
    if called := _called_beside(state, h, pair):
        return called
    invited = content(m.free) in (("ni", "shuo"), ("ni", "jiang"))
    doubt = bool({"arrived", "on_the_way"} & set(meanings)) or (_perhaps_control(m) and not invited)
    return [remark(h, "aside", None, slot, next(iter(meanings), "")).doubted("to_control" if doubt else "")]


def _perhaps_control(m: Message) -> bool:
    """安和社区,梯子所里有, to one of two that talk: the other one's words, or net control's. 有,过来拿 is a reply."""
    said = content(m.free)
    told = len(said) > 1 and said[0] not in REPLIES and not {"wo", "an"} & set(said)
    return told or asks_or_tells(m.free)


def _turns_away(state: NetState, h: Heard) -> bool:
    """加油站等会儿,派出所,…: of two that talk, one turns to net control; which, nobody said."""
    m = h.message
    named = {n.unit for n in m.names}
    between = state.aside is not None and state.beside(h.start) and named and named <= set(state.aside.units)
    if not between or not m.calls_control or m.items[0].kind != "unit" or h.identified or not is_unsaid(m):
        return False
    return "deng" in [s.rstrip("12345") for s in m.items[1].pinyin.split()][:2]


def _put_to(h: Heard) -> bool:
    """加油站,你那有水没有: the other unit's words, most likely; net control's, perhaps."""
    return h.message.presumed and content(h.message.free)[:1] == ("ni",)


def _called_beside(state: NetState, h: Heard, pair: Aside) -> list[Fact]:
    """Net control calls one of the two, or the other one does: 贾岗社区,贾岗社区; 贾岗社区,请到值班室来一趟."""
    m = h.message
    by_voice = probable(h.voices, (*pair.units, CONTROL))
    control = by_voice == CONTROL or m.speaker == "control" or not (m.free or m.acts)
    if not control or "go_ahead" in m.meanings() or (_put_to(h) and by_voice != CONTROL):
        return []
    others = (e for u in pair.units if u not in m.callees and (e := state.exchanges.get(u)) and e.nothing_heard)
    calls = (replace(call_to(state, h, u, k, doubt=True), probably=by_voice) for k, u in enumerate(m.callees))
    return [*(of_either(h, e) for e in others), *calls]
