"""The roster as an editable table: unknown content of the file is preserved, and the old version is kept.

Saving requires the hash of the version that was read: a concurrent save is reported, nothing is overwritten. Edits
change only the cells concerned: other sheets, formats, titles, totals, remarks and unknown columns stay.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from voice.errors import HuyingError, Problem
from voice.net.cells import safe, written
from voice.net.delimited import changed_delimited
from voice.net.grid import Changes, NoTable
from voice.net.roster import RosterSheet, UnitRow, read_roster, read_sheet
from voice.net.workbook_changes import changed_workbook

COLUMNS = {
    "id": "编号", "name": "名称", "call_signs": "呼号", "group": "组别", "location": "位置", "officer": "责任民警",
    "phone": "电话", "question": "点名用语", "neighbours": "邻近", "ani": "身份码",
    "short": "口头简称",
}  # fmt: skip
"""Field → header of a column added by a save."""

VERSIONS = "versions"
"""Folder beside the roster with old versions, named by the time they were replaced."""

CHANGED = "somebody else has changed the roster meanwhile; load it again 名册已被别人修改, 请重新载入"

RosterRow = Mapping[str, str]
"""Field of COLUMNS → cell; absent fields keep their value, or stay empty."""


@dataclass(frozen=True, slots=True)
class RosterTable:
    """A roster file as read."""

    path: Path
    sha256: str
    """SHA-256 of the file."""
    found: RosterSheet | None
    """None: the file is empty."""

    @property
    def header(self) -> tuple[str, ...]:
        """Column titles, including unknown ones."""
        return self.found.header.titles if self.found else tuple(COLUMNS.values())

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """One row per unit, one text per column."""
        width = range(len(self.header))
        return tuple(tuple(u.row[k].text for k in width) for u in self.found.units) if self.found else ()

    @property
    def rows(self) -> list[dict[str, str]]:
        """One row per unit, with every field of COLUMNS."""
        return [dict.fromkeys(COLUMNS, "") | u.fields for u in self.found.units] if self.found else []


def read_roster_table(path: Path) -> RosterTable:
    """Raises HuyingError if the file is missing or not a table."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as e:
        raise HuyingError(f"{path}: cannot be read ({e.strerror}); save it as CSV (UTF-8) or as .xlsx") from e
    found, problems = read_sheet(path)
    wrong = [p for p in problems if not p.notice]
    if found is None and path.stat().st_size and "is empty" not in wrong[0].what:
        raise HuyingError("\n".join(map(str, wrong)))
    return RosterTable(path, digest, found)


class RosterChanged(HuyingError):
    """Another user has saved the file since it was read."""


def save_roster_table(
    path: Path, sha256: str, rows: Sequence[RosterRow], check: Callable[[Path], Sequence[Problem]] | None = None
) -> tuple[RosterTable, list[Problem]]:
    """Write ``rows`` over the table read as ``sha256``. Returns the new table, or the old one and the errors.
    ``check``: further validation of the new file before it replaces the old one.

    Rows are matched by id. Raises RosterChanged, or HuyingError if it cannot be written.
    """
    table = read_roster_table(path)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    if table.sha256 != sha256:
        raise RosterChanged(CHANGED)
    try:
        part.write_bytes(_changed(table, rows))
        _, problems = read_roster(part)
        wrong = [p for p in problems if not p.notice]
        if wrong := wrong or [p for p in (check(part) if check else ()) if p.path == part]:
            return table, [Problem(path, p.line, p.what, p.fix) for p in wrong]
        kept = path.parent / VERSIONS
        kept.mkdir(exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        shutil.copy2(path, kept / f"{path.stem}-{stamp}{path.suffix}")
        with part.open("r+b") as f:  # Windows flushes no file that is open for reading only
            os.fsync(f.fileno())
        part.replace(path)
    except NoTable as e:
        raise HuyingError(f"{path}: cannot be saved: {e}; the old roster is unchanged") from e
    except OSError as e:
        raise HuyingError(f"{path}: cannot be saved ({e.strerror}); the old roster is unchanged") from e
    finally:
        part.unlink(missing_ok=True)
    return read_roster_table(path), []


def _changed(table: RosterTable, rows: Sequence[RosterRow]) -> bytes:
    """The new file."""
    found = table.found
    if found is None:
        cells = [[_cell(r.get(f, "")) for f in COLUMNS] for r in rows]
        return _as_file(table.path.suffix.lower(), list(COLUMNS.values()), cells)
    changes = _changes(found, rows)
    if not (changes.cells or changes.emptied or changes.added):
        return table.path.read_bytes()
    if found.text is not None:
        return changed_delimited(found.text, changes)
    return changed_workbook(table.path.read_bytes(), found.sheet, changes)


def _changes(found: RosterSheet, rows: Sequence[RosterRow]) -> Changes:
    """Changed cells, removed units, new units."""
    columns = {f: k for k, f in enumerate(found.header.fields) if f}
    cells: dict[tuple[int, int], str] = {}
    width = max(len(found.header.titles), *(len(r.cells) for r in found.sheet.rows))
    for field, title in COLUMNS.items():
        if field not in columns and any(r.get(field) for r in rows):
            columns[field] = width
            cells[found.header.last, width] = title
            width += 1
    old: dict[str, UnitRow] = {}
    for unit in found.units:
        old.setdefault(unit.fields["id"], unit)
    added: list[dict[int, str]] = []
    kept: set[str] = set()
    for row in rows:
        known = row.get("id", "")
        unit_row = old.get(known) if known not in kept else None
        kept.add(known)
        if unit_row is None:
            added.append({columns[f]: _cell(v) for f, v in row.items() if f in columns and v})
            continue
        for field, text in row.items():
            if field in columns and _cell(text) != _cell(unit_row.fields.get(field, "")):
                cells[unit_row.row.line, columns[field]] = _cell(text)
                for line in unit_row.more:
                    cells[line, columns[field]] = ""
    gone = [u for u in found.units if u.fields["id"] and u.fields["name"] and u.fields["id"] not in kept]
    last = max((max(u.row.line, *u.more) if u.more else u.row.line for u in found.units), default=found.header.last)
    emptied = frozenset(line for u in gone for line in (u.row.line, *u.more))
    return Changes(cells, emptied, tuple(added), last)


def _cell(text: str) -> str:
    """One line of text."""
    return " ".join(str(text).split())


def _as_file(suffix: str, header: list[str], rows: list[list[str]]) -> bytes:
    if suffix != ".xlsx":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        return text.getvalue().encode("utf-8-sig")  # Excel detects UTF-8 by the byte-order mark
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    page = book.worksheets[0]
    for y, line in enumerate([header, *rows], 1):
        for x, value in enumerate(line, 1):
            page.cell(y, x).value = value
            page.cell(y, x).data_type = "s"  # never a formula
    book.save(out)
    return out.getvalue()


def parse_roster(data: bytes, suffix: str) -> tuple[list[dict[str, str]], list[Problem]]:
    """Rows of an uploaded roster, with notices: lines that are not units, dates, hidden lines, … Raises HuyingError
    if it is unusable."""
    if suffix not in (".csv", ".txt", ".xlsx", ".xlsm"):
        raise HuyingError(f"“{suffix}”: a roster is a .csv or .xlsx file; save it as one of them")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"roster{suffix}"
        path.write_bytes(data)
        _, problems = read_roster(path)
        if wrong := [p for p in problems if not p.notice]:
            raise HuyingError("\n".join(f"{p.line}: {p.what} → {p.fix}" for p in wrong[:10]))
        rows = read_roster_table(path).rows
        return [{field: written(cell) for field, cell in row.items()} for row in rows], problems


def roster_file(path: Path, suffix: str) -> bytes:
    """A copy of a roster as ``.csv`` or ``.xlsx`` for spreadsheets, free of formulas."""
    table = read_roster_table(path)
    defused = [[safe(cell) for cell in row] for row in (table.header, *table.cells)]
    return _as_file(suffix, defused[0], defused[1:])
