"""The workbook: attendance, one line per roll-call, answer times, groups and months, all exchanges.

Ready to filter: names, local times, the reader's language, column widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from voice.errors import HuyingError
from voice.journal.rolls import Column, Session, UnitFigures, by_group, by_month, columns, unit_figures
from voice.journal.sheets.heading import COLOURS, Heading, width_of
from voice.journal.wording import GRADE_NAMES, MEANING_NAMES, listed, name_of
from voice.net.cells import safe

MOMENT = "yyyy-mm-dd hh:mm:ss"
WIDEST = 60
"""Column width, characters."""


def write_xlsx(path: Path, sheet: list[Session], heading: Heading) -> None:
    """Five tables. Raises HuyingError if the file cannot be written."""
    from openpyxl import Workbook

    h, every, rows = heading, columns(sheet), unit_figures(sheet)
    book = Workbook()
    del book[book.sheetnames[0]]
    _roll(book, every, rows, h)
    _each(book, every, h)
    _times(book, rows, h)
    keys = ("group", "calls", "answered", "share", "median s", "slow s")
    shares = [
        [safe(s.name or "—"), s.calls, s.answered, round(s.answered / s.calls, 3), s.median_s, s.slow_s]
        for s in (*by_month(sheet, h.zone), *by_group(sheet, h.groups))
    ]
    _table(book, h.t("compare"), ["", *(h.t(k) for k in keys[1:])], shares, h)
    _details(book, every, h)
    try:
        book.save(path)
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror}); is it open in another program?") from e


def _table(book: Any, title: str, head: Sequence[str], rows: Sequence[Sequence[object]], h: Heading) -> Any:
    """A sheet with a frozen bold header, filters, column widths, and a landscape page fitted to the paper width."""
    from openpyxl.styles import Font

    page = book.create_sheet(title)
    page.append(list(head))
    for row in rows:
        page.append(list(row))
    for cell in page[1]:
        cell.font = Font(bold=True)
    page.freeze_panes = "A2"
    page.auto_filter.ref = page.dimensions
    for cells in page.columns:
        widest = max(_width(c.value) for c in cells)
        page.column_dimensions[cells[0].column_letter].width = min(WIDEST, widest + 3)
        for c in cells[1:]:
            if isinstance(c.value, datetime):
                c.number_format = MOMENT
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    page.oddFooter.center.text = "&P / &N"
    page.oddFooter.right.text, page.oddFooter.right.size = h.head, 6
    return page


def _width(value: object) -> int:
    """In Latin letters."""
    if isinstance(value, datetime):
        return len(MOMENT)
    return width_of(str(value)) if value is not None else 0


def _moment(of: Column, wall: str, h: Heading) -> datetime | str:
    """Local time as a filterable date; words if unknown."""
    return h.local(wall).replace(tzinfo=None, microsecond=0) if of.clock == "known" else h.t("unknown date")


def _roll(book: Any, every: list[Column], rows: list[UnitFigures], h: Heading) -> None:
    """Units × roll-calls, colour-coded."""
    from openpyxl.styles import Alignment, Font, PatternFill

    standings = [c.attendance.standings for c in every]
    sums = ("called", "answered", "late", "silent", "unclear", "relayed", "median s", "slow s")
    head = [h.t("id"), h.t("unit"), *(f"{h.when(c)} {safe(h.title(c))}" for c in every), *(h.t(k) for k in sums)]
    body = []
    for r in rows:
        cells = [s.get(r.unit, "not_called") for s in standings]
        said = ["" if c == "not_called" else h.standing(c) for c in cells]
        counts = [r.calls, r.answered, r.late, r.silent, r.unclear, r.relayed, r.median_s, r.slow_s]
        body.append([safe(r.unit), safe(h.name(r.unit)), *said, *counts])
    page = _table(book, h.t("roll"), head, body, h)
    fills = {h.standing(k): PatternFill("solid", fgColor=v[1:]) for k, v in COLOURS.items()}
    for line in page.iter_rows(min_row=2, min_col=3, max_col=2 + len(every)):
        for cell in line:
            if str(cell.value) in fills:
                cell.fill, cell.font = fills[str(cell.value)], Font(color="FFFFFF")
                cell.alignment = Alignment(horizontal="center")
    page.freeze_panes = "C2"
    for cell in page[1]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for k in range(3, 3 + len(every)):
        page.column_dimensions[page.cell(1, k).column_letter].width = 13


def _each(book: Any, every: list[Column], h: Heading) -> None:
    """One line per roll-call: counts, and names of missing units."""
    counts = ("units", "called", "answered", "late", "relayed", "unclear", "silent", "undetermined", "not_called")
    words = ("expected", "called", "answered", "late", "relayed", "unclear", "silent", "undetermined", "not called")
    head = [h.t("time"), h.t("kind"), *(h.t(w) for w in words), *(f"{h.t(w)}: {h.t('unit')}" for w in
            ("silent", "unclear", "relayed"))]  # fmt: skip
    body = []
    for c in every:
        a, n = c.attendance, c.attendance.counts()
        names = [safe(listed(map(h.name, units), h.english)) for units in (a.silent, a.unclear, a.relayed)]
        body.append([_moment(c, c.began, h), safe(h.title(c)), *(n[k] for k in counts), *names])
    _table(book, h.t("overview"), head, body, h)


def _times(book: Any, rows: list[UnitFigures], h: Heading) -> None:
    """Median answer times with a chart."""
    from openpyxl.chart import BarChart, Reference

    timed = [r for r in rows if r.median_s is not None]
    body = [[safe(h.name(r.unit)), r.median_s, r.slow_s] for r in timed]
    page = _table(book, h.t("answer times"), [h.t("unit"), h.t("median seconds"), h.t("slow s")], body, h)
    if timed:
        chart = BarChart()
        chart.type, chart.title, chart.legend = "bar", f"{h.t('answer times')} {h.t('median seconds')}", None
        chart.add_data(Reference(page, min_col=2, min_row=2, max_row=len(timed) + 1))
        chart.set_categories(Reference(page, min_col=1, min_row=2, max_row=len(timed) + 1))
        chart.height, chart.width = max(7.0, 0.6 * len(timed)), 18
        page.add_chart(chart, "E2")


def _details(book: Any, every: list[Column], h: Heading) -> None:
    """All exchanges."""
    keys = ("time", "kind", "id", "unit", "attempts", "result", "meaning", "text", "took", "grade", "review",
            "why", "relayed", "clip")  # fmt: skip
    body = [
        [
            _moment(column, c.wall, h), safe(h.title(column)), safe(c.unit), safe(h.name(c.unit)), c.attempts,
            h.standing(c.result), name_of(MEANING_NAMES, c.meaning, h.english), safe(c.text), c.latency_s,
            name_of(GRADE_NAMES, c.grade, h.english), h.t("yes") if c.review else "",
            safe(h.why(c)),
            safe(h.name(c.proxy)) if c.proxy else "", c.clip,
        ]
        for column in every for c in column.calls
    ]  # fmt: skip
    page = _table(book, h.t("details"), [h.t(k) for k in keys], body, h)
    page.column_dimensions["N"].width = 12
