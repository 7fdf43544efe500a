"""Who speaks to whom, judging by the words of an over alone. Pure; further evidence comes from the net
(``voice.talk``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from voice.grammar.clause import PAUSE_S, content, free_behind
from voice.grammar.meanings import MISSING
from voice.grammar.message import Act, Item, Naming, by_syllable
from voice.grammar.naming import instructs, mentioned, requests, thanks
from voice.grammar.templates import Speaker
from voice.grammar.words import CALLING, GO, GOING, LISTENING, OURSELVES, SELF, SUMMONS

PLACE = 3
"""Most syllables of a place between a call sign and what happens there: 东风渠桥下有人落水."""

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
    presumed: bool = False
    calls_in: float | None = None
    """Score of an implicit call to net control: its call sign and the unit's own, without a phrase."""


def spoken_units(names: Sequence[Naming]) -> tuple[str, ...]:
    """Units speaking or addressed."""
    return tuple(dict.fromkeys(n.unit for n in names if n.place != "inside"))


def roles_of(
    items: Sequence[Item], acts: Sequence[Act], names: Sequence[Naming], introducing: frozenset[str] = frozenset()
) -> Roles:
    """Roles of one over. ``introducing``: phrases like 这里是."""
    spoken = spoken_units(names)
    units = [i for i in items if i.kind == "unit" and i.key in spoken]
    special = next((a for a in acts if a.meaning in ("proxy", "relay", "call_in", "report")), None)
    to_all = any(a.meaning == "all_units" for a in acts)
    speakers = {a.speaker for a in acts} - {"anyone"}
    mine = next((n.unit for n in names if n.place == "self"), None)
    asked = {a.meaning for a in acts} <= {"ask", "go_ahead"}
    said = content(" ".join(i.pinyin for i in items if i.kind == "free"))
    obliged = bool(said) and thanks(said)  # 派出所,谢谢
    control = next((k for k, i in enumerate(items) if i.kind == "control" and not mentioned(items, k)), None)
    if special and special.meaning in ("proxy", "relay"):
        return _for_another(special, units)
    if mine and not to_all:
        called = control is not None and asked and not introduced(items, control, introducing)
        score = items[control].score if called and control is not None else None
        return Roles("unit", mine, tuple(u for u in spoken if u != mine), calls_in=score)
    if special:
        caller = special.slots.get("unit") or (units[0].key if units else None)
        other = special.meaning == "call_in" and not any(i.kind == "control" for i in items)
        return Roles("unit", caller, tuple(u for u in spoken if u != caller) if other else ())
    if control is not None and (introduced(items, control, introducing) or _listens(items, control)):
        return Roles("control", callees=() if to_all else spoken)
    if control is not None and acts and not to_all and (found := _asks_control(items, control, acts, units)):
        return found
    if "unit" in speakers and "control" in speakers and not units and not to_all:
        return Roles("unit")  # 有人摔倒了,收到请回答
    if units and (warned := _warned(items, acts, units)):
        return warned
    both = "unit" in speakers and "control" in speakers and not _acknowledges_first(items, acts)
    if both and len(units) == 1 and units[0].times == 1 and not to_all:
        return Roles("anyone", callees=(units[0].key,), unsure=True)  # 家属院,有人摔倒了,收到请回答
    asks = units and any(a.meaning == "ask" for a in acts)
    if to_all or "control" in speakers or asks:
        named = _told_of(items, acts) | {a.slots["unit"] for a in acts if a.meaning in MISSING}
        return Roles("control", callees=() if to_all else tuple(u for u in spoken if u not in named))
    if units:
        return _named(items, acts, names, units, "unit" in speakers)
    if "unit" in speakers:
        return Roles("unit")
    if control is None or acts or obliged:
        return Roles()
    return Roles("unit", calls_in=items[control].score)


def _warned(items: Sequence[Item], acts: Sequence[Act], units: Sequence[Item]) -> Roles | None:
    """安和社区,有个老人走丢了,你们留意一下: an incident that units are told of, or that one reports."""
    meanings = {a.meaning for a in acts} - ({"on_the_way"} if _sends(items) else set())  # 马上去丹尼斯,着火了
    if meanings != {"situation"} or not _watch_for(items) or _told_of(items, acts):
        return None
    spoken = tuple(dict.fromkeys(u.key for u in units))
    if _says(items, "ni men") and not _tells_you(items):
        return Roles("control", callees=spoken)
    if len(spoken) > 1 or units[0].times > 1:
        return Roles("control", callees=spoken, presumed=True)
    return Roles(callees=spoken, unsure=True)


def _watch_for(items: Sequence[Item]) -> bool:
    """有个老人走丢了,你们留意一下; 桥下有人落水,快去: net control tells of somebody, most likely."""
    return (_says(items, "liu yi", *GO) and not _says(items, "wo men")) or _tells_you(items) or _sends(items)


def _sends(items: Sequence[Item]) -> bool:
    """明理路,改去安和社区,有人受伤: a place directly behind 去; 我们去…, …去了 is the unit's own."""
    at = next((k for k, i in enumerate(items) if i.kind == "unit"), len(items))
    while at + 1 < len(items) and items[at + 1].kind == "unit":
        at += 1
    said = [s.rstrip("12345") for s in items[at + 1].pinyin.split()] if at + 2 < len(items) else []
    sent = said[-1:] == ["qu"] and said[-2:-1] not in ([w] for w in GOING) and not OURSELVES & set(said)
    return sent and items[at + 2].kind in ("unit", "place") and not _says(items, "le")


def _tells_you(items: Sequence[Item]) -> bool:
    """安和社区,你们二号楼着火了; but not …,你们快来."""
    at = next((k for k, i in enumerate(items) if i.kind == "unit"), len(items))
    return at + 1 < len(items) and items[at + 1].pinyin.startswith("ni men ") and not _says(items, "lai")


def _says(items: Sequence[Item], *words: str) -> bool:
    """Whether its free speech holds any of these words."""
    said = f" {' '.join(i.pinyin for i in items if i.kind == 'free')} "
    return any(f" {w} " in said for w in words)


def _acknowledges_first(items: Sequence[Item], acts: Sequence[Act]) -> bool:
    """没问题,安和社区,情况怎么样: net control acknowledges, and calls."""
    split = by_syllable(items)
    first = next((k for k, i in enumerate(split) if i.kind == "unit"), 0)
    return all(a.meaning == "ack" and a.at < first for a in acts if a.speaker == "unit")


def introduced(items: Sequence[Item], k: int, introducing: frozenset[str]) -> bool:
    """我是派出所: directly behind such words a call sign is the speaker's own."""
    before = items[k - 1] if k else None
    if before is None:
        return False
    said = f" {before.pinyin}"
    return before.key in introducing or (before.kind == "free" and said.endswith(tuple(f" {w}" for w in SELF)))


def _listens(items: Sequence[Item], control: int) -> bool:
    """派出所在,讲: net control says that it hears; 派出所,在呢 is an answer."""
    after = items[control + 1] if control == 0 and len(items) == 2 else None
    if after is None or after.pinyin not in LISTENING:
        return False
    return after.start - items[0].end < PAUSE_S or after.pinyin.endswith(("jiang", "shuo"))


def _asks_control(items: Sequence[Item], control: int, acts: Sequence[Act], units: Sequence[Item]) -> Roles | None:
    """派出所派出所,安和社区,听到没有: a unit calls net control. Said once, the first call sign may also be the
    caller's own; behind the unit's it is."""
    signs = [i for i in items if i.kind in ("control", *(("unit",) if units else ()))]
    behind = items[control + 1] if control + 1 < len(items) else None
    if signs[0] is not items[control] or (behind is not None and behind.key == CALLING):
        return None
    caller = units[0].key if units else None
    if any(a.meaning == "go_ahead" or a.speaker == "unit" for a in acts):
        return Roles("unit", caller)
    if any(a.meaning != "ask" for a in acts):
        return None
    if caller is None or items[control].times > 1:
        return Roles("unit", caller, calls_in=items[control].score)
    return Roles("anyone", callees=(caller,), unsure=True) if len(units) == 1 else None


def _told_of(items: Sequence[Item], acts: Sequence[Act]) -> set[str]:
    """明理路巡防队,丹尼斯需要支援: behind another call sign, one of which something is reported is not called."""
    alarms = {i.key for i in _alarms(items, acts)}
    told: set[str] = set()
    two = sum(i.kind == "unit" for i in items) == 2 and not _says(items, "ni men")
    for k, (before, item) in enumerate(pairwise(items), 1):
        where = free_behind(items, k)
        alarm = next((i for i in items[k + 1 :] if i.kind != "free"), None)
        if before.kind == item.kind == "unit" and alarm is not None and alarm.key in alarms:
            near = alarm.start - item.end < PAUSE_S or 0 < len(where) <= PLACE
            near = near or (two and len(where) <= PLACE)
            told |= {item.key} if near else set()
    return told


def _alarms(items: Sequence[Item], acts: Sequence[Act]) -> list[Item]:
    """Phrases that report."""
    split = by_syllable(items)
    return [split[a.at] for a in acts if a.meaning == "situation" and split[a.at].kind == "phrase"]


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
    if len(units) > 1 and items[-1].kind == "free" and content(items[-1].pinyin) in SUMMONS and items[-2] is units[-1]:
        return Roles("unit", units[-1].key, (units[0].key,))
    if requested := _requested(items, acts, units):
        return requested
    signed = next((n.unit for n in names if n.place == "tail"), None)
    if signed and (reply or acts):
        return Roles("unit", signed)
    if _told_of(items, acts):
        return Roles("anyone", callees=(units[0].key,), unsure=True)  # net control tells one of the other, or …
    # Own call sign and a reply; or called by name, with an instruction before the reply.
    free = sum(len(content(i.pinyin)) for i in items if i.kind in ("free", "place"))
    instructed = free >= FREE_SPEECH_SYLLABLES and not reply and not _answers_at_once(items)
    if (reply or acts) and not instructed:
        mine = _next_to_reply(items, units)
        return Roles("unit", mine, tuple(u for u in spoken_units(names) if u != mine) if mine != units[0].key else ())
    control = next((k for k, i in enumerate(items) if i.kind == "control" and not mentioned(items, k)), None)
    if not acts and control is not None:
        if items[-1] is units[0] and len(free_behind(items, control)) > 1:
            return Roles("anyone", callees=(units[0].key,), unsure=True)  # 派出所点名,贾岗社区
        return Roles("unit", units[0].key, calls_in=units[0].score)  # 派出所派出所, 贾岗社区
    callees = spoken_units(names)
    if len(callees) == 2 and units[0].times == 1 and any("wo" in content(i.pinyin) for i in items if i.kind == "free"):
        return Roles("unit", callees[0])  # 省残联,安和社区在我旁边
    once = sum(n.times for n in names if n.place != "inside") == 1
    unsure = len(callees) == 1 and once and not _ordered(items)
    return Roles("anyone" if unsure else "control", callees=callees, unsure=unsure, presumed=not unsure)


def _requested(items: Sequence[Item], acts: Sequence[Act], units: Sequence[Item]) -> Roles | None:
    """东风渠巡防队,收到请转告门卫: net control's request, or the unit's own."""
    first = next((k for k, i in enumerate(items) if i.kind == "unit"), 0)
    ack = items[first + 1] if first + 2 < len(items) else None
    if len(units) > 1 or ack is None or ack.kind != "phrase" or {a.meaning for a in acts} != {"ack"}:
        return None
    behind = items[first + 2]
    asks = behind.kind == "free" and requests(behind.pinyin.split())
    return Roles("anyone", callees=(units[0].key,), unsure=True) if asks else None


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
