"""The roster as a table that people edit: what the file holds beside what we know stays, the old version is kept.

Saving demands the hash of what was read. Whoever saves second is told, nothing is overwritten.
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
from voice.net.roster import HEADERS, read_roster, rows_of

COLUMNS = {
    "id": "编号", "name": "名称", "call_signs": "呼号", "group": "组别", "location": "位置", "officer": "责任民警",
    "phone": "电话", "question": "点名用语", "neighbours": "邻近", "ani": "身份码",
}  # fmt: skip
"""Field → header of a column that a save adds."""

VERSIONS = "versions"
"""Folder beside the roster with its old versions, named by the time at which they were replaced."""

CHANGED = "somebody else has changed the roster meanwhile; load it again 名册已被别人修改, 请重新载入"

Row = Mapping[str, str]
"""Field of COLUMNS → cell; fields that are missing stay as they were, or empty."""


@dataclass(frozen=True, slots=True)
class RosterTable:
    """A roster file as it was read."""

    path: Path
    header: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    sha256: str
    """Of the file."""

    @property
    def rows(self) -> list[dict[str, str]]:
        """A row a unit, with every field of COLUMNS."""
        fields = [HEADERS.get(c.lower(), "") for c in self.header]
        return [
            dict.fromkeys(COLUMNS, "") | {f: v for f, v in zip(fields, row, strict=False) if f} for row in self.cells
        ]


def read_roster_table(path: Path) -> RosterTable:
    """Raises HuyingError for a file that is missing or no table."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows = [tuple(r) for _, r in rows_of(path) if any(r)]
    except Exception as e:  # openpyxl raises many kinds for what is not a workbook
        raise HuyingError(f"{path}: cannot be read ({e}); save it as CSV (UTF-8) or as .xlsx") from e
    return RosterTable(path, rows[0] if rows else tuple(COLUMNS.values()), tuple(rows[1:]), digest)


class RosterChanged(HuyingError):
    """Somebody else has saved it since it was read."""


def save_roster_table(
    path: Path, sha256: str, rows: Sequence[Row], check: Callable[[Path], Sequence[Problem]] | None = None
) -> tuple[RosterTable, list[Problem]]:
    """Write ``rows`` in place of the table that was read as ``sha256``. Returns the new table, or the old one and the
    mistakes. ``check``: what else must be said of the new file, before it takes the old one's place.

    Columns that we do not know stay with the row of the same id. Raises RosterChanged, or HuyingError if it cannot
    be written.
    """
    table = read_roster_table(path)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    if table.sha256 != sha256:
        raise RosterChanged(CHANGED)
    try:
        part.write_bytes(_as_file(path.suffix.lower(), *_merged(table, rows)))
        _, problems = read_roster(part)
        problems = problems or [p for p in (check(part) if check else ()) if p.path == part]
        if problems:
            return table, [Problem(path, p.line, p.what, p.fix) for p in problems]
        kept = path.parent / VERSIONS
        kept.mkdir(exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        shutil.copy2(path, kept / f"{path.stem}-{stamp}{path.suffix}")
        with part.open("rb") as f:
            os.fsync(f.fileno())
        part.replace(path)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be saved ({e.strerror}); the old roster is unchanged") from e
    finally:
        part.unlink(missing_ok=True)
    return read_roster_table(path), []


def _merged(table: RosterTable, rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the new file."""
    header = list(table.header)
    fields = [HEADERS.get(c.lower(), "") for c in header]
    for field, title in COLUMNS.items():
        if field not in fields and any(r.get(field) for r in rows):
            header.append(title)
            fields.append(field)
    old = {known["id"]: row for known, row in zip(table.rows, table.cells, strict=True)}
    out = []
    for row in rows:
        before = old.get(row.get("id", ""), ())
        padded = [*before, *[""] * (len(header) - len(before))]
        out.append([_cell(row[f]) if f and f in row else v for f, v in zip(fields, padded, strict=True)])
    return header, out


def _cell(text: str) -> str:
    """One line of text."""
    return " ".join(str(text).split())


def _as_file(suffix: str, header: list[str], rows: list[list[str]]) -> bytes:
    if suffix != ".xlsx":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        return text.getvalue().encode("utf-8-sig")  # Excel knows it by the mark
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    page = book.worksheets[0]
    for y, line in enumerate([header, *rows], 1):
        for x, value in enumerate(line, 1):
            page.cell(y, x).value = value
            page.cell(y, x).data_type = "s"  # never a formula
    book.save(out)
    return out.getvalue()


def parse_roster(data: bytes, suffix: str) -> list[dict[str, str]]:
    """The rows of an uploaded roster. Raises HuyingError for one that cannot be used."""
    if suffix not in (".csv", ".xlsx"):
        raise HuyingError(f"“{suffix}”: a roster is a .csv or .xlsx file 名册应为 CSV 或 XLSX")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"roster{suffix}"
        path.write_bytes(data)
        _, problems = read_roster(path)
        if problems:
            raise HuyingError("\n".join(f"{p.line}: {p.what} → {p.fix}" for p in problems[:10]))
        return [{field: written(cell) for field, cell in row.items()} for row in read_roster_table(path).rows]


def roster_file(path: Path, suffix: str) -> bytes:
    """A copy of a roster as ``.csv`` or ``.xlsx``, for spreadsheets: no cell of it is a formula."""
    table = read_roster_table(path)
    defused = [[safe(cell) for cell in row] for row in (table.header, *table.cells)]
    return _as_file(suffix, defused[0], defused[1:])
