"""A table as people keep it: sheets, rows, cells, and doubts about a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_ROWS, MOST_COLUMNS = 50_000, 100
"""Most rows of a table, including empty ones: a workbook of a few kilobytes may declare a million."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as displayed."""

    text: str = ""
    """Stripped of white space."""

    doubt: str = ""
    """Why the text may differ from what was entered: a formula without a value, a number turned into a date, …"""

    lost: bool = False
    """The text is definitely missing or wrong, not just doubtful."""

    merged: bool = False
    """Part of a merged area whose first cell holds the text."""


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet."""

    line: int
    """Row number as shown by the spreadsheet, from 1."""

    cells: tuple[Cell, ...]

    marks: tuple[str, ...] = ()
    """Visible properties of the whole row: ``hidden``, ``struck through``."""

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(c.text for c in self.cells)

    def __getitem__(self, column: int) -> Cell:
        """Cell of a column, from 0; empty beyond the last."""
        return self.cells[column] if column < len(self.cells) else EMPTY


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a file."""

    name: str
    """Tab name; empty for a text file."""

    rows: tuple[Row, ...]
    """All non-empty rows."""

    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """Edits to a sheet; everything else is preserved, byte for byte where possible."""

    cells: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """(line, column from 0) → new text."""

    emptied: frozenset[int] = frozenset()
    """Lines to clear."""

    added: tuple[Mapping[int, str], ...] = ()
    """New rows, column → text."""

    below: int = 1
    """Line after which the new rows are inserted."""


class NoTable(ValueError):
    """The file holds no readable table. The message states why and, after a semicolon, what to do."""


def too_many_rows() -> NoTable:
    """More than MOST_ROWS."""
    return NoTable(f"it has more than {MOST_ROWS} rows; delete those that are empty")


def too_many_columns(line: int) -> NoTable:
    """Text beyond MOST_COLUMNS."""
    return NoTable(f"line {line} has more than {MOST_COLUMNS} columns; delete what stands so far to the right")
