"""Several stations in one reception: where one over ends and the next begins without a gap."""

from __future__ import annotations

from collections.abc import Sequence

from voice.grammar.clause import PAUSE_S
from voice.grammar.lexicon import Lexicon
from voice.grammar.meanings import ANSWERS
from voice.grammar.message import Item
from voice.grammar.mood import sought
from voice.grammar.naming import corrects, reaches

ANSWERING = tuple(meaning for meaning in ANSWERS if meaning != "report")
"""Meanings of a phrase that answers a call by itself; 报告 announces that more follows."""


class Turns:
    """Separates the overs of one net that were received as one."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._answering = lexicon.phrases(*ANSWERING)
        self._acks = lexicon.phrases("ack")
        self._own_words = lexicon.phrases("own_words")
        self._asks = lexicon.phrases("ask")
        self._reporting = {w for t in lexicon.templates if t.meaning in ("report", "call_in") for w in t.words}
        self._for_another = lexicon.phrases("proxy", "relay")
        self._carrying = self._for_another | lexicon.phrases("call_in", "report")

    def separated(self, items: list[Item]) -> list[list[Item]]:
        """Overs without a gap are received as one: an order after an answer, or two answers. A unit answering after
        another's answer begins an over of its own; so does anyone addressing us."""
        cuts = [0]
        own = next((k for k, i in enumerate(items) if k and i.kind == "assistant"), None)
        end = len(items) if own is None else own
        if (called := self._next_call(items[:end])) is not None:
            cuts.append(called)
        if not any(i.kind == "phrase" and i.key in self._asks for i in items[:end]):
            for k in range(cuts[-1] + 1, end - 1):
                before, follows = items[cuts[-1] : k], items[k + 1]
                signs = [i for i in before if i.kind == "unit"]
                if (
                    items[k].kind == "unit" and (self._replies(follows) or self._reports(items, k))
                    and any(self._replies(i) for i in before)
                    and not corrects(before[-1].pinyin)  # 安和社区正常,不对,贾岗社区正常
                    and not any(i.kind == "phrase" and i.key in self._carrying for i in items[:k])
                    and not any(i.kind == "phrase" and i.key in self._for_another for i in items[k:end])
                    and (any(i.key != items[k].key for i in signs) if signs
                         else self._apart(items, k))
                ):  # fmt: skip
                    row = k
                    while row - 1 > cuts[-1] and items[row - 1].kind == "unit":  # 丹尼斯收到,明理路,东风渠,马上过去
                        row -= 1
                    cuts.append(row)
        if own is not None:
            if any(i.kind == "unit" or self._replies(i) for i in items[cuts[-1] : own]):
                cuts.append(own)
            else:
                cuts = [0]
        cuts += self._behind_an_order(items)
        return [items[a:b] for a, b in zip(cuts, [*cuts[1:], len(items)], strict=True)]

    def _next_call(self, items: list[Item]) -> int | None:
        """一切正常,贾岗社区,是否正常: where net control's next call begins, behind a unit's answer. 收到 may be net
        control's own."""
        first = next((k for k, i in enumerate(items) if i.kind == "phrase" and i.key in self._asks), 0)
        k = first
        while k and items[k - 1].kind == "unit":
            k -= 1
        before = items[:k]
        if k == first or not k or not self._apart(items, k):
            return None
        named = {i.key for i in before if i.kind == "unit"} & {i.key for i in items[k:first]}
        answered = any(self._replies(i) and i.key not in self._acks for i in before)
        return k if answered and not named else None

    def jumbled(self, items: Sequence[Item], spoken: Sequence[str]) -> bool:
        """A question followed by an answer not asked for in the same words: at least two stations."""
        if not spoken:
            return False
        asked = next((k for k, i in enumerate(items) if i.kind == "phrase" and i.key in self._asks), None)
        if asked is None:
            return False
        return any(
            self._replies(i)
            and not sought(items, k)
            and (i.key not in self._acks or i.start - items[k - 1].end >= PAUSE_S)
            for k, i in enumerate(items)
            if k > asked
        )

    def _behind_an_order(self, items: list[Item]) -> list[int]:
        """Where a unit's answer begins after an order to us."""
        named = next((k for k, i in enumerate(items) if i.kind == "assistant"), None)
        if named is None or named + 2 >= len(items) or items[named + 1].kind == "free":
            return []
        if items[named + 1].key in self._own_words:  # everything after it is to be passed on
            return []
        answer = next((k for k in range(named + 2, len(items)) if self._replies(items[k])), None)
        if answer is None:
            return []
        begin = answer
        while begin > named + 2 and self._opens(items[begin - 1]):
            begin -= 1
        paused = (k for k in range(begin, answer + 1) if items[k].start - items[k - 1].end >= PAUSE_S)
        return [next(paused, begin if items[begin].kind == "control" else answer)]

    def _opens(self, item: Item) -> bool:
        """Said before an answer: 派出所,明理路巡防队报告."""
        return item.kind in ("unit", "control") or item.key in self._reporting

    def _reports(self, items: Sequence[Item], k: int) -> bool:
        """Behind an answer a unit calls net control: 丹尼斯正常,安和社区呼叫派出所."""
        return self._apart(items, k) and items[k + 1].key in self._reporting

    def _apart(self, items: Sequence[Item], k: int) -> bool:
        """Whether an answer ends before item ``k``, with or without a pause; 马上到 does not."""
        before = items[k - 1]
        return not reaches(before) and (self._replies(before) or items[k].start - before.end >= PAUSE_S)

    def _replies(self, item: Item) -> bool:
        """A phrase that is an answer by itself."""
        return item.kind == "phrase" and item.key in self._answering
