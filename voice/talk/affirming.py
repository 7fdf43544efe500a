"""What an answer means by what was asked: 看见了 to 看见没有, 处理完了 to 去处理一下. Pure.

Such words are free speech: no phrase was verified, so the meaning always stands with a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from voice.grammar.acts import SYLLABLE_SCORE
from voice.grammar.clause import clause_end, syllables
from voice.grammar.message import Act, Item, Message, by_syllable
from voice.grammar.words import FOUND, OR_NOT, SOUGHT, begins, ends, words
from voice.talk.events import Heard
from voice.talk.slots import awaited_slot
from voice.talk.state import NetState

SHORT = 2
"""Syllables of a verb, or of its object and itself: 处理, 门关."""

RESULTS = frozenset({"wan", "hao", "diao", "shang", "zhu", "kai"})
"""完, 好, 掉, 上, 住, 开: between a verb and 了."""

DOING = words("chu li", "jie jue", "nong", "ban", "gao ding", "luo shi")
"""处理, 解决, 弄, 办, 搞定, 落实: whatever was to be done."""

UNDONE = frozenset({"mei", "bu", "hai", "ni"})
"""没, 不, 还, 你: 没关好, 你弄好了."""


def affirmed(state: NetState, h: Heard) -> Heard:
    """The over with the meaning that the question of the unit awaited gives it."""
    m, e = h.message, awaited_slot(state)
    named = {n.unit for n in m.names}
    if e is None or m.addressed or m.parts or m.acts or not named <= {e.unit}:
        return h
    items = by_syllable(m.items)
    found = next((a for k, said in _clauses(items) if (a := _act(said, e.question, k))), None)
    if found is None:
        return h
    known = Message(
        m.items, (found,), caller=e.unit if named else None, speaker="unit", names=m.names, figures=m.figures,
        confidence=found.score, everybody=m.everybody,
    )  # fmt: skip
    return replace(h, message=known)


def _clauses(items: Sequence[Item]) -> Iterator[tuple[int, list[str]]]:
    """Where each breath begins behind its call signs, and its syllables."""
    begin = 0
    while begin < len(items):
        end = clause_end(items, begin)
        first = next((k for k in range(begin, end) if items[k].kind not in ("unit", "control")), end)
        yield first, syllables(items[first:end])
        begin = end


def _act(said: list[str], question: str, at: int) -> Act | None:
    """What a breath says to a question."""
    half = said[: len(said) // 2]
    said = half if half * 2 == said else said  # 关好了关好了
    if begins(said, FOUND):
        sought = any(w in question for w in SOUGHT) and not ends(said, OR_NOT)
        return Act("situation", "unit", SYLLABLE_SCORE, at=at) if sought else None
    if said[-1:] != ["le"] or len(said) < SHORT or said[0] in UNDONE:
        return None
    verb = said[:-2] if said[-2] in RESULTS else said[:-1]
    asked = re.findall("[a-z]+", question)
    echoed = said[-2] in RESULTS and len(verb) <= SHORT and not set(asked).isdisjoint(verb)
    return Act("done", "unit", SYLLABLE_SCORE, at=at) if echoed or tuple(verb) in DOING else None
