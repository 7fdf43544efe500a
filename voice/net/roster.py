"""The roster: who is on the net. CSV or XLSX, headed in Chinese or English."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voice.errors import Problem

HEADERS = {
    "编号": "id", "id": "id",
    "名称": "name", "name": "name",
    "呼号": "call_signs", "call signs": "call_signs", "call_signs": "call_signs", "call sign": "call_signs",
    "组别": "group", "group": "group",
    "位置": "location", "location": "location",
    "责任民警": "officer", "responsible officer": "officer", "officer": "officer",
    "电话": "phone", "phone": "phone",
    "点名用语": "question", "question": "question",
    "身份码": "ani", "ani": "ani", "dtmf": "ani", "mdc": "ani",
    "邻近": "neighbours", "相邻": "neighbours", "neighbours": "neighbours", "neighbors": "neighbours",
}  # fmt: skip
REQUIRED = ("id", "name")
LARGEST_WORKBOOK = 30_000_000
"""Bytes of an .xlsx file, unpacked: some kilobytes may hold gigabytes."""

MOST_ROWS, MOST_COLUMNS = 50_000, 100
"""Of a table, empty ones included: a workbook of some kilobytes may have a million."""

LONGEST_SIGN = 40
"""Characters of a call sign: it is one word of the decoding graph."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One station of the net."""

    id: str
    name: str
    call_signs: tuple[str, ...]
    """The first is the one we speak; the others are understood too."""
    group: str = ""
    location: str = ""
    officer: str = ""
    phone: str = ""
    question: str = ""
    """What the unit is asked in a roll-call."""
    line: int = 0
    """In the roster file."""
    ani: tuple[str, ...] = ()
    """What its radios send of themselves: DTMF digits, or MDC1200 unit numbers (hexadecimal)."""
    neighbours: tuple[str, ...] = ()
    """Ids, names or call signs of the units next to it."""


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of a CSV or XLSX file, from 1. Raises ValueError for one of more than MOST_ROWS or MOST_COLUMNS."""
    for n, (line, cells) in enumerate(_rows_of(path)):
        if n == MOST_ROWS:
            raise ValueError(f"it has more than {MOST_ROWS} rows; delete those that are empty")
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            raise ValueError(f"line {line} has more than {MOST_COLUMNS} columns")
        yield line, cells[:MOST_COLUMNS]


def _rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    if path.suffix.lower() == ".xlsx":
        from openpyxl import load_workbook

        with zipfile.ZipFile(path) as archive:
            size = sum(i.file_size for i in archive.infolist())
        if size > LARGEST_WORKBOOK:
            raise ValueError(f"it unpacks to {size / 1e6:.0f} MB")
        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        for n, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield n, ["" if c is None else str(c).strip() for c in cells]
        return
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")  # Excel on a Chinese Windows saves CSV so
    reader = csv.reader(io.StringIO(text))
    for row in reader:
        yield reader.line_num, [c.strip() for c in row]


def split_list(cell: str) -> tuple[str, ...]:
    """Several entries of one cell."""
    return tuple(s.strip() for s in re.split("[;；、/|]", cell) if s.strip())


def read_roster(path: Path) -> tuple[tuple[Unit, ...], list[Problem]]:
    """Read a roster; every mistake is reported with its line, the good lines are used."""
    if not path.is_file():
        return (), [Problem(path, 0, "no such roster", "name a .csv or .xlsx file in net.toml: roster = …")]
    try:
        rows = [(n, r) for n, r in rows_of(path) if any(r)]
    except Exception as e:  # openpyxl raises many kinds for what is not a workbook
        return (), [Problem(path, 0, f"cannot be read: {e}", "save it as CSV (UTF-8) or as .xlsx")]
    if not rows:
        return (), [Problem(path, 1, "the roster is empty", "first line: 编号,名称,呼号,组别,位置,责任民警,电话")]
    head = [HEADERS.get(c.lower(), "") for c in rows[0][1]]
    problems = [
        Problem(path, rows[0][0], f"the header has no column for {c}", "编号,名称,呼号,组别,位置,责任民警,电话")
        for c in REQUIRED
        if c not in head
    ]
    if problems:
        return (), problems
    units: list[Unit] = []
    ids: dict[str, int] = {}
    codes: dict[str, str] = {}
    for number, row in rows[1:]:
        cell = {h: v for h, v in zip(head, row, strict=False) if h}
        if not cell.get("id") or not cell.get("name"):
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
            )
        )
    if not units and not problems:
        problems.append(Problem(path, 1, "the roster has no units", "add at least one line below the header"))
    return tuple(units), problems
