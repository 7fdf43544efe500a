"""The header of a roster: maps columns to fields by the names offices use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voice.net.grid import Row, Sheet
from voice.text import halfwidth

NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "编号", "单位编号", "id", "编码", "单位编码", "代码", "单位代码", "台号", "电台编号", "点位编号", "unit id",
        "no", "number", "序号", "序", "no.",
    ),
    "name": (
        "名称", "单位名称", "name", "单位全称", "全称", "台站名称", "电台名称", "点位名称", "站点名称", "网点名称",
        "场所名称", "岗位名称", "队伍名称", "社区名称", "学校名称", "机构名称", "单位(部门)", "单位/部门", "成员单位",
        "联防单位", "单位", "部门", "台站", "点位", "站点", "unit name", "station", "unit",
    ),
    "call_signs": (
        "呼号", "call signs", "call_signs", "call sign", "callsign", "电台呼号", "对讲机呼号", "对讲呼号", "无线呼号",
        "无线电呼号", "通话呼号", "呼叫代号", "代号", "呼叫名称", "呼叫名", "单位简称", "简称",
    ),
    "group": (
        "组别", "group", "分组", "组", "小组", "所属组", "所属小组", "类别", "单位类别", "单位类型", "类型",
        "所属片区", "片区",
    ),
    "location": (
        "位置", "location", "地址", "单位地址", "详细地址", "具体地址", "地点", "具体位置", "所在位置", "所在地",
        "点位位置", "address",
    ),
    "officer": (
        "责任民警", "responsible officer", "officer", "民警", "包片民警", "社区民警", "责任人", "负责人",
        "负责人姓名", "单位负责人", "联系人", "联系人姓名", "值班人", "值班人员", "姓名", "contact",
    ),
    "phone": (
        "电话", "phone", "联系电话", "电话号码", "手机", "手机号", "手机号码", "联系方式", "值班电话", "办公电话",
        "座机", "固定电话", "telephone", "tel", "mobile",
    ),
    "question": (
        "点名用语", "question", "点名问题", "询问用语", "提问内容", "提问",
    ),
    "ani": (
        "身份码", "ani", "dtmf", "mdc", "机身码", "电台id", "设备id", "对讲机id", "radio id", "个呼号", "个呼号码",
    ),
    "neighbours": (
        "邻近", "相邻", "neighbours", "neighbors", "邻近单位", "相邻单位", "周边单位", "邻居",
    ),
    "short": (
        "口头简称", "口语简称", "叫法", "short", "short call signs",
    ),
}  # fmt: skip
"""Field → column names, most specific first: where two columns match, the better name wins."""

REQUIRED = {"id": "编号", "name": "名称"}
"""Field → column name shown to people."""

SEARCHED = 40
"""Rows searched for the header: titles, dates and explanations precede it."""

_RANK = {name: (field, k) for field, names in NAMES.items() for k, name in enumerate(names)}
_SIMPLIFIED = str.maketrans(
    "編號稱單組類別責聯絡電話機碼鄰負點員簡無線對講詳細區設備問語題詢",
    "编号称单组类别责联络电话机码邻负点员简无线对讲详细区设备问语题询",
)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")


def field_of(title: str) -> tuple[str, int] | None:
    """(field, rank of the name) of a column title; white space, asterisks and bracketed remarks are ignored."""
    text = halfwidth(title).lower().translate(_SIMPLIFIED)
    for form in (text, _ASIDE.sub("", text)):
        bare = form.strip(" *:：\n\t").replace("*", "")
        for key in (" ".join(bare.split()), "".join(bare.split())):
            if key in _RANK:
                return _RANK[key]
    return None


@dataclass(frozen=True, slots=True)
class Header:
    """The header found in a sheet."""

    first: int
    last: int
    """Lines it occupies: one or two."""

    titles: tuple[str, ...]
    fields: tuple[str, ...]
    """Column → field, or empty."""

    passed_over: tuple[str, ...] = ()
    """Titles of columns that also match a field but lost to a better name."""

    @property
    def others(self) -> tuple[str, ...]:
        """Titles of unknown columns."""
        return tuple(t for t, f in zip(self.titles, self.fields, strict=True) if t and not f and field_of(t) is None)

    def column(self, field: str) -> int | None:
        return self.fields.index(field) if field in self.fields else None


def find_header(sheet: Sheet) -> Header | None:
    """The first rows that name a column for the id and one for the name."""
    rows = sheet.rows[:SEARCHED]
    at = next((k for k, r in enumerate(rows) if _names(r) >= set(REQUIRED)), None)
    if at is None:
        at = next((k for k in range(len(rows) - 1) if _two_lines(rows[k], rows[k + 1])), None)
        if at is None:
            return None
        return _header(rows[at : at + 2])
    end = at + 1
    while end < len(rows) and _names(rows[end]) >= set(REQUIRED) and any(c.merged for c in rows[end].cells):
        end += 1
    return _header(rows[at:end])


def nearest_header(sheet: Sheet) -> Row | None:
    """The row with the most known titles, if any: used to say what is missing."""
    best = max(sheet.rows[:SEARCHED], key=lambda r: len(_names(r)), default=None)
    return best if best is not None and _names(best) else None


def missing_in(row: Row) -> list[str]:
    """Required fields that the row does not name."""
    return [f for f in REQUIRED if f not in _names(row)]


def _names(row: Row) -> set[str]:
    return {found[0] for t in row.texts if t and (found := field_of(t))}


def _two_lines(upper: Row, lower: Row) -> bool:
    """A two-line title in unmerged cells: 编号 above, 名称 below."""
    return _names(upper) != set() and _names(upper) | _names(lower) >= set(REQUIRED) and len(_names(lower)) >= 2


def _header(rows: Sequence[Row]) -> Header:
    width = max(len(r.cells) for r in rows)
    titles, found = [], []
    for k in range(width):
        stacked = [r[k].text for r in reversed(rows) if r[k].text]
        known = [(t, f) for t in stacked if (f := field_of(t))]
        titles.append(known[0][0] if known else stacked[0] if stacked else "")
        found.append(known[0][1] if known else None)
    fields = [""] * width
    for field in NAMES:
        ranked = sorted((f[1], k) for k, f in enumerate(found) if f and f[0] == field)
        if ranked:
            fields[ranked[0][1]] = field
    over = tuple(t for t, f, own in zip(titles, found, fields, strict=True) if f and not own)
    return Header(rows[0].line, rows[-1].line, tuple(titles), tuple(fields), over)
