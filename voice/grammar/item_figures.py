"""Figures in the free speech of an over: syllables corrected by a search in the audio, then read as figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from voice.grammar.lexicon import Lexicon
from voice.grammar.message import Item
from voice.grammar.spoken_figures import FigureSearch
from voice.grammar.words import CORRECTING, begins
from voice.mandarin.figures import DOUBT, figures, sort_of

BESIDE_S = 0.2
"""Margin around free speech in the search for figures: a phrase may have absorbed their first sound."""

TOUCHING_S = 0.1
"""Free syllables whose midpoint is this close to a figure belong to it and were misrecognised."""

TENS = "shi"
"""A number that begins with it directly behind an unknown syllable may be the tail of another: 十一点 of 二十一点."""


def _corrections(row: list[str]) -> Iterator[list[str]]:
    """Syllables between corrections: a figure of the same sort behind one takes the place of the one before."""
    begin = 0
    for k in range(len(row)):
        found = next((w for w in CORRECTING if begins(row[k:], (w,))), None)
        if found and k >= begin:
            yield row[begin:k]
            begin = k + len(found)
    yield row[begin:]


class ItemFigures:
    """Finds figures in the items of one net's overs."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._digits = lexicon.digits
        self._measuring = {w for t in lexicon.templates if t.meaning == "time_is" for w in t.words}
        """频道, 现在时间: what stands before its figure."""

    def corrected(self, items: list[Item], spoken: FigureSearch) -> list[Item]:
        """Items with the syllables of spoken figures corrected in free speech."""
        return [self._with_figures(items, k, spoken) if i.kind == "free" else i for k, i in enumerate(items)]

    def said(self, items: list[Item]) -> tuple[str, ...]:
        """Figures and places in the free speech."""
        found: list[str] = []
        wrong: list[str] = []
        row: list[str] = []
        sure: list[str] | None = None
        for i in [*items, None]:
            if i is not None and (i.kind == "free" or i.key in self._measuring):
                row += [s.rstrip("12345") for s in i.pinyin.split()]
                sure = sure if i.sure is None else [*(sure or ()), *i.sure]
                continue
            for k, part in enumerate(_corrections(row)):
                wrong, found = ([*wrong, *found], []) if k else (wrong, found)
                found += [f if sure is None or f in sure else f + DOUBT for f in figures(part, self._digits)]
            row, sure = [], None
            if i is not None and i.kind == "place":
                found.append(i.text)
        right = {sort_of(f) for f in found}
        return tuple(dict.fromkeys([*(f for f in wrong if sort_of(f) not in right), *found]))

    def _with_figures(self, items: list[Item], at: int, spoken: FigureSearch) -> Item:
        """Free speech with the syllables of spoken figures corrected. 频道 before its number may be a phrase."""
        item = items[at]
        before = items[at - 1] if at else None
        lead = before if before is not None and before.key in self._measuring else None
        tail = items[at + 1] if at + 1 < len(items) and items[at + 1].key in self._measuring else None
        begin = lead.start if lead else (before.end if before else item.start) - BESIDE_S
        after_it = items[at + 1] if at + 1 < len(items) else None
        end = tail.end if tail else after_it.start if after_it else item.end + BESIDE_S
        row = item.by_syllable()
        sure: list[str] = []
        for figure in spoken(begin, end):
            said = figure.syllables
            if lead is not None and figure.start < lead.end:
                said = said[len(lead.pinyin.split()) :]
            if tail is not None and figure.end > (tail.start + tail.end) / 2:
                said = said[: -len(tail.pinyin.split())]
            step = (figure.end - figure.start) / max(len(said), 1)
            heard = [
                replace(item, pinyin=s, start=figure.start + k * step, end=figure.start + (k + 1) * step)
                for k, s in enumerate(said)
            ]
            first = [i for i in row if i.start + i.end < 2 * (figure.start - TOUCHING_S)]
            after = [i for i in row if i.start + i.end > 2 * (figure.end + TOUCHING_S)]
            while first and first[-1].pinyin in self._digits:  # an adjacent digit would belong to it
                first.pop()
            if figure.sure and (figure.syllables[0] != TENS or not first or figure.start - first[-1].end >= TOUCHING_S):
                sure += figures(figure.syllables, self._digits)
            while after and after[0].pinyin in self._digits:
                after.pop(0)
            row = [*first, *heard, *after]
        return replace(item, pinyin=" ".join(i.pinyin for i in row), sure=tuple(sure))
