"""The roster: units of the net. CSV or workbook with Chinese or English headers, as offices keep it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice.errors import Problem
from voice.net.delimited import Delimited, read_delimited
from voice.net.grid import NoTable, Row, Sheet
from voice.net.roster_header import REQUIRED, Header, field_of, find_header, missing_in, nearest_header
from voice.net.workbook import OLE, ZIP, read_workbook
from voice.text import halfwidth

FIRST_LINE = "编号,名称,呼号,组别,位置,责任民警,电话"

_ASIDE = re.compile("示例|样例|例表|范例|说明|模板|备份|历史|作废|旧|example|backup", re.IGNORECASE)
"""Sheet names with these words are not the roster if another sheet qualifies."""

LISTS = ("call_signs", "ani", "neighbours", "short")
"""Fields with several entries."""

LONGEST_SIGN = 40
"""Longest call sign in characters: it is one word of the decoding graph."""

FIGURES = ("id", "ani", "phone", "neighbours")
"""Fields in which full-width digits and letters equal their ASCII forms."""

_SUM = re.compile(
    r"(?:本页|本组)?(?:合计|总计|小计|共计|总数|汇总|累计)(?:[:：(]?.{0,12})|(?:sub)?total:?|sum:?", re.IGNORECASE
)
_COUNT = re.compile(r"[共计][0-9一二三四五六七八九十百]+[个家名所支].{0,12}")
_ROLES = (
    "填表|制表|填报|编制|审核|复核|审批|签发|批准|打印|导出|更新|报送|统计|截止|截至|联系|主管|分管|经办|负责|单位负责|备注|"
    "说明|注意|注|附注|日期|时间"
)
_REMARK = re.compile(
    rf"(?:{_ROLES}|附)[\u4e00-\u9fff]{{0,4}}[0-9一二三四五六七八九十]*[:：.、].*|(?:{_ROLES})(?:人|者|单位|部门|日期|时间|电话)?"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of the net."""

    id: str
    name: str
    call_signs: tuple[str, ...]
    """The first is the one we speak; all are understood."""
    group: str = ""
    location: str = ""
    officer: str = ""
    phone: str = ""
    question: str = ""
    """Question put to the unit in a roll-call."""
    line: int = 0
    """Line in the roster file."""
    ani: tuple[str, ...] = ()
    """Identities sent by its radios: DTMF digits or MDC1200 unit numbers (hexadecimal)."""
    neighbours: tuple[str, ...] = ()
    """Ids, names or call signs of neighbouring units."""
    short: tuple[str, ...] = ()
    """From the roster; empty: derived, see ``voice.net.abbreviations``."""

    def named(self, name: str) -> bool:
        """Whether this is exactly its id, its name or one of its call signs."""
        return name in (self.id, self.name, *self.call_signs)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A sheet row that describes a unit."""

    row: Row
    fields: dict[str, str]
    more: tuple[int, ...] = ()
    """Further lines of the same unit: its id and name are merged over them."""


@dataclass(frozen=True, slots=True)
class RosterSheet:
    """The sheet holding the roster, read but not yet checked."""

    sheet: Sheet
    header: Header
    units: tuple[UnitRow, ...]
    text: Delimited | None
    """File format details, for text files."""


def split_list(cell: str) -> tuple[str, ...]:
    """Entries of a multi-valued cell. A slash separates names and numbers (省残联/残联), but not the parts of one
    call sign (BG6ABC/P, A/B座)."""
    out: list[str] = []
    for entry in re.split(r"[;；、|,，\n\r]", cell):
        out += _at_strokes(entry)
    return tuple(s for s in (e.strip() for e in out) if s)


def _at_strokes(entry: str) -> list[str]:
    parts = [p.strip() for p in entry.replace("／", "/").split("/")]
    out = [parts[0]]
    for part in parts[1:]:
        if _apart(out[-1], part):
            out.append(part)
        else:
            out[-1] += f"/{part}"
    return out


def _apart(left: str, right: str) -> bool:
    """Whether a slash between the two separates entries."""
    han = [bool(re.search("[\u3400-\u9fff]", side)) for side in (left, right)]
    if all(han):
        return True
    if any(han):
        return False
    return (left.isdigit() and right.isdigit()) or min(len(left), len(right)) > 3


def read_sheet(path: Path) -> tuple[RosterSheet | None, list[Problem]]:
    """Locate the roster in a file, and report rows that are not units. Notices are not errors."""
    if not path.is_file():
        return None, [Problem(path, 0, "no such roster", "name a .csv or .xlsx file in net.toml: roster = …")]
    text: Delimited | None = None
    try:
        data = path.read_bytes()
        if data.startswith((ZIP, OLE)):
            sheets = read_workbook(data)
        elif data.lstrip()[:200].lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
            raise NoTable("it is a web page under another name; open it in Excel or WPS and save it as .xlsx")
        else:
            text = read_delimited(data, lambda s: find_header(s) is not None)
            sheets = [text.sheet]
    except OSError as e:
        return None, [Problem(path, 0, f"cannot be read ({e.strerror})", "let the station's user read it")]
    except NoTable as e:
        what, _, fix = str(e).rpartition("; ")
        return None, [Problem(path, 0, f"cannot be read: {what or e}", fix or "save it as CSV (UTF-8) or as .xlsx")]
    if not any(s.rows for s in sheets):
        return None, [Problem(path, 1, "the roster is empty", f"first line: {FIRST_LINE}")]
    found = [(s, h) for s in sheets if (h := find_header(s))]
    found.sort(key=lambda f: (f[0].hidden, bool(_ASIDE.search(f[0].name))))
    if not found:
        return None, [_no_header(path, sheets, text)]
    sheet, header = found[0]
    problems = [
        _notice(path, 0, f"sheet “{s.name}” has {_rows_below(s, h)} rows of a roster too, which are not used",
                f"put them into “{sheet.name}”, which is")
        for s, h in found[1:] if _rows_below(s, h)
    ]  # fmt: skip
    if sheet.hidden:
        problems.append(_notice(path, 0, f"the roster is the hidden sheet “{sheet.name}”", "show it, or delete it"))
    problems += [
        _notice(path, header.last, f"column “{title}” is not used: another column has what it could hold",
                "put both into one column")
        for title in header.passed_over
    ]  # fmt: skip
    if header.others:
        told = f"columns that mean nothing to the net are kept and not used: {'、'.join(header.others)}"
        fix = f"columns are {FIRST_LINE},点名用语,邻近,身份码"
        problems.append(_notice(path, header.last, " ".join(told.split()), fix))
    units, more = _unit_rows(path, sheet, header)
    return RosterSheet(sheet, header, tuple(units), text), problems + more


def read_roster(path: Path) -> tuple[tuple[Unit, ...], list[Problem]]:
    """Read a roster; every error is reported with its line, valid lines are used."""
    found, problems = read_sheet(path)
    if found is None:
        return (), problems
    units: list[Unit] = []
    ids: dict[str, int] = {}
    codes: dict[str, str] = {}
    for unit_row in found.units:
        cell, number = unit_row.fields, unit_row.row.line
        doubts = list(_doubts(path, found.header, unit_row))
        problems += doubts
        if not cell["id"] or not cell["name"]:
            if all(d.notice for d in doubts):
                problems.append(Problem(path, number, "编号 or 名称 is empty", "fill both in, or delete the line"))
            continue
        if cell["id"] in ids:
            problems.append(
                Problem(path, number, f"编号 {cell['id']} is in line {ids[cell['id']]} too", "give each unit its own")
            )
            continue
        signs = split_list(cell.get("call_signs", ""))
        long = next((s for s in signs or (cell["name"],) if len(s) > LONGEST_SIGN), None)
        if long:
            told = f"call sign “{long[:20]}…” has {len(long)} characters; {LONGEST_SIGN} at most"
            problems.append(Problem(path, number, told, "write what is said on the air"))
            continue
        for code in split_list(cell.get("ani", "").upper()):
            if code in codes:
                told = f"身份码 {code} is that of {codes[code]} too"
                problems.append(Problem(path, number, told, "give each radio its own"))
            codes[code] = cell["name"]
        ids[cell["id"]] = number
        units.append(
            Unit(
                cell["id"],
                cell["name"],
                signs or (cell["name"],),
                cell.get("group", ""),
                cell.get("location", ""),
                cell.get("officer", ""),
                cell.get("phone", ""),
                cell.get("question", ""),
                number,
                split_list(cell.get("ani", "").upper()),
                split_list(cell.get("neighbours", "")),
                split_list(cell.get("short", "")),
            )
        )  # fmt: skip
    problems += _without_group(path, units)
    if not units and all(p.notice for p in problems):
        problems.append(Problem(path, 1, "the roster has no units", "add at least one line below the header"))
    return tuple(units), problems


def _no_header(path: Path, sheets: list[Sheet], text: Delimited | None) -> Problem:
    """What is missing from the row most like a header."""
    near = [(len(missing_in(r)), r, s) for s in sheets if (r := nearest_header(s))]
    if not near:
        first = next(s.rows[0] for s in sheets if s.rows)
        shown = " | ".join(t for t in first.texts if t)[:80]
        told = f"no line names the columns; the first is “{shown}”"
        return Problem(path, first.line, told, f"write a header: {FIRST_LINE}")
    _missing, row, sheet = min(near, key=lambda n: n[0])
    names = "、".join(f"{REQUIRED[f]} ({f})" for f in missing_in(row))
    titles = "、".join(t for t in dict.fromkeys(row.texts) if t)
    where = f"sheet “{sheet.name}”: " if len(sheets) > 1 else ""
    return Problem(path, row.line, f"{where}the header has no column for {names}; it has {titles}", FIRST_LINE)


def _unit_rows(path: Path, sheet: Sheet, header: Header) -> tuple[list[UnitRow], list[Problem]]:
    """Unit rows, and a notice for every other row."""
    units: list[UnitRow] = []
    problems: list[Problem] = []
    for row in sheet.rows:
        if row.line <= header.last:
            continue
        if _repeats(row, header):
            continue
        fields = _fields(row, header)
        told = _no_unit(row, fields)
        if told:
            problems.append(_notice(path, row.line, told, "it is no unit and is not called"))
            continue
        if units and _goes_on(row, header):
            units[-1] = _joined(units[-1], row, fields)
            continue
        if not any(fields.values()):
            shown = " | ".join(t for t in row.texts if t)[:80]
            problems.append(_notice(path, row.line, f"“{shown}” stands in no column that is used", "it is no unit"))
            continue
        problems += [
            _notice(path, row.line, f"{fields['name'] or fields['id']}: the line is {mark} in the sheet",
                    "it is called like the others; delete the line if it should not be")
            for mark in row.marks
        ]  # fmt: skip
        units.append(UnitRow(row, fields))
    return units, problems


def _fields(row: Row, header: Header) -> dict[str, str]:
    """Field → text; fields whose column is absent are left out, except id and name."""
    out = dict.fromkeys(REQUIRED, "")
    for column, field in enumerate(header.fields):
        if field:
            text = row[column].text
            out[field] = halfwidth(text) if field in FIGURES else text if field in LISTS else " ".join(text.split())
    return out


def _repeats(row: Row, header: Header) -> bool:
    """The header repeated, as at the top of each printed page."""
    said = [(f, field_of(row[k].text)) for k, f in enumerate(header.fields) if f]
    return len(said) >= 2 and all(found is not None and found[0] == f for f, found in said)


def _no_unit(row: Row, fields: dict[str, str]) -> str:
    """Why a row is not a unit: total, remark, caption; empty if it may be one."""
    written = [t for t in row.texts if t]
    first = halfwidth("".join(written[0].split())) if written else ""
    own = "".join(halfwidth(fields["id"]).split())
    named = "".join(halfwidth(fields["name"]).split())
    if any(map(_SUM.fullmatch, (first, own))) or _COUNT.fullmatch(first) or (not own and _SUM.fullmatch(named)):
        return f"“{' | '.join(dict.fromkeys(written))[:60]}” is a sum"
    if _REMARK.fullmatch(first):
        return f"“{written[0][:60]}” is a remark"
    once = list(dict.fromkeys(written))
    if len(once) == 1 and re.search("[\u3400-\u9fff]{2}", once[0]) and (fields["id"] or len(written) > 2):
        return f"“{once[0][:60]}” stands alone in its line: a caption, not a unit"
    return ""


def _goes_on(row: Row, header: Header) -> bool:
    """Id and name are merged with those of the row above."""
    columns = [header.column(f) for f in REQUIRED]
    return all(c is not None and row[c].merged for c in columns)


def _joined(unit: UnitRow, row: Row, fields: dict[str, str]) -> UnitRow:
    both = dict(unit.fields)
    for field, text in fields.items():
        if text and text != both.get(field) and field not in REQUIRED:
            separator = ";" if field in LISTS else "、"
            both[field] = separator.join(filter(None, (both.get(field), text)))
    return UnitRow(unit.row, both, (*unit.more, row.line))


def _doubts(path: Path, header: Header, unit: UnitRow) -> Iterator[Problem]:
    """Doubtful cells of a unit. Definitely wrong and needed to call it: an error."""
    for column, field in enumerate(header.fields):
        cell = unit.row[column]
        if not field or not cell.doubt:
            continue
        shown = f"“{cell.text}” " if cell.text else ""
        told = f"{header.titles[column]} {shown}{cell.doubt}"
        grave = field in (*REQUIRED, "call_signs", "ani") and cell.lost
        fix = "format the cell as text, then write it again"
        if "formula" in cell.doubt:
            fix = "save the file once in Excel or WPS, or put the value in place of the formula"
        yield Problem(path, unit.row.line, " ".join(told.split()), fix, notice=not grave)


def _without_group(path: Path, units: Iterable[Unit]) -> list[Problem]:
    """Only some units have a group: roll-calls by group skip the others."""
    bare = [u for u in units if not u.group]
    if not bare or all(not u.group for u in units):
        return []
    told = f"no 组别, unlike the others: {'、'.join(u.name for u in bare[:8])}{' …' if len(bare) > 8 else ''}"
    return [_notice(path, bare[0].line, told, "a roll-call of groups leaves them out; write the group into each line")]


def _rows_below(sheet: Sheet, header: Header) -> int:
    return sum(r.line > header.last for r in sheet.rows)


def _notice(path: Path, line: int, what: str, fix: str) -> Problem:
    return Problem(path, line, what, fix, notice=True)
