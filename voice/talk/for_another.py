"""What a unit says for another one: 代答, 转达, 安和社区电台没电了."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from voice.grammar.clause import free_before, free_behind
from voice.grammar.meanings import ANSWERS, HEARD, MISSING
from voice.grammar.message import Act, Item, Message, by_syllable, run_together
from voice.grammar.naming import excuses
from voice.grammar.words import JOINING
from voice.talk.entries import answer, called_in, of_either
from voice.talk.events import Heard, Rules
from voice.talk.facts import Fact, Relayed
from voice.talk.slots import awaited_slot, is_late
from voice.talk.state import NetState


def spoken_for(state: NetState, h: Heard, act: Act, rules: Rules) -> list[Fact]:
    """贾岗社区代安和社区回答; 已转达安和社区: also the answer of the unit that says so."""
    told = _relayed(state, h, act, rules)
    return [told, *_own(state, h, told, rules)]


def _relayed(state: NetState, h: Heard, act: Act, rules: Rules) -> Relayed:
    """One unit answers on another's behalf, or passes its answer on. 贾岗社区代答 is said of 贾岗社区, or by it where
    another unit is awaited."""
    m = h.message
    unit, by = m.on_behalf_of, m.caller
    waiting = awaited_slot(state)
    if act.meaning == "proxy" and waiting is not None and "unit2" not in act.slots and unit not in (None, waiting.unit):
        unit, by = waiting.unit, unit
    e = state.exchanges.get(unit or "")
    number = e.id if e and (e.open or is_late(e, h, rules)) else None
    return _speaks_for(h, "proxy" if act.meaning == "proxy" else "relay", unit, by, number)


def spoken_of(state: NetState, h: Heard, rules: Rules) -> list[Fact]:
    """贾岗社区,安和社区电台没电了,他们在岗: a unit tells of one that has not answered. 安和社区在我旁边,他收到了 does
    not say who it is; nor does 安和社区的人在我这儿,电台没电了."""
    m = h.message
    by = h.identified or m.caller
    named = {n.unit for n in m.names}
    absent = excuses(m.free)
    people = any(i.kind == "unit" and free_behind(m.items, k)[:2] == ("de", "ren") for k, i in enumerate(m.items))
    not_mine = people or any(of_another(m.items, k) for k in range(len(m.items)))
    if m.speaker == "control" or {*MISSING, "ask"} & set(m.meanings()) or not (absent or not_mine):
        return []
    if absent and not_mine and not h.identified and len(named) < 2:
        waiting = awaited_slot(state)
        named, by = named or ({waiting.unit} if waiting else set()), None
    elif by is None:
        return []
    unanswered = (e for e in state.exchanges.values() if e.unit in named - {by} and (e.open or is_late(e, h, rules)))
    e = next(unanswered, None)
    if e is None:
        return []
    mine = _of_itself(m, by)
    theirs = next((x for x in ANSWERS if x in m.meanings() and x != mine), "")
    told = replace(_speaks_for(h, "proxy", e.unit, by, e.id), meaning=theirs).doubted("spoken_of")
    urgent = next((x for x in ("report", "situation", "call_in") if x in m.meanings()), None)
    own = _own(state, h, told, rules, mine)
    return [told, *own] if own or not urgent else [told, called_in(h, by, urgent, "call_sign")]


def of_another(items: Sequence[Item], k: int) -> bool:
    """他收到了, 他们在岗: not of whoever speaks."""
    before = free_before(run_together(items), k)
    return items[k].kind == "phrase" and (before[-1:] == ("ta",) or before[-2:] == ("ta", "men"))


def _of_itself(m: Message, unit: str | None) -> str:
    """安和社区收到,贾岗的电台坏了: what it says directly behind its own call sign."""
    split = by_syllable(m.items)
    signs = [k for k, i in enumerate(split) if i.kind == "unit" and i.key == unit]
    behind = {k + 1 + (k + 1 < len(split) and split[k + 1].pinyin == "ye") for k in signs} | set(signs)
    return next((a.meaning for a in m.acts if a.at in behind and a.meaning in ANSWERS), "")


def _own(state: NetState, h: Heard, told: Relayed, rules: Rules, meaning: str = "") -> list[Fact]:
    """The unit that speaks for another is there. ``meaning``: what it said of itself."""
    mine = state.exchanges.get(told.by) if told.by else awaited_slot(state)
    late = mine is not None and told.by is not None and is_late(mine, h, rules)
    if mine is None or not (mine.open or late) or mine.unit == told.unit:
        return []
    if told.by is None and told.kind == "proxy":
        return [of_either(h, mine)]
    return [answer(mine, h, meaning or HEARD, "call_sign" if told.by else "slot", rules)]


def also_for(state: NetState, h: Heard, unit: str, meaning: str) -> list[Fact]:
    """安和社区和贾岗社区都收到了, 丹尼斯关好了,博学路超市也关好了: it answers for the other one, too.
    贾岗社区,安和社区一切正常: either may speak."""
    m = h.message
    before = [n.unit for n in m.names if n.place == "lead"]
    before = before[: before.index(unit)] if unit in before else []
    joined = {
        after.key
        for before, between, after in zip(m.items, m.items[1:], m.items[2:], strict=False)
        if before.kind == after.kind == "unit" and before.key == unit and between.pinyin in JOINING
    }
    too = {i.key for k, i in enumerate(m.items) if i.kind == "unit" and free_behind(m.items, k)[:1] == ("ye",)}
    named = [e for e in state.open_exchanges() if e.unit != unit and any(n.unit == e.unit for n in m.names)]
    out: list[Fact] = []
    for e in named:
        if e.unit in joined:
            out.append(_speaks_for(h, "proxy", e.unit, unit, e.id, meaning))
        elif e.unit in too:
            out.append(_speaks_for(h, "proxy", e.unit, unit, e.id).doubted("spoken_of"))
        elif e.unit in before:
            out.append(of_either(h, e))
    return out


def _speaks_for(
    h: Heard, kind: Literal["proxy", "relay"], unit: str | None, by: str | None, exchange: int | None, meaning: str = ""
) -> Relayed:
    """``by`` has spoken for ``unit``. ``meaning``: its own answer; empty: what it said."""
    m = h.message
    told = meaning or next((x for x in ANSWERS if x in m.meanings()), "")
    return Relayed(
        t=h.start, kind=kind, over=h.over, unit=unit, by=by, exchange=exchange, meaning=told, text=m.text,
        confidence=m.confidence,
    )  # fmt: skip
