"""Roll sheets: a portrait page for one roll-call, a landscape page for a week or month, a workbook.

The roll-call page is in ``page``, the overview in ``overview``, the workbook in ``workbook``, common metadata in
``heading``, all texts in ``words``.
"""

from __future__ import annotations

from pathlib import Path

from voice.errors import HuyingError
from voice.journal.rolls import Column, Session, columns
from voice.journal.sheets.heading import Heading
from voice.journal.sheets.overview import overview_html
from voice.journal.sheets.page import page_html
from voice.journal.sheets.workbook import write_xlsx

__all__ = ["Heading", "html_sheet", "page_of", "write_html", "write_xlsx"]


def page_of(sheet: list[Session]) -> Column | None:
    """The single roll-call of these sessions, or their only occasion; None if there are several, which make an
    overview."""
    every = columns(sheet)
    rolls = [c for c in every if c.occasion.kind == "roll"]
    found = rolls or every
    return found[0] if len(found) == 1 else None


def html_sheet(sheet: list[Session], heading: Heading) -> str:
    """A self-contained page: one portrait A4 page for one roll-call, a landscape page for several."""
    one = page_of(sheet)
    return page_html(one, sheet, heading) if one else overview_html(sheet, heading)


def write_html(path: Path, sheet: list[Session], heading: Heading) -> None:
    """Write the page. Raises HuyingError if it cannot be written."""
    try:
        path.write_text(html_sheet(sheet, heading), "utf-8")
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror})") from e
