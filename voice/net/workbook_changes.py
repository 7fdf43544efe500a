"""Edits to a workbook's sheet, made in its XML: formats, other sheets and everything not parsed are preserved."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from voice.net.grid import Changes, NoTable, Sheet
from voice.net.sheet_xml import RawCell, RawRow, RawSheet, column_name, raw_sheet
from voice.net.workbook import Workbook, open_workbook

_NUMBER = re.compile("0|[1-9][0-9]{0,14}")


def changed_workbook(data: bytes, sheet: Sheet, changes: Changes) -> bytes:
    """The workbook with one sheet edited. Raises NoTable if that cannot be done safely."""
    book = open_workbook(data)
    part = next((p for name, p, _ in book.sheets if name == sheet.name), None)
    if part is None:
        raise NoTable(f"the sheet “{sheet.name}” is gone")
    raw = raw_sheet(book.part(part))
    if b"\0" in raw.xml[:200]:
        raise NoTable("its sheet is written in UTF-16; save it once with Excel or WPS")
    for cell in (c for r in raw.rows for c in r.cells):
        form = book.styles[cell.style].form if cell.style < len(book.styles) else ""
        cell.general = form.lower() in ("", "general", "0", "@")
    changes = _parted(raw, sheet, changes)
    new: dict[str, bytes | None] = {book.parts[part.lower()]: _changed(raw, changes)}
    for table in _tables(book, part):
        new[book.parts[table.lower()]] = _stretched(book.part(table), changes)
    chain = next((n for p, n in book.parts.items() if p.endswith("/calcchain.xml")), None)
    if chain is not None:  # the calculation chain may list cells that are no longer formulas; Excel rebuilds it
        new[chain] = None
        for key, name in book.parts.items():
            if key.endswith(("workbook.xml.rels", "[content_types].xml")):
                new[name] = re.sub(rb"<(?:\w+:)?(?:Relationship|Override)\b[^>]*calcChain[^>]*/>", b"", book.part(key))
    return _packed(data, new)


def _parted(raw: RawSheet, sheet: Sheet, changes: Changes) -> Changes:
    """Merged areas touched by an edit are unmerged: each of their cells gets the text."""
    cells = dict(changes.cells)
    for area in list(raw.merged):
        top, left, bottom, right = area
        inside = any(top <= y <= bottom and left <= x <= right for y, x in changes.cells)
        if not inside and not any(top <= y <= bottom for y in changes.emptied):
            continue
        raw.merged.remove(area)
        for row in sheet.rows:
            if top <= row.line <= bottom and row.line not in changes.emptied:
                for column in range(left, min(right, len(row.cells) - 1) + 1):
                    if row[column].merged:
                        cells.setdefault((row.line, column), row[column].text)
    return Changes(cells, changes.emptied, changes.added, changes.below)


def _tables(book: Workbook, part: str) -> list[str]:
    """Parts holding the sheet's tables (ListObjects)."""
    folder, _, name = part.rpartition("/")
    links = f"{folder}/_rels/{name}.rels"
    if links.lower() not in book.parts:
        return []
    found = re.findall(rb'Target="([^"]*tables?/[^"]*|[^"]*table[0-9]*\.xml)"', book.part(links))
    paths = [t.decode() for t in found]
    whole = [posixpath.normpath(t if t.startswith("/") else f"{folder}/{t}").lstrip("/") for t in paths]
    return [w for w in whole if w.lower() in book.parts]


def _stretched(table: bytes, changes: Changes) -> bytes:
    """A table ending where rows are inserted is extended over them."""
    if not changes.added:
        return table

    def one(m: re.Match[bytes]) -> bytes:
        last = int(m[2])
        return m[1] + str(last + len(changes.added) if last == changes.below else last).encode() + m[3]

    return re.sub(rb'(\sref="\$?[A-Z]+\$?[0-9]+:\$?[A-Z]+\$?)([0-9]+)(")', one, table)


def _changed(raw: RawSheet, changes: Changes) -> bytes:
    """New XML of the sheet."""
    shift, edge, added = _places(raw, changes)
    per_row: dict[int, dict[int, str]] = {}
    for (line, column), text in changes.cells.items():
        per_row.setdefault(line, {})[column] = text
    rows = {r.line: r for r in raw.rows}
    written: list[tuple[int, bytes]] = []
    for row in raw.rows:
        if row.line in added and row.line <= edge:
            continue
        line = row.line + (shift if row.line > edge else 0)
        texts = per_row.pop(row.line, {})
        if row.line in changes.emptied:
            texts = {c.column: "" for c in row.cells}
        xml = _row(raw, row, texts) if texts else raw.xml[row.start : row.end]
        written.append((line, _moved(xml, row.line, line)))
    for line, texts in per_row.items():
        written.append((line, _row(raw, RawRow(line, 0), texts)))
    pattern = rows.get(changes.below)
    for line, new in added.items():
        written.append((line, _new_row(raw, rows.get(line), pattern, line, new)))
    body = b"".join(xml for _, xml in sorted(written, key=lambda w: w[0]))
    opening = raw.xml[: raw.data_start]
    closing = raw.xml[raw.data_end :]
    if opening.endswith(b"/>"):  # <sheetData/>
        opening = opening[:-2].rstrip() + b">"
        closing = f"</{raw.prefix}sheetData>".encode() + closing
    return _sized(opening) + body + _areas(raw, closing, shift, edge)


def _places(raw: RawSheet, changes: Changes) -> tuple[int, int, dict[int, Mapping[int, str]]]:
    """(lines by which rows move down, last row that does not move, line → new row). Empty rows directly below are
    used first."""
    full = {r.line for r in raw.rows if any(c.value or c.inline or c.formula for c in r.cells)} - changes.emptied
    full |= {y for top, left, bottom, _ in raw.merged for y in range(top, min(bottom, top + 1000) + 1)}
    below = sorted(line for line in full if line > changes.below)
    room = below[0] - changes.below - 1 if below else len(changes.added)
    shift = max(0, len(changes.added) - room)
    free = range(changes.below + 1, changes.below + 1 + len(changes.added))
    return shift, changes.below + room, dict(zip(free, changes.added, strict=True))


def _row(raw: RawSheet, row: RawRow, texts: Mapping[int, str]) -> bytes:
    """A row with some cells rewritten, the others unchanged."""
    p = raw.prefix
    cells: dict[int, bytes] = {c.column: raw.xml[c.start : c.end] for c in row.cells}
    old = {c.column: c for c in row.cells}
    for column, text in texts.items():
        before = old.get(column)
        if before is not None and before.shared:
            raise NoTable(
                f"{column_name(column)}{row.line} is a formula that other cells share; change it in Excel or WPS"
            )
        cells[column] = _cell(p, row.line, column, text, before, raw.xml)
    body = b"".join(cells[k] for k in sorted(cells))
    opening = raw.xml[row.start : row.inner] or f'<{p}row r="{row.line}">'.encode()
    if opening.endswith(b"/>"):
        opening = opening[:-2].rstrip() + b">"
    opening = re.sub(rb'\sspans="[^"]*"', b"", opening)
    return opening + body + f"</{p}row>".encode()


def _new_row(raw: RawSheet, there: RawRow | None, pattern: RawRow | None, line: int, texts: Mapping[int, str]) -> bytes:
    """A new row formatted like the one above it."""
    p = raw.prefix
    look = there if there is not None and there.cells else pattern
    styles = {c.column: c.style for c in look.cells} if look else {}
    body = b"".join(
        _cell(p, line, k, texts.get(k, ""), RawCell(k, 0, style=styles.get(k, 0)), b"")
        for k in sorted({*styles, *texts})
        if texts.get(k) or styles.get(k)
    )
    return f'<{p}row r="{line}">'.encode() + body + f"</{p}row>".encode()


def _cell(prefix: str, line: int, column: int, text: str, before: RawCell | None, xml: bytes) -> bytes:
    """A cell in its existing format. A number stays a number if possible; anything else becomes text, never a
    formula."""
    at = f'{prefix}c r="{column_name(column)}{line}"'
    if before is not None and before.style:
        at += f' s="{before.style}"'
    if not text:
        return f"<{at}/>".encode()
    numeric = before is not None and before.type == "n" and before.value and before.general and not before.formula
    if numeric and _NUMBER.fullmatch(text):
        return f"<{at}><{prefix}v>{text}</{prefix}v></{prefix}c>".encode()
    told = escape("".join(c if c >= " " or c in "\n\t" else " " for c in text))
    kept = f'<{prefix}is><{prefix}t xml:space="preserve">{told}</{prefix}t></{prefix}is>'
    return f'<{at} t="inlineStr">{kept}</{prefix}c>'.encode()


def _moved(xml: bytes, old: int, new: int) -> bytes:
    """A row moved to another line."""
    if old == new:
        return xml
    xml = re.sub(rb'(<(?:\w+:)?row\b[^>]*?\sr=")%d(")' % old, rb"\g<1>%d\2" % new, xml, count=1)
    return re.sub(rb'(<(?:\w+:)?c\b[^>]*?\sr="[A-Z]+)%d(")' % old, rb"\g<1>%d\2" % new, xml)


def _sized(opening: bytes) -> bytes:
    """The declared sheet size is dropped: it may be wrong now, and nothing needs it."""
    return re.sub(rb"<(?:\w+:)?dimension\b[^>]*/>", b"", opening)


def _areas(raw: RawSheet, closing: bytes, shift: int, edge: int) -> bytes:
    """The XML after the rows: merged areas as they are now, other areas shifted with their rows."""
    p = raw.prefix

    def moved(m: re.Match[bytes]) -> bytes:
        return m[1] + re.sub(rb"(\$?[A-Z]+\$?)([0-9]+)", one, m[2]) + m[3]

    def one(m: re.Match[bytes]) -> bytes:
        line = int(m[2])
        return m[1] + str(line + shift if line > edge else line).encode()

    areas = [(t + shift * (t > edge), x1, b + shift * (b > edge), x2) for t, x1, b, x2 in raw.merged]
    merged = _merge_cells(p, areas)
    closing = re.sub(rb"<(?:\w+:)?mergeCells\b.*?</(?:\w+:)?mergeCells>", lambda _: merged, closing, flags=re.DOTALL)
    if shift:
        closing = re.sub(
            rb'(<(?:\w+:)?(?:hyperlink|dataValidation|conditionalFormatting)\b[^>]*?\s(?:sq)?ref=")([^"]*)(")',
            moved, closing,
        )  # fmt: skip
    return closing


def _merge_cells(prefix: str, areas: Iterable[tuple[int, int, int, int]]) -> bytes:
    refs = [f"{column_name(x1)}{y1}:{column_name(x2)}{y2}" for y1, x1, y2, x2 in areas]
    inner = "".join(f'<{prefix}mergeCell ref="{r}"/>' for r in refs)
    return f'<{prefix}mergeCells count="{len(refs)}">{inner}</{prefix}mergeCells>'.encode() if refs else b""


def _packed(data: bytes, new: Mapping[str, bytes | None]) -> bytes:
    """The archive with some members replaced, or removed where the new one is None."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for info in old.infolist():
            content = new.get(info.filename, b"") if info.filename in new else old.read(info)
            if content is not None:
                made.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
