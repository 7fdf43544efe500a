"""A worksheet's XML with byte positions, so that an edit leaves everything else unchanged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from voice.net.grid import MOST_ROWS, NoTable, too_many_rows

SAVE_AS = "save it as .xlsx (Excel workbook) or as CSV"

_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


@dataclass(slots=True)
class RawCell:
    """A ``<c>`` element."""

    column: int
    """From 0."""
    start: int
    end: int = 0
    """Byte offsets in the sheet's XML."""
    type: str = "n"
    style: int = 0
    value: str = ""
    inline: str = ""
    formula: bool = False
    shared: bool = False
    """The formula is shared with other cells."""
    general: bool = True
    """Its number is displayed as stored."""


@dataclass(slots=True)
class RawRow:
    """A ``<row>`` element."""

    line: int
    start: int
    inner: int = 0
    """Offset just after its opening tag."""
    end: int = 0
    hidden: bool = False
    cells: list[RawCell] = field(default_factory=list)


@dataclass(slots=True)
class RawSheet:
    """Positions in a sheet's XML."""

    xml: bytes
    prefix: str = ""
    """Namespace prefix of element names, with its colon."""
    rows: list[RawRow] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(first line, first column, last line, last column)."""
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    data_end: int = 0
    """Offset of ``</sheetData>``, or of the end of ``<sheetData/>``."""
    data_start: int = 0
    """Offset just after ``<sheetData>``."""


def raw_sheet(xml: bytes) -> RawSheet:
    """Positions in a sheet. Raises NoTable."""
    return _SheetReader(xml).read()


class _SheetReader:
    """Collects a worksheet's elements as they are parsed."""

    def __init__(self, xml: bytes) -> None:
        self._xml, self._sheet, self._parser = xml, RawSheet(xml), new_parser()
        self._path: list[str] = []
        self._row: RawRow | None = None
        self._cell: RawCell | None = None
        self._text: list[str] | None = None
        """Of the value or inline text that is being read."""

    def read(self) -> RawSheet:
        """Raises NoTable."""
        parser = self._parser
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parse(parser, self._xml)
        return self._sheet

    def _start(self, name: str, given: dict[str, str]) -> None:
        tag, at = local(name), self._parser.CurrentByteIndex
        self._path.append(tag)
        match tag:
            case "sheetData":
                self._sheet.prefix = name[: -len(tag)]
                self._sheet.data_start = _tag_end(self._xml, at)
                self._sheet.data_end = _closed(self._xml, self._sheet.data_start)
            case "row":
                self._begin_row(given, at)
            case "mergeCell":
                corners = [_corner(c) for c in given.get("ref", "").split(":")]
                if len(corners) == 2 and corners[0] and corners[1]:
                    self._sheet.merged.append((*corners[0], *corners[1]))
            case "col" if given.get("hidden") in ("1", "true"):
                self._sheet.hidden_columns.append((whole(given.get("min"), 1) - 1, whole(given.get("max"), 1) - 1))
            case "c" if self._row is not None:
                self._begin_cell(self._row, given, at)
            case "f" if self._cell is not None:
                self._cell.formula = True
                self._cell.shared = "ref" in given
            case "v" | "t" if self._cell is not None and (tag == "v" or "rPh" not in self._path):
                self._text = []

    def _begin_row(self, given: dict[str, str], at: int) -> None:
        rows = self._sheet.rows
        line = whole(given.get("r"), (rows[-1].line if rows else 0) + 1)
        flat = given.get("hidden") in ("1", "true") or given.get("ht") == "0"
        inner = _tag_end(self._xml, at)
        self._row = RawRow(line, at, inner, _closed(self._xml, inner), hidden=flat)
        rows.append(self._row)
        if len(rows) > MOST_ROWS:
            raise too_many_rows()

    def _begin_cell(self, row: RawRow, given: dict[str, str], at: int) -> None:
        column = _column(given.get("r", ""), row.cells[-1].column + 1 if row.cells else 0)
        closed = _closed(self._xml, _tag_end(self._xml, at))
        self._cell = RawCell(column, at, closed, given.get("t", "n"), whole(given.get("s"), 0))
        row.cells.append(self._cell)

    def _end(self, name: str) -> None:
        tag, at = local(name), self._parser.CurrentByteIndex
        self._path.pop()
        if tag == "sheetData":
            self._sheet.data_end = self._sheet.data_end or at
        elif tag == "row" and self._row is not None:
            self._row.end = self._row.end or _tag_end(self._xml, at)
            self._row = None
        elif tag == "c" and self._cell is not None:
            self._cell.end = self._cell.end or _tag_end(self._xml, at)
            self._cell = None
        elif self._text is not None and self._cell is not None and tag in ("v", "t"):
            self._take_text(self._cell, tag, "".join(self._text))
            self._text = None

    def _take_text(self, cell: RawCell, tag: str, text: str) -> None:
        if tag == "v":
            cell.value = text
        else:
            cell.inline += text

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def elements(xml: bytes) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = new_parser()
    parser.StartElementHandler = lambda name, given: found.append((local(name), given))
    parse(parser, xml)
    return found


def new_parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise NoTable(f"it declares a document type, which no workbook has; {SAVE_AS}")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def parse(parser: expat.XMLParserType, xml: bytes) -> None:
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as e:
        raise NoTable(f"it is damaged ({e}); {SAVE_AS} again") from e


def local(name: str) -> str:
    return name.rpartition(":")[2]


def _tag_end(xml: bytes, at: int) -> int:
    """Offset after the tag that starts at ``at``."""
    tag = _TAG.match(xml, at)
    return tag.end() if tag else at


def _closed(xml: bytes, behind: int) -> int:
    """``behind`` if the tag ending there is an empty element; otherwise 0."""
    return behind if xml[behind - 2 : behind] == b"/>" else 0


def whole(text: str | None, otherwise: int) -> int:
    try:
        return int(text) if text is not None else otherwise
    except ValueError:
        return otherwise


def _corner(reference: str) -> tuple[int, int] | None:
    """(line, column from 0) of ``B7``."""
    m = _REFERENCE.fullmatch(reference.upper())
    return (int(m[2]), _letters(m[1])) if m else None


def _column(reference: str, otherwise: int) -> int:
    corner = _corner(reference)
    return corner[1] if corner else otherwise


def _letters(letters: str) -> int:
    number = 0
    for c in letters:
        number = number * 26 + ord(c) - 64
    return number - 1


def column_name(column: int) -> str:
    """0 → A, 27 → AB."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
