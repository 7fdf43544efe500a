"""Templates matched over the items of an over: what was meant, and by whom it must have been said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voice.grammar.clause import PAUSE_S, content, free_before, free_behind
from voice.grammar.item_search import NEAR
from voice.grammar.lexicon import Lexicon, plain
from voice.grammar.message import Act, Item, once, run_together
from voice.grammar.naming import gone, unheard
from voice.grammar.templates import Template
from voice.grammar.words import CALLING, COMING, IN_PLACE, JOINING, OR_NOT, STANDING
from voice.mandarin.distance import syllable_distance

THERE = 4
"""Most syllables from a place to 了: 到丹尼斯门口了."""

SYLLABLE_SCORE = 0.5
"""Answers of one syllable (到, 在, 行): too short to verify, so a person is asked to listen."""


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
        said = self._pieces(items)
        for template in (t for t in self._templates if (t.speaker == "assistant") == addressed):
            if not said.issuperset(template.pieces):
                continue
            if template.meaning == "this_is" or (template.awaited and not awaiting):
                continue
            syllable = template.pieces[-1] in self._short
            begins = template.meaning == "present" and _at_once(items)
            if syllable and len(template.pieces) == 1 and not (_alone(items) or begins):
                continue
            for at in range(len(items)):
                hit = self._match_at(items, at, template, used)
                if hit is None:
                    continue
                end, slots, score = hit
                if syllable and template.awaited:  # 贾岗社区,到: nothing follows
                    if end < len(items) and not (begins and end == 1):
                        continue
                    score = min(score, SYLLABLE_SCORE)
                if any(not p.startswith("{") for p in template.pieces):
                    used.update(range(at, end))
                found.append((at, Act(template.meaning, template.speaker, score, slots, at)))
        if not addressed:
            found += [(a.at, a) for a in (*arrivals(items), *absences(items))]
        found.sort(key=lambda f: f[0])
        acts = [act for _, act in found]
        return once(acts) if addressed else tuple(acts)

    def _pieces(self, items: list[Item]) -> set[str]:
        """All pieces of templates that these items may be."""
        heard = {i.pinyin for i in items if i.kind == "free"}
        found = {i.key for i in items if i.kind == "phrase"} | {f"{{{i.kind}}}" for i in items}
        found |= {piece for piece in self._short if any(self._is_syllable(piece, s) for s in heard)}
        return found | ({"{number}", "{time}"} if heard & self._digits.keys() else set())

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
                    row = _row(items, k) if template.speaker == "assistant" else (k,)
                    for at_unit in row:
                        slots[f"unit{len(slots) + 1}" if "unit" in slots else "unit"] = items[at_unit].key
                        score = min(score, items[at_unit].score)
                    k = row[-1]
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


def arrivals(items: Sequence[Item]) -> Iterator[Act]:
    """明理路巡防队到丹尼斯了, 已经到东门岗楼下了: there, wherever that is."""
    items = run_together(items)
    for k, item in enumerate(items):
        if item.kind not in ("unit", "control", "place") or k == len(items) - 1:
            continue
        before, behind = free_before(items, k), free_behind(items, k)
        if item.kind == "unit" and [i.pinyin for i in items[k + 1 :]] == IN_PLACE:
            yield Act("arrived", "unit", item.score, at=k + 1)
        come = len(before) == 1 or any(before[-1 - len(w) : -1] == w for w in COMING)
        moved = (before[-1:] == ("dao",) and come) or before[-3:] == STANDING
        if moved and _are_there(behind):
            yield Act("arrived", "unit", item.score, at=k - 1)


def _are_there(behind: tuple[str, ...]) -> bool:
    """… (门口)了; not …了没有, and not …,到了报一声."""
    at = behind.index("le") if "le" in behind[:THERE] else 0
    return bool(behind) and behind[at] == "le" and "dao" not in behind[:at] and behind[at + 1 :] not in OR_NOT


def absences(items: Sequence[Item]) -> Iterator[Act]:
    """安和社区联系不上, 安和社区没人: net control tells that a unit does not answer, or is not there."""
    for k, item in enumerate(items):
        if item.kind == "unit" and unheard(items, k):
            yield Act("absent" if gone(items, k) else "no_answer", "control", item.score, {"unit": item.key}, at=k)


def _row(items: Sequence[Item], first: int) -> tuple[int, ...]:
    """呼叫 贾岗社区 和 安和社区、丹尼斯: the call signs in a row."""
    row = [first]
    for k in range(first + 1, len(items)):
        between = " ".join(i.key or i.pinyin for i in items[row[-1] + 1 : k])
        if items[k].kind == "unit" and between in ("", *JOINING, CALLING):
            row.append(k)
    return tuple(row)


def _at_once(items: Sequence[Item]) -> bool:
    """到,报告一个事: a syllable, and a pause."""
    return len(items) > 1 and items[0].kind == "free" and items[1].start - items[0].end >= PAUSE_S


def _alone(items: Sequence[Item]) -> bool:
    """One syllable, said up to three times, and nothing else; 嗯 too, which beside other words is a hesitation."""
    said = [s for i in items for s in content(i.pinyin)] or [s for i in items for s in i.pinyin.split()]
    return all(i.kind == "free" for i in items) and 0 < len(said) <= 3 and len(set(said)) == 1
