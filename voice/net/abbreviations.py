"""Short call signs as used on the air: 贾岗社区治安队 is called 贾岗社区 and 贾岗. Pure.

They are derived from each unit's name and call signs, unless the roster's column 口头简称 gives them; ``-`` (or 无)
there means none. One that two units share, or that sounds like another unit's call sign, is refused for both and
reported by ``huying grammar check``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice.grammar.lexicon import plain
from voice.mandarin.distance import GAP, syllable_distance
from voice.mandarin.numerals import CannotBeRead
from voice.mandarin.readings import ReadingsTable
from voice.net.roster import Unit

Distances = npt.NDArray[np.float64]

NONE = ("-", "无", "none")
"""Roster entries that mean: no short call signs for this unit."""

DUTIES = (
    "治安队", "治安岗", "巡防队", "巡逻队", "联防队", "护校队", "保卫处", "保卫科",
    "警务室", "值班室", "门岗", "岗亭", "执勤点",
)  # fmt: skip
"""Kinds of unit; speakers leave these words out. If of three syllables, the word alone stands for the only unit of
its kind."""

AREAS = ("社区", "小区", "街道", "新村")
"""Also left out in the shortest form."""

TRADES = ("家属院", "加油站", "幼儿园", "图书馆", "医院", "超市", "广场", "商场", "小学", "中学", "宾馆", "网吧")
"""Stands for the unit if it is the only one of its kind; left out after a name that is not a street."""

REGIONS = (
    "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建",
    "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海",
    "内蒙古", "广西", "西藏", "宁夏", "新疆", "郑州",
)  # fmt: skip

COLLEGES = {
    "中医药大学": "中医大", "财经大学": "财大", "农业大学": "农大", "工业大学": "工大", "师范大学": "师大",
    "科技大学": "科大", "医科大学": "医大", "理工大学": "理工大", "交通大学": "交大", "政法大学": "政法大",
}  # fmt: skip
STREETS = ("路", "街", "道", "巷")
LEAST_SYLLABLES = 2
APART = 0.9
"""Least distance in syllables between a short call sign and every other unit's call signs, as in
``voice.grammar.check``."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rejected short call sign."""

    text: str
    unit: str
    why: str


def derived(name: str) -> tuple[str, ...]:
    """``贾岗社区治安队`` → ``贾岗社区, 贾岗``; longest first, without the name itself."""
    out: dict[str, None] = {}

    def add(text: str) -> None:
        if len(text) >= LEAST_SYLLABLES and text != name:
            out.setdefault(text)

    region = next((r for r in REGIONS if name.startswith(r)), "")
    rest = name.removeprefix(region).removeprefix("省").removeprefix("市")
    here = rest if region and len(rest) >= 4 else name
    add(here)
    for long, short in COLLEGES.items():
        if long in here:
            add(here.replace(long, short))
    duty = next((d for d in DUTIES if here.endswith(d)), "")
    base = here.removesuffix(duty)
    add(base)
    for area in AREAS:
        if base.endswith(area):
            add(base.removesuffix(area))
    if len(duty) >= 3:
        add(duty)
    for trade in TRADES:
        if here.endswith(trade):
            base = here.removesuffix(trade)
            if not base.endswith(STREETS) and len(base) >= 3:
                add(base)
            if len(trade) >= 3:
                add(trade)
            break
    return tuple(out)


def short_signs(
    units: Iterable[Unit], table: ReadingsTable, taken: Iterable[str] = ()
) -> tuple[dict[str, tuple[str, ...]], list[Refused]]:
    """Unit id → its short call signs; and those refused. ``taken``: phrases and places, which already have a
    meaning."""
    units = tuple(units)
    signs = {s: u.id for u in units for s in u.call_signs}
    wanted: dict[str, list[str]] = {}
    owners: dict[str, set[str]] = defaultdict(set)
    for u in units:
        own = _of(u)
        wanted[u.id] = [s for s in own if s not in u.call_signs]
        for s in wanted[u.id]:
            owners[s].add(u.id)
    rows = {s: r for s in [*signs, *owners] if (r := _row(table, s))}
    only = ((s, next(iter(o))) for s, o in owners.items() if len(o) == 1)
    alike = _Alike((s, owner, rows[s]) for s, owner in [*signs.items(), *only] if s in rows)
    refused: list[Refused] = []
    no = set(taken)
    out: dict[str, tuple[str, ...]] = {}
    for u in units:
        kept = []
        for s in wanted[u.id]:
            why = _trouble(s, u.id, owners, rows, alike, no)
            if why and s in (*DUTIES, *TRADES) and len(owners[s]) > 1:
                continue  # 治安队 alone, in a net with many of them, is ambiguous
            if why:
                refused.append(Refused(s, u.id, why))
            else:
                kept.append(s)
        out[u.id] = tuple(kept)
    return out, refused


def _of(unit: Unit) -> tuple[str, ...]:
    if unit.short:
        return () if unit.short[0] in NONE else unit.short
    found = dict.fromkeys(s for name in (unit.name, *unit.call_signs) for s in derived(name))
    return tuple(found)


class _Alike:
    """Call signs by the length of their rows of syllables, to be compared with a row all at once: a net of ten thousand
    units has a hundred million pairs. The cost is that of ``phrase_cost`` where it is at most ``APART``: there are no
    two gaps in it.
    """

    def __init__(self, signs: Iterable[tuple[str, str, tuple[str, ...]]]) -> None:
        """(call sign, unit, toneless syllables)."""
        self._signs = list(signs)
        self._number = {s: k for k, s in enumerate(dict.fromkeys(s for *_, row in self._signs for s in row))}
        self._distances: dict[str, Distances] = {}
        units = {u: k for k, u in enumerate(dict.fromkeys(u for _, u, _ in self._signs))}
        self._units = units
        by_length: dict[int, list[int]] = defaultdict(list)
        for k, (_, _, row) in enumerate(self._signs):
            by_length[len(row)].append(k)
        self._places = {n: np.array(ks) for n, ks in by_length.items()}
        self._owners = np.array([units[u] for _, u, _ in self._signs], int)
        self._rows = {
            n: np.array([[self._number[s] for s in self._signs[k][2]] for k in ks], int) for n, ks in by_length.items()
        }

    def first(self, row: tuple[str, ...], unit: str) -> str:
        """The first call sign of another unit that sounds like the row, or nothing."""
        found = [k for n in (len(row) - 1, len(row), len(row) + 1) if n in self._rows for k in self._near(row, n, unit)]
        return self._signs[min(found)][0] if found else ""

    def _near(self, row: tuple[str, ...], length: int, unit: str) -> Iterator[int]:
        rows = self._rows[length]
        far = np.stack([self._distance(s) for s in row])
        if length == len(row):
            cost = sum(far[i][rows[:, i]] for i in range(length))
        elif length > len(row):
            cost = _with_gap([[far[i][rows[:, j]] for j in (i, i + 1)] for i in range(len(row))])
        else:
            cost = _with_gap([[far[j][rows[:, i]] for j in (i, i + 1)] for i in range(length)])
        near = self._places[length][np.flatnonzero(cost <= APART)]
        yield from near[self._owners[near] != self._units.get(unit, -1)][:1].tolist()

    def _distance(self, syllable: str) -> Distances:
        """From one syllable to all that occur."""
        if syllable not in self._distances:
            self._distances[syllable] = np.array([syllable_distance(syllable, s) for s in self._number])
        return self._distances[syllable]


def _with_gap(costs: list[list[Distances]]) -> Distances:
    """Least cost of rows of which one syllable is left out. ``costs``: of each syllable of the shorter row, against the
    one at its place in the longer row, and against the next."""
    best = behind = sum((after for _, after in costs), np.zeros(1))
    for here, after in costs:
        behind = behind - after + here
        best = np.minimum(best, behind)
    return best + GAP


def _trouble(
    text: str, unit: str, owners: Mapping[str, set[str]], rows: Mapping[str, tuple[str, ...]], alike: _Alike,
    taken: set[str],
) -> str:  # fmt: skip
    if text in taken:
        return "it is a phrase or a place"
    if len(owners[text]) > 1:
        return "more than one unit is called so"
    row = rows.get(text)
    if row is None:
        return "it has no reading"
    other = alike.first(row, unit)
    return f"it sounds like {other}" if other else ""


def _row(table: ReadingsTable, text: str) -> tuple[str, ...] | None:
    try:
        return tuple(place[0] for place in plain(table.read(text)[0]))
    except CannotBeRead:
        return None
