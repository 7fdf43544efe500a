"""The journal as JSON lines, CSV or a workbook; nothing is left out."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from voice.errors import HuyingError
from voice.journal.lines import FIELDS, Line
from voice.net.cells import safe

FORMATS = ("jsonl", "csv", "xlsx")


def write_jsonl(out: TextIO, lines: Iterable[Line]) -> int:
    """One JSON object an event; returns how many."""
    n = 0
    for n, line in enumerate(lines, 1):  # noqa: B007
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return n


def write_csv(out: TextIO, lines: Iterable[Line]) -> int:
    """A header and one row an event; returns how many."""
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    n = 0
    for n, line in enumerate(lines, 1):  # noqa: B007
        writer.writerow([_cell(line[f]) for f in FIELDS])
    return n


def write_xlsx(path: Path, lines: Iterable[Line]) -> int:
    """One sheet, one row an event; returns how many."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet("journal")
    page.append(list(FIELDS))
    n = 0
    for n, line in enumerate(lines, 1):  # noqa: B007
        page.append([_cell(line[f]) for f in FIELDS])
    book.save(path)
    return n


def export(path: Path, form: str, lines: Iterable[Line]) -> int:
    """Write ``lines`` in ``form`` (one of FORMATS): the whole file or, if it is cut off, none; a file that was there
    stays until then. Raises HuyingError if it cannot be written."""
    if path.exists() and not path.is_file():  # a pipe, /dev/stdout
        return _write(path, form, lines)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        n = _write(part, form, lines)
        part.replace(path)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e
    finally:
        part.unlink(missing_ok=True)
    return n


def _write(path: Path, form: str, lines: Iterable[Line]) -> int:
    try:
        if form == "xlsx":
            return write_xlsx(path, lines)
        # Excel takes UTF-8 CSV for the local code page unless it begins with a byte-order mark.
        with path.open("w", encoding="utf-8-sig" if form == "csv" else "utf-8", newline="") as out:
            return write_csv(out, lines) if form == "csv" else write_jsonl(out, lines)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e


def _cell(value: object) -> object:
    if isinstance(value, list):
        return safe("–".join(str(v) for v in value))
    return safe(value) if isinstance(value, str) else value
