"""Call signs as people shorten them: 贾岗社区治安队 is called 贾岗社区 and 贾岗 on the air. Pure.

They are derived from each unit's name and call signs, unless the roster's column 口头简称 says otherwise: what stands
there counts instead, ``-`` (or 无) means none. One that belongs to two units, or sounds like another unit's call sign,
is refused for both, and ``huying grammar check`` says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from voice.grammar.lexicon import plain
from voice.mandarin.distance import phrase_cost
from voice.mandarin.numerals import CannotBeRead
from voice.mandarin.readings import ReadingsTable
from voice.net.roster import Unit

NONE = ("-", "无", "none")
"""In the roster's column: this unit has no short call signs."""

DUTIES = (
    "治安队", "治安岗", "巡防队", "巡逻队", "联防队", "护校队", "保卫处", "保卫科",
    "警务室", "值班室", "门岗", "岗亭", "执勤点",
)  # fmt: skip
"""What a unit is; people leave it out. Of three syllables, it stands for the only unit of its kind."""

AREAS = ("社区", "小区", "街道", "新村")
"""Left out too, in the shortest form."""

TRADES = ("家属院", "加油站", "幼儿园", "图书馆", "医院", "超市", "广场", "商场", "小学", "中学", "宾馆", "网吧")
"""Stands for the unit if it is the only one of its kind, and is left out behind a name that is no street."""

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
"""Syllables by which a short call sign must differ from every call sign of others: as in ``voice.grammar.check``."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A short call sign that is not used."""

    text: str
    unit: str
    why: str


def derived(name: str) -> tuple[str, ...]:
    """``贾岗社区治安队`` → ``贾岗社区, 贾岗``; the longest first, without the name itself."""
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
    """Unit id → its short call signs; and what was refused. ``taken``: phrases and places, which mean something
    else."""
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
    refused: list[Refused] = []
    no = set(taken)
    out: dict[str, tuple[str, ...]] = {}
    for u in units:
        kept = []
        for s in wanted[u.id]:
            why = _trouble(s, u.id, owners, signs, rows, no)
            if why and s in (*DUTIES, *TRADES) and len(owners[s]) > 1:
                continue  # 治安队 in a net of many: nobody expects it
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


def _trouble(
    text: str, unit: str, owners: Mapping[str, set[str]], signs: Mapping[str, str],
    rows: Mapping[str, tuple[str, ...]], taken: set[str],
) -> str:  # fmt: skip
    if text in taken:
        return "it is a phrase or a place"
    if len(owners[text]) > 1:
        return "more than one unit is called so"
    row = rows.get(text)
    if row is None:
        return "it has no reading"
    for other, owner in [*signs.items(), *((s, next(iter(o))) for s, o in owners.items() if len(o) == 1)]:
        theirs = rows.get(other)
        if owner != unit and theirs and abs(len(theirs) - len(row)) <= 1 and phrase_cost(row, theirs) <= APART:
            return f"it sounds like {other}"
    return ""


def _row(table: ReadingsTable, text: str) -> tuple[str, ...] | None:
    try:
        return tuple(place[0] for place in plain(table.read(text)[0]))
    except CannotBeRead:
        return None
