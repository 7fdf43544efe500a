"""Templates matched over the items of an over: what was meant, and by whom it must have been said."""

from __future__ import annotations

from collections.abc import Sequence

from voice.grammar.item_search import NEAR
from voice.grammar.lexicon import Lexicon, plain
from voice.grammar.message import Act, Item
from voice.grammar.naming import PAUSE_S, content
from voice.grammar.templates import Template
from voice.mandarin.distance import syllable_distance

SYLLABLE_SCORE = 0.5
"""Answers of one syllable (到, 在, 行): too short to verify, so a person is asked to listen."""

DENIED = ("situation", "arrived", "on_the_way", "present", "normal")
ASKED = ("situation", "arrived", "on_the_way", "present")
"""Meanings that directly following 没有 or 吗 turns into a question."""

NOT = (["mei"], ["wei"], ["bu"], ["mei", "you"])
"""没, 未, 不: negate a phrase with these meanings that they directly precede, unless the grammar has the
combination."""

SEEN = (["fa", "xian"], ["kan", "dao"], ["zhao", "dao"], ["qing", "kuang"], ["ren", "yuan"])
"""发现, 看到, 找到, 情况, 人员: 请报告 directly after them is no question."""


class ActSearch:
    """Finds the meanings of one net's grammar in items, free speech split by syllable."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._digits = lexicon.digits
        self._short = {
            e.text: plain(e.readings[0])[0][0] for e in lexicon.entries if e.kind == "phrase" and e.syllables == 1
        }
        self._templates = sorted(lexicon.templates, key=lambda t: (-len(t.pieces), -sum(map(len, t.pieces))))

    def found(self, items: list[Item], addressed: bool, awaiting: bool = True) -> tuple[Act, ...]:
        """Templates matched over the sequence of items, longest first; each item is used once. Speech to us has
        templates of its own."""
        used: set[int] = set()
        found: list[tuple[int, Act]] = []
        for template in (t for t in self._templates if (t.speaker == "assistant") == addressed):
            if template.meaning == "this_is" or (template.awaited and not awaiting):
                continue
            syllable = template.pieces[-1] in self._short
            if syllable and len(template.pieces) == 1 and not _alone(items):
                continue
            for at in range(len(items)):
                hit = self._match_at(items, at, template, used)
                if hit is None:
                    continue
                end, slots, score = hit
                if syllable and template.awaited:  # 贾岗社区,到: nothing follows
                    if end < len(items):
                        continue
                    score = min(score, SYLLABLE_SCORE)
                if any(not p.startswith("{") for p in template.pieces):
                    used.update(range(at, end))
                found.append((at, Act(template.meaning, template.speaker, score, slots, at)))
        found.sort(key=lambda f: f[0])
        unique: dict[str, Act] = {}
        for _, act in found:
            if act.meaning not in unique or act.score > unique[act.meaning].score:
                unique[act.meaning] = act
        return tuple(unique.values())

    def _match_at(
        self, items: list[Item], at: int, template: Template, used: set[int]
    ) -> tuple[int, dict[str, str], float] | None:
        """(next index, slots, score) of ``template`` at item ``at``."""
        slots: dict[str, str] = {}
        score = 1.0
        k = at
        for piece in template.pieces:
            if k >= len(items) or (k in used and items[k].kind in ("phrase", "free")):
                return None
            item = items[k]
            if piece in ("{number}", "{time}"):
                digits = ""
                while k < len(items) and items[k].kind == "free" and items[k].pinyin in self._digits:
                    digits += self._digits[items[k].pinyin]
                    k += 1
                if not digits:
                    return None
                slots[piece[1:-1]] = digits
                continue
            if item.kind == "free":
                if not self._is_syllable(piece, item.pinyin):
                    return None
            else:
                if piece == "{unit}" and item.kind == "unit":
                    slots["unit2" if "unit" in slots else "unit"] = item.key
                elif not (
                    (piece == "{control}" and item.kind == "control") or (item.kind == "phrase" and item.key == piece)
                ):
                    return None
                score = min(score, item.score)
            k += 1
        return k, slots, score

    def _is_syllable(self, piece: str, heard: str) -> bool:
        """Whether ``piece`` is a one-syllable word that sounds like ``heard``."""
        want = self._short.get(piece)
        return want is not None and syllable_distance(want, heard) <= NEAR


def reported(acts: Sequence[Act], items: Sequence[Item]) -> tuple[Act, ...]:
    """Acts without those that are denied or only told of; a report put as a question becomes ``ask``."""
    kept = _questions(tuple(a for a in acts if not _denied(a, items) and not _told(a, items)), items)
    to_all = any(a.meaning == "all_units" for a in kept)
    return tuple(a for a in kept if not _conditional(a, items)) if to_all else kept


def _conditional(act: Act, items: Sequence[Item]) -> bool:
    """各单位注意,…,发现请报告: who has nothing to report need not answer."""
    before = _said(items[max(0, act.at - 3) : act.at])
    seen = any(before[-len(w) :] == w for w in SEEN)
    return act.meaning == "ask" and items[act.at].key.startswith("请报告") and seen


def _denied(act: Act, items: Sequence[Item]) -> bool:
    """没 发现情况: a phrase negated by the preceding word."""
    if act.meaning not in DENIED or not act.at or items[act.at].start - items[act.at - 1].end >= PAUSE_S:
        return False
    before = _said(items[max(0, act.at - 2) : act.at])
    return any(before[-len(w) :] == w for w in NOT)


def _questions(acts: tuple[Act, ...], items: Sequence[Item]) -> tuple[Act, ...]:
    """有情况没有, 到了没有, 有没有情况: a question from net control, not a report. With 吗 (人抓住了吗) it is not a
    report either, but a short noise may be mistaken for 吗: the speaker is decided by who is awaited."""
    out: list[Act] = []
    for act in acts:
        at = act.at + (items[act.at].kind == "unit")  # {unit}到了
        behind = _said(items[at + 1 : at + 3])
        close = at + 1 < len(items) and items[at + 1].start - items[at].end < PAUSE_S
        last = at + 2 + (behind[:2] == ["mei", "you"] and items[at + 1].kind == "free") >= len(items)
        before = _said(items[max(0, act.at - 1) : act.at])
        if act.meaning in ASKED and close and last and behind in (["mei", "you"], ["mei"]):
            return (*out, Act("ask", "control", act.score, at=act.at))
        if act.meaning in ASKED and close and last and behind == ["ma"]:
            continue
        if act.meaning in ("normal", "not_found") and before[-1:] == ["you"] and _said([items[act.at]])[0] == "mei":
            return (*out, Act("ask", "control", act.score, at=act.at))
        out.append(act)
    return tuple(out)


def _told(act: Act, items: Sequence[Item]) -> bool:
    """我跟各社区说了: units mentioned, not addressed."""
    return (
        act.meaning == "all_units"
        and "注意" not in items[act.at].key
        and any(i.kind == "free" and content(i.pinyin) for i in items[: act.at][-2:])
    )


def _said(items: Sequence[Item]) -> list[str]:
    """Toneless syllables."""
    return [s.rstrip("12345") for i in items for s in i.pinyin.split()]


def _alone(items: Sequence[Item]) -> bool:
    """One syllable, said once or twice, and nothing else."""
    said = [s for i in items for s in content(i.pinyin)]
    return all(i.kind == "free" for i in items) and 0 < len(said) <= 2 and len(set(said)) == 1
