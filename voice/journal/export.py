"""Export of the journal as JSON lines, CSV or a workbook; nothing is omitted.

Tables begin with human-readable columns: local time, unit name, event and meaning in the reader's language. JSON lines
contain exactly the journal's data.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TextIO

from voice.errors import HuyingError
from voice.journal.lines import FIELDS, Line
from voice.journal.reasons import why
from voice.journal.wording import KIND_NAMES, MEANING_NAMES, detail_in, name_of
from voice.net.cells import safe
from voice.time import parse_wall

FORMATS = ("jsonl", "csv", "xlsx")


def write_jsonl(out: TextIO, lines: Iterable[Line]) -> int:
    """One JSON object per event; returns the count."""
    n = 0
    for n, line in enumerate(lines, 1):  # noqa: B007
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return n


@dataclass(frozen=True, slots=True)
class Reader:
    """Reader of a table: language, unit names and time zone."""

    name: Callable[[str | None], str]
    """Unit id → name."""
    zone: tzinfo | None = None
    """Time zone for display; None: this machine's."""
    english: bool = False

    @property
    def titles(self) -> tuple[str, ...]:
        """Titles of the human-readable columns."""
        if self.english:
            return "time", "name", "event", "means", "note", "why review"
        return "时间", "单位", "事件", "意义", "说明", "复核原因"

    def cells(self, line: Line) -> tuple[str, ...]:
        """Their values; a recording of unknown date has no time."""
        wall = line["wall"] or ""
        known = bool(wall) and not wall.startswith("1970")
        local = parse_wall(wall).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S") if known else ""
        meanings = [name_of(MEANING_NAMES, m, self.english) for m in (line["meaning"] or "").split("+")]
        event = name_of(KIND_NAMES, line["type"], self.english)
        return (
            local,
            self.name(line["unit"]),
            event,
            "、".join(filter(None, meanings)),
            detail_in(line["detail"], self.name, self.english),
            why(line["reasons"] or (), line["confidence"], self.name, self.english),
        )


PLAIN = Reader(lambda unit: unit or "")


def _table(lines: Iterable[Line], reader: Reader) -> Iterable[list[object]]:
    """Header and rows."""
    first, *rest = FIELDS
    yield [first, *reader.titles, *rest]
    for line in lines:
        yield [_cell(line[first]), *map(_cell, reader.cells(line)), *(_cell(line[f]) for f in rest)]


def write_csv(out: TextIO, lines: Iterable[Line], reader: Reader = PLAIN) -> int:
    """A header and one row per event; returns the count."""
    writer = csv.writer(out)
    n = -1
    for n, row in enumerate(_table(lines, reader)):  # noqa: B007
        writer.writerow(row)
    return n


def write_events_xlsx(path: Path, lines: Iterable[Line], reader: Reader = PLAIN) -> int:
    """One sheet, one row per event; returns the count."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet("journal")
    page.freeze_panes = "A2"
    n = -1
    for n, row in enumerate(_table(lines, reader)):  # noqa: B007
        page.append(row)
    book.save(path)
    return n


def export(path: Path, form: str, lines: Iterable[Line], reader: Reader = PLAIN) -> int:
    """Write ``lines`` in ``form`` (one of FORMATS) atomically; an existing file is replaced only at the end. Raises
    HuyingError if it cannot be written."""
    if path.exists() and not path.is_file():  # a pipe, /dev/stdout
        return _write(path, form, lines, reader)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        n = _write(part, form, lines, reader)
        part.replace(path)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e
    finally:
        part.unlink(missing_ok=True)
    return n


def _write(path: Path, form: str, lines: Iterable[Line], reader: Reader) -> int:
    try:
        if form == "xlsx":
            return write_events_xlsx(path, lines, reader)
        # Excel takes UTF-8 CSV for the local code page unless it begins with a byte-order mark.
        with path.open("w", encoding="utf-8-sig" if form == "csv" else "utf-8", newline="") as out:
            return write_csv(out, lines, reader) if form == "csv" else write_jsonl(out, lines)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e


def _cell(value: object) -> object:
    if isinstance(value, list):
        return safe(("; " if isinstance(value[0], str) else "–").join(map(str, value)))
    return safe(value) if isinstance(value, str) else value
