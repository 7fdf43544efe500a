"""What net control says back to a unit: 收到, 稍等, 没听清,请再说一遍, and the next call behind it.

The words alone do not tell it from the unit's own answer; the turn does. Once a unit has spoken, net control is next:
``state.told`` is whom its words are for. Where a unit may have said them as well, they are in doubt, or nobody's; they
are laid to no unit without a question to people.
"""

from __future__ import annotations

from voice.grammar.clause import content
from voice.grammar.meanings import URGENT
from voice.grammar.message import Message, by_syllable
from voice.grammar.naming import SENTENCE, thanks
from voice.grammar.words import NEXT
from voice.mandarin.figures import comparable
from voice.talk.control import call_to, control_reply
from voice.talk.entries import of_either, remark
from voice.talk.events import Heard
from voice.talk.facts import Fact
from voice.talk.slots import Blocking, is_open, may_reply
from voice.talk.state import ANSWERED_S, UNANSWERED, Exchange, NetState


def handed_on(state: NetState, h: Heard) -> list[Fact]:
    """省残联收到,贾岗社区; 好,知道了,下一个贾岗社区,是否正常: net control has heard one unit and calls the next, or
    贾岗社区 signs its own 收到."""
    m = h.message
    told = state.telling(h.start)
    opened = state.open_exchanges()
    heard = {told, *(e.unit for e in opened if e.heard_over)} - {""}
    signs = [k for k, i in enumerate(m.items) if i.kind == "unit"]
    at = _next_sign(m, signs, heard)
    called = [n.unit for k, n in zip(signs, m.names, strict=True) if k >= at and n.place != "inside"]
    beside = state.aside is not None and state.beside(h.start) and told in state.aside.units
    if not heard or not at or not called or h.identified or m.calls_control or beside:
        return []
    before, behind = m.items[:at], m.items[at:]
    said = content(" ".join(i.pinyin for i in before if i.kind == "free"))
    following = said[-len(NEXT) :] == NEXT
    acknowledged = any(i.kind == "phrase" for i in before)
    named = next((i.key for i in before if i.kind == "unit"), None)
    sent = named is not None and named == state.calling_in
    kind = thanks(said[: -len(NEXT)] if following else said) or sent  # 丹尼斯收到,看住人,东风渠去带人
    rolling = acknowledged and h.start <= state.roll_until
    kind = kind or (rolling and at == len(m.items) - 1)  # 知道了,回头修,东风渠
    told_of = {a.meaning for a in m.acts if a.at > len(by_syllable(before))}  # 丹尼斯收到,明理路,拦住穿黑衣服的
    known = {"ack", "ask"} | (told_of & {"situation"} if named == state.calling_in else set())
    if not kind or not set(m.meanings()) <= known:
        return []
    relayed = any(e.relayed for e in opened)
    if not (acknowledged or said) or acknowledged != ("ack" in m.meanings()) or not (told or named or relayed):
        return []
    more = any(content(i.pinyin) for i in behind if i.kind == "free")
    sure = following or "ask" in m.meanings() or named is not None
    if (more and not (named or following) and m.speaker == "control") or not (sure or _all_new(state, called)):
        return []
    replied = named or (state.replying_to if acknowledged else None)
    unsure = named is None or named != state.calling_in
    thanked: list[Fact] = [control_reply(state, h, replied, "ack", doubt=unsure)] if replied else []
    return [*thanked, *(call_to(state, h, unit, k, doubt=more or not sure) for k, unit in enumerate(called))]


def _next_sign(m: Message, signs: list[int], heard: set[str]) -> int:
    """The call sign behind 下一个, or the first of a unit that has not spoken; 0: none."""
    next_one = (k for k in signs if k and content(m.items[k - 1].pinyin)[-len(NEXT) :] == NEXT)
    return next(next_one, 0) or next((k for k in signs if m.items[k].key not in heard), 0)


def _all_new(state: NetState, units: list[str]) -> bool:
    """None of them is awaited."""
    return not any(is_open(state, u) for u in units)


def reaction(state: NetState, h: Heard, caller: str | None, mine: Exchange | None, meaning: str | None) -> Fact | None:
    """What a unit might have said, too. ``caller``: the call sign in it; ``mine``: the exchange that it would answer;
    ``meaning``: its answer."""
    if "stand_by" in h.message.meanings() and state.replying_to and caller in (None, state.replying_to):
        if mine is not None and mine.open and mine.unit != state.replying_to:
            return of_either(h, mine)
        since = (e for e in state.exchanges.values() if e.status in UNANSWERED and e.deadline > state.calling_in_at)
        return control_reply(state, h, state.replying_to, "stand_by", doubt=caller is not None or any(since))
    if h.identified or (caller and (h.message.calls_control or "report" in h.message.meanings())):
        return None
    return _thanks_by_name(state, h, caller, mine, meaning) if caller else _thanks(state, h, mine, meaning)


def _thanks_by_name(state: NetState, h: Heard, caller: str, mine: Exchange | None, meaning: str | None) -> Fact | None:
    """贾岗社区,收到, and 收到,安和社区一切正常, which repeats what it said."""
    e = state.exchanges.get(caller)
    if mine is None or not mine.open:
        if caller == state.calling_in:
            spoken = state.went_on(state.calling_in_at)  # the unit says 明白, perhaps
            doubt = meaning != "ack" or spoken or state.beside(h.start)
            return control_reply(state, h, caller, meaning or "", doubt) if may_reply(h, meaning) else None
        if meaning == "ack" and state.names_itself(h.start):
            return control_reply(state, h, caller, "ack", doubt=True)
    elif mine.relayed and meaning == "ack":
        return control_reply(state, h, caller, "ack", doubt=True)
    elif meaning == "ack" and state.replying_to not in (None, caller) and _acknowledged_first(h):
        return of_either(h, mine)  # 收到,贾岗社区继续, to a unit that has reported
    repeated = e is not None and e.meaning == meaning and (meaning not in URGENT or "ack" in h.message.meanings())
    items = h.message.items
    first = next((k for k, i in enumerate(items) if i.kind == "unit"), 0)
    before = sum(len(content(i.pinyin)) for i in items[:first] if i.kind in ("free", "place"))
    # read back: 东风渠收到,豫A88321; 到王新街设卡,明理路明白
    back = before >= SENTENCE or (e is not None and comparable(h.message.figures, e.figures))
    if caller != state.telling(h.start) or not (meaning == "ack" or repeated) or _its_turn(e, h) or back:
        return None
    return control_reply(state, h, caller, "ack", doubt=True)


def _acknowledged_first(h: Heard) -> bool:
    """收到, before any call sign."""
    signed = next((k for k, i in enumerate(by_syllable(h.message.items)) if i.kind == "unit"), 0)
    return any(a.meaning == "ack" and a.at < signed for a in h.message.acts)


def _thanks(state: NetState, h: Heard, awaited: Exchange | None, meaning: str | None) -> Fact | None:
    """收到, 马上到: in the slot of another unit than spoke, either may have said so."""
    told = state.telling(h.start)
    e = state.exchanges.get(told)
    if awaited is None or not may_reply(h, meaning):
        return None
    if awaited.relayed and meaning == "ack":
        return control_reply(state, h, told or None, "ack", doubt=True)
    if not told or (e is not None and e.meaning == "ack"):
        return None
    if awaited.open and awaited.unit != told:
        return None if {told, awaited.unit} <= set(state.last_called) else of_either(h, awaited)
    if told == state.calling_in or _its_turn(e, h):
        return None
    return control_reply(state, h, told, "ack", doubt=True)


def _its_turn(e: Exchange | None, h: Heard) -> bool:
    """The unit that spoke last is to go on: we asked it to, its time to wait is over, or what it said may have been
    net control's call."""
    if e is None:
        return False
    resting = e.last == "wait" and h.start - e.held_at > ANSWERED_S
    return e.asked_at is not None or (e.open and not e.heard_unclear and (resting or (e.doubt and not e.last)))


def asks_back(state: NetState, h: Heard, caller: str | None, said: Blocking) -> Fact | None:
    """没听清,请再说一遍, behind what a unit said that we have not asked about. So is 稍等, unless the unit is still
    awaited."""
    told = state.telling(h.start)
    e = state.exchanges.get(told)
    asked = e is not None and (e.ours or e.repeating or (said == "wait" and e.open))
    if not told or asked or h.identified or caller not in (None, told):
        return None
    return remark(h, said, None, None, said)


def pending(state: NetState, h: Heard) -> bool:
    """Somebody called in and awaits net control's reply."""
    return state.calling_in is not None or state.names_itself(h.start)
