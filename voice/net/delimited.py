"""Delimited text tables as saved by spreadsheets, office software and databases: any separator, any code page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from voice.net.grid import (
    MOST_COLUMNS,
    MOST_ROWS,
    Cell,
    Changes,
    NoTable,
    Row,
    Sheet,
    too_many_columns,
    too_many_rows,
)
from voice.text import NotText, encoding_of

SEPARATORS = (",", "\t", ";", "，", "|", "；")
"""Tried in this order: the first that yields a header wins."""

_LINE_OF_EXCEL = re.compile(r'"?sep=(.)"?[ \t]*(\r\n|\r|\n|$)', re.IGNORECASE)
"""``sep=;`` in the first line declares the separator to Excel."""

_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(rf"[0-9]{{1,2}}月[0-9]{{1,2}}日|[0-9]{{1,2}}-(?:{_MONTH})|(?:{_MONTH})-[0-9]{{1,2}}", re.IGNORECASE)
_ROUNDED = re.compile(r"[0-9]\.?[0-9]*E\+[0-9]+", re.IGNORECASE)
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
_AS_TEXT = re.compile(r'="([^"]*)"')
"""``="0901"``: how programs stop Excel from converting a code to a number."""

csv.field_size_limit(1_000_000)


@dataclass(frozen=True, slots=True)
class Delimited:
    """A text file holding a table, and how it was encoded."""

    sheet: Sheet
    records: tuple[tuple[int, tuple[str, ...]], ...]
    """(line of the file, fields) of every record, including empty ones."""
    encoding: str
    separator: str
    ending: str
    preamble: str
    """``sep=…`` with its line ending, or empty."""


def read_delimited(data: bytes, is_table: Callable[[Sheet], bool]) -> Delimited:
    """The table, read with the first separator and encoding for which ``is_table`` recognises the header. Raises
    NoTable."""
    try:
        encodings = [encoding_of(data)]
    except NotText as e:
        raise NoTable(f"{e}; save it as CSV (UTF-8) or as .xlsx") from e
    if encodings == ["gb18030"]:
        encodings.append("big5")
    tried: list[Delimited] = []
    for encoding in encodings:
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise NoTable("it contains NUL bytes: it is no table; save it as CSV (UTF-8) or as .xlsx")
        told = _LINE_OF_EXCEL.match(text)
        for separator in (told[1],) if told else SEPARATORS:
            read = _read(text[told.end() :] if told else text, encoding, separator, told[0] if told else "")
            if is_table(read.sheet):
                return read
            tried.append(read)
    if not tried:
        raise NoTable("it is no text in any encoding of tables; save it as CSV (UTF-8) or as .xlsx")
    return max(tried, key=lambda t: max((len(fields) for _, fields in t.records), default=0))


def _read(text: str, encoding: str, separator: str, preamble: str) -> Delimited:
    ending = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    if ending == "\r":
        text = text.replace("\r", "\n")
    first = 2 if preamble else 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    records: list[tuple[int, tuple[str, ...]]] = []
    line = first
    try:
        for fields in reader:
            records.append((line, tuple(fields)))
            if len(records) > MOST_ROWS:
                raise too_many_rows()
            if len(fields) > MOST_COLUMNS and any(fields[MOST_COLUMNS:]):
                raise too_many_columns(line)
            line = first + reader.line_num
    except csv.Error as e:
        raise NoTable(f"line {line} cannot be read ({e}); save it as CSV (UTF-8) or as .xlsx") from e
    rows = [Row(n, tuple(_seen(f) for f in fields)) for n, fields in records]
    kept = tuple(r for r in rows if any(r.texts))
    return Delimited(Sheet("", kept), tuple(records), encoding, separator, ending, preamble)


def _seen(field: str) -> Cell:
    text = field.replace("\r\n", "\n").replace("\r", "\n").strip().strip("\u200b\ufeff").strip()
    written = _AS_TEXT.fullmatch(text)
    if written:
        return Cell(written[1].strip())
    if re.fullmatch("'[0-9=+@-].*", text):
        text = text[1:]
    if _ERROR.fullmatch(text):
        return Cell(text, f"is an error of a formula ({text})", True)
    if _ROUNDED.fullmatch(text):
        return Cell(text, "is a number whose last digits were rounded away when the file was saved", True)
    if _DATE.fullmatch(text):
        return Cell(text, "looks like a date that a spreadsheet made of something like 3-2")
    return Cell(text)


def changed_delimited(read: Delimited, changes: Changes) -> bytes:
    """The file with changes applied; encoding, separator and unchanged records are preserved."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=read.separator, lineterminator=read.ending)
    added = [_fields(row) for row in changes.added]
    done = not added
    for line, fields in read.records:
        if line > changes.below and not done:
            writer.writerows(added)
            done = True
        if line in changes.emptied:
            continue
        new = {x: t for (y, x), t in changes.cells.items() if y == line}
        width = max(len(fields), max(new, default=-1) + 1)
        writer.writerow([new.get(k, fields[k] if k < len(fields) else "") for k in range(width)])
    if not done:
        writer.writerows(added)
    try:
        return (read.preamble + out.getvalue()).encode(read.encoding)
    except UnicodeEncodeError as e:
        told = f"“{e.object[e.start : e.end]}” has no place in {read.encoding}"
        raise NoTable(f"{told}; save the file as CSV (UTF-8) or as .xlsx first") from e


def _fields(row: object) -> list[str]:
    assert isinstance(row, dict)
    return [str(row.get(k, "")) for k in range(max(row, default=-1) + 1)]
