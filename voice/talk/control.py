"""What net control says: calls, replies, and commands to the station."""

from __future__ import annotations

from itertools import pairwise

from voice.grammar.clause import close_to, content, free_before, free_behind
from voice.grammar.meanings import CODE_WORD, HEARD, MISSING
from voice.grammar.message import Act, Message, run_together
from voice.grammar.naming import excuses, mentioned
from voice.grammar.words import AT_ONCE, CALLING, EVERYBODY, JOINING, WONDERING
from voice.pcm import Seconds
from voice.talk.entries import of_either, remark
from voice.talk.events import Heard
from voice.talk.facts import Called, Commanded, ControlReplied, Fact, NotUnderstood
from voice.talk.slots import awaited_slot, is_open
from voice.talk.state import ASKED_S, REPLY_S, UNANSWERED, NetState

INTRODUCTION = 3
"""Syllables of the longest 我是, 这里是, 这边是."""


def call_to(state: NetState, h: Heard, unit: str, offset: int, doubt: bool = False) -> Called:
    """A new exchange with ``unit``, or another attempt in the open one."""
    old = state.exchanges.get(unit)
    again = old is not None and old.open
    misheard = any(i.doubt and i.kind == "unit" and i.key == unit for i in h.message.items)
    mentioned_only = any(n.doubt and n.unit == unit for n in h.message.names)
    # 安和先从贾岗借贾岗社区给安和匀五十个, to a unit that called in: whom it is for is not sure
    mentioned_only = mentioned_only or (unit == state.calling_in and any(n.place == "inside" for n in h.message.names))
    return Called(
        t=h.speech_end,
        exchange=old.id if old and again else state.next_id + offset,
        unit=unit,
        over=h.over,
        attempt=old.attempt + 1 if old and again else 1,
        to_all=h.message.to_all,
        question=" ".join(i.text or f"[{i.pinyin}]" for i in h.message.items if i.key != unit),
        figures=h.message.figures, doubt=doubt or misheard or mentioned_only,
    )  # fmt: skip


def control_reply(state: NetState, h: Heard, unit: str | None, meaning: str, doubt: bool = False) -> ControlReplied:
    """Net control answers a unit that called in; the answer time counts from that call."""
    doubt = doubt or (meaning == "stand_by" and state.calling_doubtful and unit == state.calling_in)
    waited = h.speech_start - state.calling_in_at if state.calling_in or state.reported_at is not None else 0.0
    return ControlReplied(t=h.start, over=h.over, unit=unit, meaning=meaning, latency_s=max(0.0, waited), doubt=doubt)


def from_control(state: NetState, h: Heard) -> list[Fact]:
    """Calls, 请讲 and 稍等 to a unit that called in, a call repeated without its call sign."""
    m = h.message
    meanings = m.meanings()
    if gone := [of_either(h, state.exchanges[u]) for u in _absent(m) if is_open(state, u)]:
        own = any(i.key == "没有" for i in m.items)  # 家属院没有,财大拿走了: its own answer, perhaps
        return [*gone, *(call_to(state, h, unit, k, doubt=own) for k, unit in enumerate(m.callees))]
    if "go_ahead" in meanings or "stand_by" in meanings:
        waiting = awaited_slot(state)
        unit = m.callees[0] if m.callees else state.calling_in or (waiting.unit if waiting else state.telling(h.start))
        said = "go_ahead" if "go_ahead" in meanings else "stand_by"
        its = waiting is not None and waiting.nothing_heard and m.callees in ((), (waiting.unit,))
        sure = unit == state.calling_in if unit else state.reported_at is not None
        sure = sure and (bool(m.callees) or not state.went_on(state.calling_in_at))
        reply = control_reply(state, h, unit or None, said, doubt=its or not sure)
        return [of_either(h, waiting), reply] if waiting and its else [reply]
    if m.acts and state.calling_in and m.callees == (state.calling_in,) and "ask" not in meanings:
        return [control_reply(state, h, state.calling_in, "ack" if "ack" in meanings else meanings[0])]
    if m.callees:
        return _calls(state, h)
    last = [state.exchanges[u] for u in state.last_called if state.exchanges[u].open]
    if "ask" in meanings and last and not last[0].to_all:
        return [call_to(state, h, e.unit, k, doubt=e.ours or m.doubtful) for k, e in enumerate(last)]  # 收到请回答
    if "ask" in meanings and (spoken := _talking(state, h)):
        return [call_to(state, h, spoken, 0, doubt=True)]
    another = bool({*MISSING} & set(meanings)) and len({n.unit for n in m.names}) > 1  # 安和没人应吃年夜饭去了吧丹尼斯
    told = remark(h, "said", None, None, meanings[0] if meanings else "")
    return [told.doubted("called_beside" if another else "", "asks_unread" if _asks_somebody(m) else "")]


def _asks_somebody(m: Message) -> bool:
    """[jue lu xiao xue] 听见没有: whoever is asked was not understood."""
    at = next((k for k, i in enumerate(m.items) if i.kind == "phrase"), 0)
    said = free_before(run_together(m.items), at)
    everybody = any(w in " ".join(said) for w in EVERYBODY)
    return "ask" in m.meanings() and len(said) >= INTRODUCTION and not everybody and not _calls_somebody(list(said))


def _absent(m: Message) -> list[str]:
    """安和社区不在岗: net control's words, or the unit's own. 安和社区没有应答 nobody says of himself."""
    return [a.slots["unit"] for a in m.acts if a.meaning == "absent"]


def _talking(state: NetState, h: Heard) -> str | None:
    """The unit that answered net control's latest call just now, or spoke unasked: a question without a call sign goes
    on with it, most likely."""
    last = state.exchanges.get(state.last_called[-1]) if len(state.last_called) == 1 else None
    elsewhere = any(i.key == CALLING or _calls_somebody(i.pinyin.split()) for i in h.message.items)
    if elsewhere or any(w in h.message.free for w in EVERYBODY):
        return None
    if last is None or last.ours or state.calling_in or state.heeds(h.start) or state.beside(h.start):
        return None
    spoke = last.unit if last.status == "answered" and 0 <= h.start - last.answered_at <= ASKED_S else ""
    return state.telling(h.start) or spoke or None


def _calls_somebody(said: list[str]) -> bool:
    """呼叫幺洞两, 老王老王: whoever that is."""
    half = len(said) // 2
    return said[:2] == ["hu", "jiao"] or (half > 1 and said[:half] == said[half:])


def _calls(state: NetState, h: Heard) -> list[Fact]:
    """Several call signs without words of net control's may also be a unit addressing another: nothing is certain."""
    m = h.message
    callees = list(m.callees)
    if len(callees) > 1 and callees[-1] == state.calling_in and m.items[-1].key == callees[-1] and m.free:
        callees.pop()  # 明理路,东风渠,都过去,丹尼斯: where the report came from
    reporting = state.replying_to
    if len(callees) > 1 and reporting in callees and "ack" in m.meanings():  # 东风渠,安和,都收到
        rest = (call_to(state, h, u, k, doubt=True) for k, u in enumerate(u for u in callees if u != reporting))
        return [control_reply(state, h, reporting, "ack", doubt=True), *rest]
    several = len(callees) > 1 and not any(a.speaker == "control" for a in m.acts)
    opened = [u for u in callees if is_open(state, u)] if several else []
    apart = several and m.items[0].key == callees[0] and m.items[1].kind == "free"
    told = callees[0] if apart and (_dealt_with(state, h, callees[0]) or _passed_over(m)) else ""
    if not several or len(opened) == len(callees):
        doubt = _introduces(m) or (len(callees) == 1 and is_open(state, callees[0]) and _talks_on(m))
        return [*_thanked(state, h), *(call_to(state, h, unit, k, doubt) for k, unit in enumerate(callees))]
    doubt = bool(opened) or not m.free or _tells(m) or _happens(m) or _is_meant(m) or _sums_up(state, callees)
    others = [u for u in callees if u not in opened]
    return [
        *(of_either(h, state.exchanges[u]) for u in opened),
        *(call_to(state, h, unit, k, doubt or unit == told) for k, unit in enumerate(others)),
    ]  # fmt: skip


def _talks_on(m: Message) -> bool:
    """明理路收到没有收到都得去吧, 安和不知道有没有人受伤: a question in the midst of a sentence, or put to nobody,
    behind a call sign said once: it may be the unit's answer."""
    row = m.items[:3]
    if not row or row[0].kind != "unit" or row[0].times > 1:
        return False
    asked = len(row) == 3 and row[1].kind == "phrase" and close_to(row, 2)
    wonders = any(f" {w} " in f" {m.free} " for w in WONDERING)
    helped = any(a.meaning == "on_the_way" for a in m.acts)  # 安和,消防马上到
    return wonders or helped or (asked and (row[2].kind == "free" or "ack" in m.meanings()))


def _sums_up(state: NetState, units: list[str]) -> bool:
    """安和五个,家属院六个,记下了: what they have answered to the latest call and was not understood, or orders."""
    latest = max((e.called_at for e in state.exchanges.values()), default=0.0)
    mine = [state.exchanges.get(u) for u in units]
    return all(e is not None and e.status == "answered" and (e.meaning, e.called_at) == (HEARD, latest) for e in mine)


def _dealt_with(state: NetState, h: Heard, unit: str) -> bool:
    """丹尼斯,堵车找交警,安和社区; 东风渠没声了,明理路,…: it has just answered, or not, and another is called."""
    e = state.exchanges.get(unit)
    missing = e is not None and e.status in UNANSWERED and h.start - e.deadline <= REPLY_S
    return missing or unit == state.telling(h.start)


def _passed_over(m: Message) -> bool:
    """财大电台坏了,跳过,加油站: why the first is not called."""
    said = m.items[1].pinyin
    return excuses(said) or "tiao guo" in said


def _thanked(state: NetState, h: Heard) -> list[Fact]:
    """收到,贾岗社区,是否正常: net control has heard the answer of the unit still awaited, or this over holds it; or it
    acknowledges a report, and sends somebody."""
    waiting = awaited_slot(state)
    reporting = state.replying_to if "ack" in h.message.meanings() else None
    if reporting is not None and reporting not in h.message.callees:
        return [control_reply(state, h, reporting, "ack", doubt=True)]
    if waiting is None or waiting.unit in h.message.callees or "ack" not in h.message.meanings():
        return []
    return [
        NotUnderstood(
            t=h.start, over=h.over, unit=waiting.unit, exchange=waiting.id, pinyin=h.message.pinyin, why="jumbled"
        )
    ]


def _introduces(m: Message) -> bool:
    """贾岗社区,贾岗社区,(我是)省残联,听到请回答: a unit calls another, and its 我是 was not heard."""
    at = [k for k, i in enumerate(m.items) if i.kind == "unit"]
    if len(at) != 2 or m.calls_control:
        return False
    called, introduced = (m.items[k].key for k in at)
    if called == introduced or called not in m.callees:
        return False
    between, behind = m.items[at[0] + 1 : at[1]], m.items[at[1] + 1 :]
    if any(i.kind != "free" for i in between):
        return False
    said = sum(len(content(i.pinyin)) for i in between)
    if not said:
        return m.items[at[0]].times > m.items[at[1]].times
    if any(i.kind == "free" and content(i.pinyin) for i in behind):
        return False
    return said <= INTRODUCTION and not mentioned(m.items, at[1])


def _tells(m: Message) -> bool:
    """加油站,明理路已经过去了: of two call signs the second may be what the first is told about."""
    at = [k for k, i in enumerate(m.items) if i.kind == "unit"]
    if len(at) != 2 or "ask" in m.meanings():
        return False
    return at[1] == at[0] + 1 and bool(free_behind(m.items, at[1]))


def _is_meant(m: Message) -> bool:
    """东风渠,就是丹尼斯那个,带她过去: 是 before a call sign."""
    return any(b.kind == "unit" and a.kind == "free" and a.pinyin.split()[-1] == "shi" for a, b in pairwise(m.items))


def _happens(m: Message) -> bool:
    """明理路巡防队,丹尼斯,有人打架,你们过去: both are called, or one is where it happens."""
    side_by_side = any(a.kind == b.kind == "unit" for a, b in pairwise(m.items))
    return side_by_side and "situation" in m.meanings()


def is_ordered(state: NetState, m: Message, now: Seconds) -> bool:
    """明理路巡防队,东风渠巡防队,马上过去: net control sends both, most likely; or one, while another one's report is
    dealt with."""
    named = tuple(n.unit for n in m.names if n.place == "lead")
    told = any(i.key.startswith(AT_ONCE) for i in m.items)
    alone = len(named) == 1 and told and not m.calls_control and state.dealing(now, named[0])
    several = len(named) > 1 and all(n.place in ("lead", "inside") for n in m.names)
    if set(m.meanings()) != {"on_the_way"} or any(is_open(state, u) for u in named):
        return False
    return several or alone


def command_heard(m: Message, t: Seconds, over: int) -> Commanded:
    """A command to the station. ``over`` is 0 for the dispatcher's own microphone."""
    act = next((a for a in m.acts if a.meaning != CODE_WORD), None)
    own = act is not None and act.meaning == "own_words"
    code = next((a for a in m.acts if a.meaning == CODE_WORD), None)
    named = (u for slot, u in act.slots.items() if slot.startswith("unit")) if act else ()
    units = () if _names_unheard(m) else tuple(dict.fromkeys(named))
    return Commanded(
        t=t,
        command=act.meaning if act else "",
        unit=units[0] if units else None,
        units=units,
        over=over,
        status="heard",
        text=m.text,
        begins=_times_of(m, act)[1] if act and own else 0.0,
        ends=_times_of(m, code)[0] if code and own else 0.0,
        figures=m.figures if own else (),
    )


def _names_unheard(m: Message) -> bool:
    """呼叫贾岗社区和…: an order to more units than were heard."""
    signs = [k for k, i in enumerate(m.items) if i.kind == "unit"]
    items = run_together(m.items)
    behind = " ".join(free_behind(items, signs[-1])) if signs else ""
    before = " ".join(free_before(items, signs[0])) if signs else ""
    return any(behind.startswith(f"{w} ") or before.endswith(f" {w}") for w in JOINING)


def _times_of(m: Message, act: Act) -> tuple[Seconds, Seconds]:
    """When the phrase of an act was said within the over; acts index free speech by syllable."""
    at = 0
    for item in m.items:
        if at == act.at:
            return item.start, item.end
        at += len(item.pinyin.split()) if item.kind == "free" else 1
    return 0.0, 0.0
