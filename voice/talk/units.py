"""What units say: answers, calls to net control, reports, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice.grammar.clause import content, free_before, free_behind
from voice.grammar.meanings import ANSWERS, HEARD, MISSING, URGENT
from voice.grammar.message import Item, Message, by_syllable
from voice.grammar.naming import thanks
from voice.grammar.words import OURS, SELF, WHERE
from voice.talk.control import call_to, control_reply
from voice.talk.doubts import (
    BARE,
    CALLING_IN,
    SIGNED,
    STRAY,
    THANKS_BARE,
    UNASKED,
    Bare,
    Calling,
    Signed,
    Stray,
    Thanks,
    Unasked,
    held,
)
from voice.talk.doubts.by_words import directs, harmed
from voice.talk.entries import answer, called_in, not_understood, remark
from voice.talk.events import Heard, Rules
from voice.talk.evolve import evolve
from voice.talk.facts import Broadcast, Called, Fact, Grade, NotUnderstood
from voice.talk.for_another import also_for, of_another
from voice.talk.guessing import probable
from voice.talk.reacting import asks_back, pending, reaction
from voice.talk.slots import BLOCKING, Blocking, awaited_slot, is_late, is_unfinished, is_unsaid, may_reply, slot_for
from voice.talk.state import ASKED_S, Exchange, NetState

ANSWERING = ("situation", "normal", "on_the_way", "arrived")
"""Answers all the same: 刚才没听见,一切正常."""

WHETHER = 2
"""Syllables before 没有 that make a question of it."""

PATIENT = (*ANSWERING, "not_found", "present")
"""没有,稍等."""


def from_unit(state: NetState, h: Heard, rules: Rules, caller: str | None) -> list[Fact]:
    """An answer in its slot or late, a call to net control, a report, or a remark that belongs to nobody.

    ``caller``: the unit that spoke, as far as its call sign or its radio says so.
    """
    m = h.message
    meanings = m.meanings()
    guest = state.guest(h.start) if caller is None and not m.calls_control else ""
    awaited = None if guest else slot_for(state, h, rules)
    grade: Grade = "burst" if h.identified else "call_sign"
    mine = state.exchanges.get(caller) if caller else awaited
    meaning = _said_of_itself(m)
    if reply := reaction(state, h, caller, mine, meaning):
        return [reply]
    blocking = next((BLOCKING[x] for x in BLOCKING if x in meanings), None)
    again = meaning not in (None, "ack") or (mine is not None and is_late(mine, h, rules))
    if meaning and again and m.items[-1].key.startswith("刚才"):
        blocking = None  # 财大收到,刚才没听见
    if blocking and meaning not in (ANSWERING if blocking != "wait" else PATIENT):
        asked = asks_back(state, h, caller, blocking)
        told = meaning if meaning in PATIENT else HEARD
        return [asked or _held_up(state, h, rules, caller, mine, blocking, told)]

    late = mine is not None and is_late(mine, h, rules) and _speaks(h, meaning) and not state.heeds(h.start)
    late = late and not (state.invited[0] == caller and state.invites(h.start))
    if guest:
        caller, grade = guest, "slot"
    if meaning is None and "go_ahead" in meanings and awaited and caller is None:
        return [answer(awaited, h, HEARD, grade if caller else "slot", rules)]
    if caller and mine and (mine.open or is_unfinished(mine, h) or late):
        return _answered(state, h, rules, mine, caller, meaning, grade, late)
    urgent = next((x for x in ("report", "situation", "call_in") if x in meanings), None)
    moved = caller and meaning in ("arrived", "on_the_way")
    urgent = None if urgent == "report" and moved else urgent  # 明理路报告,已到现场
    if urgent == "situation" and not caller and awaited is None and (echo := _echoed(state, h)):
        return [echo]
    answers = awaited is not None and (awaited.open or not m.calls_control)
    if urgent == "call_in" and not caller and meaning is None and answers:
        return [not_understood(state, h)]  # 派出所, and words that nobody knows: of the unit awaited, most likely
    if urgent and (caller or not answers):
        return [_reported(state, h, caller, urgent, grade)]
    if caller:
        return _unasked(state, h, rules, caller, meaning, grade)
    if meaning is None and awaited and awaited.open:
        return [not_understood(state, h)]
    if meaning is None:
        return [remark(h, "said", None, None, meanings[0] if meanings else "")]
    waiting = state.awaited() and state.replying_to is None
    if awaited is None and not waiting and may_reply(h, meaning) and pending(state, h):
        return [_replied(state, h, meaning)]
    return [_bare(state, h, meaning, awaited, rules)]


def _reported(state: NetState, h: Heard, caller: str | None, urgent: str, grade: Grade) -> Fact:
    """A call to net control, or a report."""
    m = h.message
    turn = awaited_slot(state)
    mine_too = turn is not None and _tells_of(h, turn.unit)
    perhaps = caller and not h.identified and (mine_too or (not m.calls_control and is_unsaid(m)))
    trouble = urgent == "call_in" and harmed(m)
    urgent = "situation" if trouble else urgent
    if not m.calls_control and not h.identified and directs(m):
        return called_in(h, caller, urgent, "slot").doubted("directs")
    calling = called_in(h, caller, urgent, grade, exchange=turn.id if turn and perhaps else None)
    return calling.doubted("harmed" if trouble else "", *held(Calling(state, h, caller, urgent), CALLING_IN))


def _answered(
    state: NetState, h: Heard, rules: Rules, mine: Exchange, caller: str, meaning: str | None, grade: Grade, late: bool
) -> list[Fact]:
    """The answer of a unit that names itself, and what it says for others."""
    claims = "" if meaning else _nameless(state, h)
    own = replace(answer(mine, h, meaning or claims or HEARD, grade, rules), claims=bool(claims))
    others = also_for(state, h, mine.unit, own.meaning)
    return [own.doubted(*held(Signed(state, h, mine, caller, late, own, tuple(others)), SIGNED)), *others]


def _unasked(state: NetState, h: Heard, rules: Rules, caller: str, meaning: str | None, grade: Grade) -> list[Fact]:
    """A unit that nobody awaits; ``grade`` is ``slot`` where it was told 请讲 and did not name itself."""
    guest = grade == "slot"
    if meaning and state.broadcast and state.heeds(h.start):
        return _to_broadcast(state, h, state.broadcast[0], caller, meaning, grade, rules)
    if _asks_whether(state, h):
        return [call_to(state, h, caller, 0, doubt=True)]
    waiting = awaited_slot(state)
    u = Unasked(state, h, caller, meaning, guest, waiting)
    slot = waiting.id if waiting and (u.nameless or _tells_of(h, waiting.unit)) else None
    return [remark(h, "unsolicited", caller, slot, meaning or "").doubted(*held(u, UNASKED))]


def _replied(state: NetState, h: Heard, meaning: str) -> Fact:
    """收到 to a unit that called in."""
    doubt = bool(held(Thanks(state, h, meaning), THANKS_BARE))
    return control_reply(state, h, state.calling_in, meaning, doubt)


def _asks_whether(state: NetState, h: Heard) -> bool:
    """学理路小学,他手里拿东西没有: net control's question to a unit that is not awaited, most likely."""
    m = h.message
    at = next((k for k, i in enumerate(m.items) if i.kind == "unit"), len(m.items))
    first = all(i.kind == "free" and thanks(content(i.pinyin)) for i in m.items[:at])  # 好,贾岗,醒着没有
    whether = first and m.items[-1].key == "没有" and not m.calls_control and not h.identified
    said = free_before(m.items, len(m.items) - 1)
    asked = len(said) >= WHETHER and " ".join(said) not in (*OURS, *SELF)
    return whether and asked and not state.conducting and is_unsaid(m)


def own_radio(state: NetState, h: Heard, rules: Rules) -> Fact:
    """Unintelligible speech from a radio that identified itself."""
    e = state.exchanges.get(h.identified or "")
    if e is not None and (e.open or is_late(e, h, rules) or is_unfinished(e, h)):
        return answer(e, h, HEARD, "burst", rules)
    return NotUnderstood(t=h.start, over=h.over, unit=h.identified, exchange=None, pinyin=h.message.pinyin)


def _said_of_itself(m: Message) -> str | None:
    """Its answer; not 他们知道了."""
    split = by_syllable(m.items)
    said = {a.meaning for a in m.acts if a.meaning in URGENT or not (of_another(split, a.at) or _is_doing(split, a.at))}
    return next((x for x in ANSWERS if x in said), None)


def _is_doing(items: Sequence[Item], k: int) -> bool:
    """渠边也在涨水, 我也到后门: no 在岗."""
    return items[k].key in ("也在", "也到") and bool(free_behind(items, k))


def _puts_off(state: NetState, h: Heard, mine: Exchange) -> bool:
    """稍等,我报告一下, behind words that may have been the unit's: net control's, perhaps."""
    spoke = mine.heard_unclear or (mine.doubt and state.telling(h.start) == mine.unit)
    spoke = spoke or state.went_on(mine.called_at)
    return spoke and not mine.ours and not h.identified


def _held_up(
    state: NetState, h: Heard, rules: Rules, caller: str | None, mine: Exchange | None, said: Blocking, told: str
) -> Fact:
    """稍等, 没听清: the exchange stays open; said late it shows that the unit is there."""
    if caller and mine and is_late(mine, h, rules):
        return answer(mine, h, told, "burst" if h.identified else "call_sign", rules)  # 刚才没听见
    unit = caller or (mine.unit if mine else None)
    perhaps = caller is None and mine is not None and _puts_off(state, h, mine)
    held_up = remark(h, said, unit, mine.id if mine and mine.open else None, said)
    return held_up.doubted("puts_off" if perhaps else "")


def _tells_of(h: Heard, unit: str) -> bool:
    """我是贾岗社区,安和社区电台没电了; but not 安和社区没人: nobody answers there."""
    silent = bool({*MISSING} & set(h.message.meanings())) or "mei ren" in h.message.free
    return not silent and any(n.unit == unit for n in h.message.names)


def _echoed(state: NetState, h: Heard) -> Fact | None:
    """Net control about a report just heard: 收到,有人打架,马上派人, or 哪里着火了, which may also be 那里着火了
    and is no question where nothing was reported."""
    m = h.message
    if m.calls_control or not pending(state, h):
        return None
    if m.acts[0].meaning == "ack":
        return control_reply(state, h, state.calling_in, "ack", doubt=True)
    before = content(next((i.pinyin for i in m.items if i.kind == "free"), ""))
    return remark(h, "said", None, None, "situation").doubted("echoed") if before[-2:] in WHERE else None


def _to_broadcast(
    state: NetState, h: Heard, told: Broadcast, unit: str, meaning: str, grade: Grade, rules: Rules
) -> list[Fact]:
    """An answer to a message that asked for none: the call is written down with it."""
    called = Called(
        t=told.t, exchange=state.next_id, unit=unit, over=told.over, attempt=1, to_all=True, question=told.text,
        figures=told.figures,
    )  # fmt: skip
    exchange = evolve(state, called, rules.answer_timeout_s).exchanges[unit]
    return [called, answer(exchange, h, meaning, grade, rules)]


def _speaks(h: Heard, meaning: str | None) -> bool:
    """More than a bare call sign, or a call to net control."""
    said = h.message.meanings()
    return bool(meaning or "go_ahead" in said or (h.message.free and "call_in" not in said))


def _nameless(state: NetState, h: Heard) -> str:
    """A call sign, or 刚才是 and a call sign, in reply to our “Which unit was that?”: attributes the earlier answer to
    it."""
    asked = state.nameless
    said = " ".join(s.rstrip("12345") for i in h.message.items if i.kind != "unit" for s in content(i.pinyin))
    last = h.message.items[-1].kind == "unit"
    alone = not h.message.acts and len(h.message.names) == 1 and last and said in ("", "shi", *SELF)
    return asked[0] if asked and alone and h.start - asked[1] <= ASKED_S else ""


def _bare(state: NetState, h: Heard, meaning: str, awaited: Exchange | None, rules: Rules) -> Fact:
    """收到 without a call sign: attributed to the slot, or not at all."""
    if awaited is not None:
        said = answer(awaited, h, meaning, "slot", rules)
        return said.doubted(*held(Bare(state, h, awaited, said, rules), BARE))
    opened = [e.unit for e in state.open_exchanges()]
    if len(opened) > 1 or state.heeds(h.start):
        by_voice = probable(h.voices, opened or state.units)
        told = remark(h, "unattributed", None, None, meaning).doubted("unattributed")
        return replace(told, probably=by_voice)
    last = state.exchanges.get(state.last_called[-1]) if state.last_called else None
    in_slot = last is not None and h.start <= last.called_at + rules.answer_timeout_s
    closing = last is not None and meaning == "ack" and last.meaning != "ack"  # net control's own 收到
    if last and in_slot and not closing and last.status == "answered" and last.grade == "slot":
        return remark(h, "contested", last.unit, last.id, meaning).doubted("contested")
    return remark(h, "stray", None, None, meaning).doubted(*held(Stray(state, h, meaning), STRAY))
