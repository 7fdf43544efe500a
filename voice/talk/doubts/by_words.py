"""What the words of an over alone show: whose they may be, and what they may be a part of. Pure."""

from __future__ import annotations

from itertools import pairwise

from voice.grammar.clause import PAUSE_S, content, free_behind
from voice.grammar.meanings import ANSWERS
from voice.grammar.message import Message, by_syllable
from voice.grammar.naming import instructs
from voice.grammar.words import BESIDE, GOING, HARMED, REPORTED, WHOEVER

PLAIN = ("normal", "not_found", "present", "arrived", "on_the_way")
"""Answers that net control does not give."""

SHORT = 3
"""Syllables of short answers."""


def word_in_doubt(m: Message) -> bool:
    """没发现? A word may be another one."""
    return any(i.doubt for i in m.items)


def meant_otherwise(m: Message) -> bool:
    """应该正常吧, 他说没事: supposed, or somebody else's; or a call sign that is only mentioned."""
    return any(a.doubt for a in m.acts) or any(n.doubt for n in m.names)


def runs_into(m: Message) -> bool:
    """[jiu] 清楚, [jian] 在呢: one syllable of no word, without a pause before a short answer, may be a part of
    another: 不清楚, 现在呢."""
    split = by_syllable(m.items)
    answers = {a.at for a in m.acts if a.meaning in ANSWERS}
    at = 0
    for before, item in pairwise(m.items):
        at += len(before.pinyin.split()) if before.kind == "free" else 1
        short = at in answers and split[at].kind == "phrase" and len(item.pinyin.split()) <= SHORT
        said = content(before.pinyin) if before.kind == "free" and item.start - before.end < PAUSE_S else ()
        if short and len(said) == 1 and said[0] not in BESIDE:
            return True
    return False


WORDS = (word_in_doubt, meant_otherwise, runs_into)


def instructed(m: Message, unit: str) -> bool:
    """加油站,先别惊动他,马上到: net control's, perhaps."""
    at = next((k for k, i in enumerate(m.items) if i.kind == "unit" and i.key == unit), len(m.items))
    after = m.items[at + 1] if at + 1 < len(m.items) else None
    return after is not None and after.kind == "free" and instructs(after.pinyin)


def tells_behind(m: Message) -> bool:
    """在岗,博学路超市今天也是我: an answer, and something about a unit."""
    at = next((k for k, i in enumerate(m.items) if i.kind == "unit"), 0)
    answered = m.items[0].kind == "phrase" and m.acts and m.acts[0].at == 0 and m.acts[0].meaning in PLAIN
    return bool(answered and at == 1 and free_behind(m.items, at))


def harmed(m: Message) -> bool:
    """派出所,安和,出租跟电动车撞了: an incident without a phrase for it."""
    return HARMED.search(m.free) is not None


def directs(m: Message) -> bool:
    """有人落水了,附近单位注意; 群众报警说路口有人打架,就近的去一下: net control tells of it, most likely; who is there
    says 来."""
    said = m.free.split()
    sent = any(b == "qu" and a not in GOING for a, b in pairwise(said)) or any(w in said for w in WHOEVER)
    told = m.everybody or any(f" {w} " in f" {m.free} " for w in REPORTED)
    return "situation" in m.meanings() and "wo" not in said and (told or (sent and "lai" not in said))
