"""Statement, denial, question, order or condition: of the meanings found in an over, those that are stated. Pure.

``没发现情况``, ``有情况没有``, ``有情况我再报告``, ``请马上到``, ``要不要叫救护车`` hold phrases of reports and report
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from voice.grammar.clause import clause_end, close_to, free_before, free_behind, said_before, said_behind, syllables
from voice.grammar.hearsay import is_part, of_others
from voice.grammar.meanings import ANSWERS
from voice.grammar.message import Act, Item, once, run_together
from voice.grammar.naming import requests
from voice.grammar.words import (
    AMID,
    AT_EASE,
    BY_THEMSELVES,
    CLOCK,
    COMING,
    COUNTED,
    DENYING,
    DONE,
    DOUBLED,
    FORMAL,
    HEADS,
    HELP,
    HERE,
    IF,
    LEADING,
    LOOK_OUT,
    NOBODY,
    NOT,
    NOT_AN_ORDER,
    NOW,
    ORDER,
    SEEN,
    SILENT,
    SOMEBODY,
    SOUGHT,
    STILL,
    TAGGED,
    TAGS,
    TELL,
    THEN,
    THERE,
    UNEASY,
    VAGUE,
    WANTED,
    WELCOME,
    WELL,
    WHEN,
    WHETHER,
    WHETHER_SO,
    WHOLE,
    begins,
    ends,
)

DENIED = ("situation", "arrived", "on_the_way", "present", "normal", "ack")

ASKED = ("situation", "arrived", "on_the_way", "present", "ack")
"""Meanings that directly following 没有 or 吗 turns into a question."""

CONDITIONAL = ("situation", "arrived", "present", "not_found")

OWNED = 5
"""Syllables before 没有 in which 有 makes a question of it: 有空车位没有."""

TELL_WITHIN = 6
"""Syllables from THEN."""

ORDERED = ("on_the_way", "arrived", "present")

ROLLS = ("roll_start", "roll_end", "roll_pause", "roll_resume", "roll_skip")


def reported(acts: Sequence[Act], items: Sequence[Item]) -> tuple[Act, ...]:
    """Acts that are stated; a report put as a question becomes ``ask``. ``items``: free speech split by syllable."""
    out: list[Act] = []
    acts = once([a for a in acts if not is_part(a, items)])
    to_all = any(a.meaning == "all_units" and not _told(a, items) for a in acts)
    unbroken = run_together(items)
    for act in acts:
        if _prefaces(act, items):
            continue
        if to_all and _on_condition(act, items):
            continue
        kept = None if _lacks(act, acts, items) or _unseen(act, acts, items) else _stated(act, items)
        if kept is not None:
            sure = not _may_be_talk(act, unbroken) if act.meaning in ROLLS else _stated(act, unbroken) == kept
            sure = sure and not _unseen(act, acts, unbroken)  # 没看见,有人打架
            sure = sure and not of_others(kept, items) and (act.meaning == "ack" or not is_part(act, unbroken))
            out.append(kept if sure else replace(kept, doubt=True))
    unique = {a.meaning: a for a in reversed(out)}
    return tuple(a for a in out if unique[a.meaning] is a)


def _lacks(act: Act, acts: Sequence[Act], items: Sequence[Item]) -> bool:
    """还没有到岗: 没有 before what is not so answers nothing by itself."""
    behind = act.at + 1
    return items[act.at].key == "没有" and any(
        a.at == behind
        and a.meaning in (*ORDERED, "normal")
        and close_to(items, behind)
        and not items[behind].key.startswith(WHOLE)
        for a in acts
    )


def _unseen(act: Act, acts: Sequence[Act], items: Sequence[Item]) -> bool:
    """没看见 有人打架."""
    before = any(a.meaning == "not_found" and a.at == act.at - 1 for a in acts)
    return act.meaning == "situation" and before and close_to(items, act.at)


def _prefaces(act: Act, items: Sequence[Item]) -> bool:
    """东风渠巡防队,东风渠巡防队,收到请马上到…: behind a call sign said twice no acknowledgement, but what begins a
    request."""
    called = sum(i.times for i in items[: act.at] if i.kind == "unit")
    return act.meaning == "ack" and called > 1 and requests(syllables(items[act.at + 1 :]))


def _stated(act: Act, items: Sequence[Item]) -> Act | None:
    """The act, ``ask`` in its place, or None."""
    meaning = act.meaning
    if meaning == "all_units":
        return None if _told(act, items) else act
    if meaning in ROLLS:
        return None if _talked_of(act, items) else act
    if meaning == "say_again" and "dian" in said_behind(items, act.at)[1:4]:
        return None  # 请中午十二点到所里 sounds like 请重复
    at = act.at + (items[act.at].kind == "unit")  # {unit}到了
    if meaning == "stand_by" and said_behind(items, at)[:2] == ["zai", "shuo"]:
        return None  # 等会儿再说
    behind = said_behind(items, at)
    if items[at].key in THERE and any(i.kind == "free" for i in items[at + 1 : clause_end(items, at)]):
        return act if begins(behind, DONE) else None
    if items[at].key == AT_EASE and (ends(free_before(items, at), UNEASY) or free_behind(items, at)):
        return None
    if items[at].key in BY_THEMSELVES and (free_before(items, at) or free_behind(items, at)):
        return None
    if meaning == "report" and tuple(said_behind(items, at)) in WANTED:
        return _asked(act)
    if meaning not in ANSWERS:
        return act
    before = said_before(items, act.at)
    if _questioned(act, items, before, behind, at):
        return _asked(act)
    if (
        ((meaning in ASKED or _called(items, at)) and behind in (["ma"], ["le", "ma"]))
        or (items[at].key == "没有" and begins(behind, SILENT))
        or (items[at].key == "可以" and behind)
        or (meaning == "not_found" and STILL in pairwise(free_before(items, at)))
        or (meaning == "situation" and (sought(items, act.at) or _watched_for(items, act.at)))
        or (items[at].key == "没有" and not behind and (_tagged(before) or _has(free_before(items, at))))
        or (meaning == "present" and syllables([items[at]]) in (["zai", "ne"], ["zai", "wei"]) and ends(before, NOW))
        or (meaning in DENIED and _denied(items, act))
        or (meaning == "arrived" and items[at].pinyin.startswith("dao4") and _reached(items, at))
        or (meaning in ORDERED and (ends(before, ORDER) or ends(before, CLOCK)))
        or (meaning == "ack" and (begins(behind, WHEN) or tuple(behind) in WHETHER_SO))
        or (meaning != "report" and begins(behind, WELCOME))
        or (meaning in CONDITIONAL and _conditional(items[at].key, before, behind))
    ):
        return None
    sent = meaning == "on_the_way" and ends(before, HELP) and any(i.kind == "unit" for i in items)
    return replace(act, speaker="control") if sent else act


def _questioned(act: Act, items: Sequence[Item], before: list[str], behind: list[str], at: int) -> bool:
    """有情况没有, 到了没有, 有没有情况: a question from net control, not a report. With 吗 (人抓住了吗) it is not a
    report either, but a short noise may be mistaken for 吗: the speaker is decided by who is awaited."""
    if act.meaning == "present" and (begins(behind, COUNTED) or ends(before, HEADS)):
        return True
    if act.meaning in ("normal", "present") and tuple(behind) in WHETHER_SO:
        return True
    if act.meaning in ASKED and items[at].key != "OK":  # OK,没有
        last = at + 1 + len(behind) >= len(items) or at + 2 >= len(items)
        alike = len(before) > 2 and before[-1] == before[-3]  # 要不要, whatever was heard; not 幺洞幺收到
        alike = alike and before[-2:] != before[-4:-2]  # 齐了齐了,都在这儿
        alike = alike and (act.meaning != "situation" or before[-2] in AMID)
        twice = ends(before, DOUBLED) and before[-1] in before[-4:-1]  # 用不用 heard as [yong yong]
        again = (alike or twice) and act.meaning != "ack" and items[act.at].kind != "unit"  # not 有有有,加油站在岗
        whether = ends(before, WHETHER) or again
        return (last and tuple(behind[behind[:1] == ["de"] :]) in TAGS) or whether
    return act.meaning in ("normal", "not_found") and before[-1:] == ["you"] and syllables([items[act.at]])[0] == "mei"


def _watched_for(items: Sequence[Item], at: int) -> bool:
    """安和社区,注意一名穿红衣服的男子."""
    return begins(free_before(items, at), LOOK_OUT)


def _denied(items: Sequence[Item], act: Act) -> bool:
    """不需要支援, 没有到岗. 喂,有人打架了 and 在位,一切正常 have a syllable of 未 before them."""
    at = act.at
    if items[at].key.startswith(WHOLE):
        return said_before(items, at)[-1:] == ["bu"] and said_before(items, at)[-2:-1] != ["bu"]  # 不平安
    first = at
    while first and close_to(items, first) and (items[first - 1].kind == "free" or items[first - 1].key in DENYING):
        first -= 1
    said = syllables(items[first:at])
    while said[:1] == ["wei"] and not (first and close_to(items, first)):
        said = said[1:]
    if act.meaning == "situation" and said[-1:] == ["wei"] and not begins(syllables([items[at]]), FORMAL):
        return False
    return ends(said, NOT) or (act.meaning != "situation" and ends(said, NOBODY))


def _tagged(before: Sequence[str]) -> bool:
    """看清楚没有, 车空着没有: a question."""
    verb = before[-1:] == ["zhe"] and len(before) > 1 and before[-2] not in HERE
    return ends(before, TAGGED) or verb


def _has(before: Sequence[str]) -> bool:
    """你那有水没有: 没有 that ends a question."""
    said = before[-OWNED:]
    at = next((k for k, s in enumerate(said) if s == "you" and said[k - 1 : k] != ("mei",)), None)
    return at is not None and at + 1 < len(said)


def _reached(items: Sequence[Item], at: int) -> bool:
    """找到了, 车到了: the unit has not arrived."""
    before = free_before(items, at)
    return bool(before) and not ends(before, COMING)


def sought(items: Sequence[Item], k: int) -> bool:
    """有没有发现 可疑车辆: what is asked for."""
    return k > 0 and items[k - 1].key in SOUGHT and close_to(items, k)


def _called(items: Sequence[Item], k: int) -> bool:
    """安和社区,正常吗: behind a call sign any answer may be put as a question."""
    return any(i.kind == "unit" for i in items[:k])


def _asked(act: Act) -> Act:
    return replace(act, meaning="ask", speaker="anyone", slots={})


def _conditional(phrase: str, before: list[str], behind: list[str]) -> bool:
    """如果有情况, 有情况再报告, 到了以后: not yet."""
    if ends(before, IF) or begins(behind, WHEN):
        return True
    who = next((w for w in SOMEBODY if begins(behind, (w,)) and begins(behind[len(w) :], THEN)), ())
    said = behind[len(who) :]
    soon = any(begins(said[k:], TELL) for k in range(TELL_WITHIN if begins(said, THEN) else 1))
    return (soon and phrase.startswith(VAGUE)) or (phrase.endswith("了") and tuple(behind) in TELL)  # 抓住了报告


def _on_condition(act: Act, items: Sequence[Item]) -> bool:
    """各单位注意,…,发现请报告: who has nothing to report need not answer."""
    before = said_before(items, act.at)
    seen = ends(said_before(run_together(items), act.at), SEEN)
    seen = seen or any(begins(before[k:], SEEN) for k in range(len(before)))
    asked = any(w in i.key for i in items[act.at + 1 :] for w in ("回答", "回话", "回复"))
    return act.meaning == "ask" and items[act.at].key.startswith("请报告") and seen and not asked


def _told(act: Act, items: Sequence[Item]) -> bool:
    """我跟各社区说了: units mentioned, not addressed."""
    before = free_before(items, act.at)
    if free_before(run_together(items), act.at)[-1:] == ("na",):
        return True  # 哪个单位 sounds like 各单位
    return "注意" not in items[act.at].key and bool(before) and before[-1] != "qing" and before[-2:] not in WELL


def _talked_of(act: Act, items: Sequence[Item]) -> bool:
    """刚才开始点名的时候, 点名结束了吗: no order."""
    before = free_before(items, act.at)
    return begins(said_behind(items, act.at), NOT_AN_ORDER) or any(s not in LEADING for s in before[-2:])


def _may_be_talk(act: Act, unbroken: Sequence[Item]) -> bool:
    """八点…开始点名, 点名结束…了没有: no order, if the pause is none; 到这儿,点名完毕 is one."""
    before = free_before(unbroken, act.at)
    return begins(said_behind(unbroken, act.at), NOT_AN_ORDER) or ends(before, (*CLOCK, ("gang", "cai")))
