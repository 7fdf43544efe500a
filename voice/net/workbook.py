"""Workbooks (ISO/IEC 29500-1, SpreadsheetML) as written by Excel, WPS, Numbers and exporters.

Read from the XML itself: actual rows count, not the declared size, and only sheets, texts and number formats need to be
well-formed. Changes go into the text of the one sheet; everything else in the file is preserved byte for byte.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from voice.net.grid import EMPTY, MOST_COLUMNS, Cell, NoTable, Row, Sheet, too_many_columns
from voice.net.number_format import BUILT_IN, shown
from voice.net.sheet_xml import SAVE_AS, RawCell, RawSheet, elements, local, new_parser, parse, raw_sheet, whole

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

LARGEST = 30_000_000
"""Unpacked size limit in bytes: a few kilobytes may expand to gigabytes."""

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class CellStyle:
    """Number format and appearance of a cell."""

    form: str = ""
    struck: bool = False


@dataclass(slots=True)
class Workbook:
    """An opened workbook."""

    data: bytes
    parts: dict[str, str]
    """Part name, lower case and with / → name in the archive."""
    sheets: list[tuple[str, str, bool]] = field(default_factory=list)
    """(name, part, hidden) in tab order."""
    texts: list[str] = field(default_factory=list)
    styles: list[CellStyle] = field(default_factory=list)
    since_1904: bool = False

    def part(self, name: str) -> bytes:
        """Raises NoTable if missing or damaged."""
        stored = self.parts.get(name.lower())
        if stored is None:
            raise NoTable(f"it is damaged: {name} is missing; {SAVE_AS} again")
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
                return archive.read(stored)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as e:
            raise NoTable(f"it is damaged: {name} cannot be unpacked ({e}); {SAVE_AS} again") from e
        except Exception as e:  # zlib.error and errors of other compressors
            raise NoTable(f"it is damaged: {name} cannot be unpacked ({e}); {SAVE_AS} again") from e


def open_workbook(data: bytes) -> Workbook:
    """Sheet names, texts and formats. Raises NoTable."""
    if data.startswith(OLE):
        raise NoTable(f"it is an old workbook (.xls, .et) or one with a password; {SAVE_AS}, without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(i.file_size for i in archive.infolist())
            parts = {i.filename.replace("\\", "/").lstrip("/").lower(): i.filename for i in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as e:
        raise NoTable(f"it is no workbook, or a damaged one ({e}); {SAVE_AS}") from e
    if size > LARGEST:
        raise NoTable(f"it unpacks to {size / 1e6:.0f} MB; {SAVE_AS} with the roster alone")
    if "content.xml" in parts:
        raise NoTable(f"it is an OpenDocument sheet (.ods); {SAVE_AS}")
    if "index/document.iwa" in parts:
        raise NoTable(f"it is a document of Numbers; {SAVE_AS}: 文件 > 导出到 > Excel")
    book = Workbook(data, parts)
    main = next((p for p in parts if posixpath.basename(p) == "workbook.xml"), "")
    if not main:
        binary = any(posixpath.basename(p) == "workbook.bin" for p in parts)
        raise NoTable(f"it is {'a binary workbook (.xlsb)' if binary else 'no workbook'}; {SAVE_AS}")
    _read_main(book, main)
    folder = posixpath.dirname(main)
    strings = next((p for p in parts if posixpath.basename(p) == "sharedstrings.xml"), "")
    if strings:
        book.texts = list(_strings(book.part(strings)))
    styles = next((p for p in parts if posixpath.basename(p) == "styles.xml" and p.startswith(folder)), "")
    if styles:
        book.styles = _styles(book.part(styles))
    return book


def read_workbook(data: bytes) -> list[Sheet]:
    """All sheets in tab order. Raises NoTable."""
    book = open_workbook(data)
    return [Sheet(name, tuple(_rows(book, raw_sheet(book.part(part)))), hidden) for name, part, hidden in book.sheets]


def _rows(book: Workbook, raw: RawSheet) -> Iterator[Row]:
    """As displayed: every cell of a merged area holds its text."""
    table: dict[int, dict[int, Cell]] = {}
    marks: dict[int, tuple[str, ...]] = {}
    for row in raw.rows:
        cells = {c.column: _seen(book, c) for c in row.cells}
        table.setdefault(row.line, {}).update({k: c for k, c in cells.items() if c.text or c.doubt})
        if max(table[row.line], default=0) >= MOST_COLUMNS:
            raise too_many_columns(row.line)
        written = [c for c in row.cells if cells[c.column].text]
        struck = bool(written) and all(c.style < len(book.styles) and book.styles[c.style].struck for c in written)
        marks[row.line] = ("hidden",) * row.hidden + ("struck through",) * struck
    widest = max((max(r, default=0) for r in table.values()), default=0)
    for top, left, bottom, right in raw.merged:
        first = table.get(top, {}).get(left)
        if first is None or not first.text:
            continue
        area = range(top, bottom + 1)
        for line in area if len(area) < len(table) else table:
            for column in range(left, min(right, widest) + 1) if line in table and line in area else ():
                if (line, column) != (top, left):
                    table[line][column] = Cell(first.text, first.doubt, first.lost, merged=True)
    for line in sorted(table):
        cells = table[line]
        if any(c.text or c.doubt for c in cells.values()) and not all(c.merged for c in cells.values()):
            yield Row(line, tuple(cells.get(k, EMPTY) for k in range(max(cells) + 1)), marks.get(line, ()))


def _seen(book: Workbook, cell: RawCell) -> Cell:
    match cell.type:
        case "s":
            at = whole(cell.value, -1)
            known = 0 <= at < len(book.texts)
            text = book.texts[at] if known else ""
            gone = bool(cell.value) and not known
            return Cell(_trimmed(text), "refers to a text that is missing" if gone else "", gone)
        case "inlineStr":
            return Cell(_trimmed(_unescaped(cell.inline)))
        case "e":
            return Cell(cell.value.strip(), f"is an error of a formula ({cell.value.strip()})", True)
        case "str" | "d":
            text = _trimmed(_unescaped(cell.value))
        case "b":
            text = "TRUE" if cell.value.strip() == "1" else "FALSE" if cell.value else ""
        case _:
            value = cell.value.strip()
            form = book.styles[cell.style].form if cell.style < len(book.styles) else ""
            if value:
                return Cell(*shown(value, form, book.since_1904))
            text = _trimmed(_unescaped(cell.inline))
    if not text and cell.formula and not cell.value:
        return Cell("", "is a formula without a value", True)
    return Cell(text)


def _read_main(book: Workbook, main: str) -> None:
    """Sheets in order, and their parts."""
    folder = posixpath.dirname(main)
    links: dict[str, str] = {}
    relations = f"{folder}/_rels/{posixpath.basename(main)}.rels".lstrip("/")
    for name, given in elements(book.part(relations)):
        if name == "Relationship":
            target = given.get("Target", "").replace("\\", "/")
            whole = target if target.startswith("/") else f"{folder}/{target}"
            links[given.get("Id", "")] = posixpath.normpath(whole).lstrip("/")
    for name, given in elements(book.part(main)):
        if name == "workbookPr":
            book.since_1904 = given.get("date1904") in ("1", "true")
        elif name == "sheet":
            link = next((v for k, v in given.items() if k.endswith(":id")), "")
            part = links.get(link, "")
            if part.lower() in book.parts and "chartsheet" not in part.lower():
                book.sheets.append((given.get("name", ""), part, given.get("state", "visible") != "visible"))


def _strings(xml: bytes) -> Iterator[str]:
    """``<si>``: its text runs joined, without phonetic ones."""
    found: list[str] = []
    parser = new_parser()
    path: list[str] = []
    text: list[str] = []

    def start(name: str, given: dict[str, str]) -> None:
        path.append(local(name))
        if path[-1] == "si":
            text.clear()

    def end(name: str) -> None:
        if path.pop() == "si":
            found.append(_unescaped("".join(text)))

    def data(chars: str) -> None:
        if path and path[-1] == "t" and "rPh" not in path:
            text.append(chars)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parse(parser, xml)
    yield from found


def _styles(xml: bytes) -> list[CellStyle]:
    forms = dict(BUILT_IN)
    struck: list[bool] = []
    out: list[CellStyle] = []
    place = ""
    for name, given in elements(xml):
        if name in ("fonts", "cellXfs", "cellStyleXfs", "dxfs", "numFmts", "fills", "borders", "cellStyles"):
            place = name
        elif name == "numFmt" and place == "numFmts":
            forms[whole(given.get("numFmtId"), 0)] = given.get("formatCode", "")
        elif name == "font" and place == "fonts":
            struck.append(False)
        elif name == "strike" and place == "fonts" and struck:
            struck[-1] = given.get("val", "1") in ("1", "true")
        elif name == "xf" and place == "cellXfs":
            font = whole(given.get("fontId"), 0)
            out.append(CellStyle(forms.get(whole(given.get("numFmtId"), 0), ""), font < len(struck) and struck[font]))
    return out


def _unescaped(text: str) -> str:
    """``_x000D_`` is a carriage return (ST_Xstring)."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)


def _trimmed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().strip("\u200b\ufeff")
