"""Who speaks to whom, judging by the words of an over alone. Pure; further evidence comes from the net
(``voice.talk``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voice.grammar.message import Act, Item, Naming
from voice.grammar.naming import content, instructs, mentioned
from voice.grammar.templates import Speaker

FREE_SPEECH_SYLLABLES = 4
"""This much free speech after a call sign is an instruction: net control is speaking."""


@dataclass(frozen=True, slots=True)
class Roles:
    """See the fields of the same names in ``Message``."""

    speaker: Speaker = "anyone"
    caller: str | None = None
    callees: tuple[str, ...] = ()
    on_behalf_of: str | None = None
    unsure: bool = False
    calls_in: float | None = None
    """Score of an implicit call to net control: its call sign and the unit's own, without a phrase."""


def spoken_units(names: Sequence[Naming]) -> tuple[str, ...]:
    """Units speaking or addressed."""
    return tuple(dict.fromkeys(n.unit for n in names if n.place != "inside"))


def roles_of(items: Sequence[Item], acts: Sequence[Act], names: Sequence[Naming]) -> Roles:
    """Roles of one over."""
    spoken = spoken_units(names)
    units = [i for i in items if i.kind == "unit" and i.key in spoken]
    special = next((a for a in acts if a.meaning in ("proxy", "relay", "call_in", "report")), None)
    to_all = any(a.meaning == "all_units" for a in acts)
    speakers = {a.speaker for a in acts} - {"anyone"}
    mine = next((n.unit for n in names if n.place == "self"), None)
    if special and special.meaning in ("proxy", "relay"):
        return _for_another(special, units)
    if mine and not to_all:
        return Roles("unit", mine, tuple(u for u in spoken if u != mine))
    if special:
        caller = special.slots.get("unit") or (units[0].key if units else None)
        other = special.meaning == "call_in" and not any(i.kind == "control" for i in items)
        return Roles("unit", caller, tuple(u for u in spoken if u != caller) if other else ())
    if to_all or "control" in speakers:
        return Roles("control", callees=() if to_all else spoken)
    if units:
        return _named(items, acts, names, units, "unit" in speakers)
    if "unit" in speakers:
        return Roles("unit")
    control = [i.score for k, i in enumerate(items) if i.kind == "control" and not mentioned(items, k)]
    return Roles("unit", calls_in=min(control)) if control and not acts else Roles()


def _for_another(act: Act, units: Sequence[Item]) -> Roles:
    behalf = act.slots.get("unit2") or act.slots.get("unit")
    caller = act.slots.get("unit") if "unit2" in act.slots else None
    caller = caller or next((u.key for u in units if u.key != behalf), None)
    return Roles("unit", caller, on_behalf_of=behalf)


def _named(
    items: Sequence[Item], acts: Sequence[Act], names: Sequence[Naming], units: Sequence[Item], reply: bool
) -> Roles:
    """Call signs, without words specific to net control or a unit, except for ``reply``."""
    acts = [a for a in acts if a.meaning != "time_is"]  # a figure, which either may say
    signed = next((n.unit for n in names if n.place == "tail"), None)
    if signed and (reply or acts):
        return Roles("unit", signed)
    # Own call sign and a reply; or called by name, with an instruction before the reply.
    free = sum(len(content(i.pinyin)) for i in items if i.kind in ("free", "place"))
    instructed = free >= FREE_SPEECH_SYLLABLES and not reply and not _answers_at_once(items)
    if (reply or acts) and not instructed:
        mine = _next_to_reply(items, units)
        return Roles("unit", mine, tuple(u for u in spoken_units(names) if u != mine) if mine != units[0].key else ())
    if not acts and any(i.kind == "control" and not mentioned(items, k) for k, i in enumerate(items)):
        return Roles("unit", units[0].key, calls_in=units[0].score)  # 派出所派出所, 贾岗社区
    callees = spoken_units(names)
    once = sum(n.times for n in names if n.place != "inside") == 1
    unsure = len(callees) == 1 and once and not _ordered(items)
    return Roles("anyone" if unsure else "control", callees=callees, unsure=unsure)


def _next_to_reply(items: Sequence[Item], units: Sequence[Item]) -> str:
    """贾岗社区,安和社区收到: of call signs in a row, the one directly before the reply is the speaker's."""
    first = next((k for k, i in enumerate(items) if i.kind == "unit"), 0)
    row = 0
    while first + row < len(items) and items[first + row] in units:
        row += 1
    after = items[first + row] if first + row < len(items) else None
    replies = row > 1 and after is not None and after.kind == "phrase"
    return items[first + row - 1].key if replies else units[0].key


def _ordered(items: Sequence[Item]) -> bool:
    """The free speech directly after the first call sign begins like an instruction."""
    first = next((k for k, i in enumerate(items) if i.kind == "unit"), len(items))
    after = items[first + 1] if first + 1 < len(items) else None
    return after is not None and after.kind == "free" and instructs(after.pinyin)


def _answers_at_once(items: Sequence[Item]) -> bool:
    """康宁社区,收到,…: a reply directly after a call sign means the call sign is the speaker's own."""
    first = next((k for k, i in enumerate(items) if i.kind == "unit"), len(items))
    return first + 1 < len(items) and items[first + 1].kind == "phrase"
