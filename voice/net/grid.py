"""A table as people keep it: sheets of rows of cells, and what is odd about a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_ROWS, MOST_COLUMNS = 50_000, 100
"""Of a table, empty rows included: a workbook of some kilobytes may have a million."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a person sees in one cell."""

    text: str = ""
    """Without white space around it."""

    doubt: str = ""
    """Why the text may not be what was written: a formula without a value, a number that became a date, …"""

    lost: bool = False
    """The text is missing or wrong for certain, not only perhaps."""

    merged: bool = False
    """It belongs to a merged area whose first cell holds the text."""


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet."""

    line: int
    """As the person's program counts it, from 1."""

    cells: tuple[Cell, ...]

    marks: tuple[str, ...] = ()
    """What a person sees of the row as a whole: ``hidden``, ``struck through``."""

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(c.text for c in self.cells)

    def __getitem__(self, column: int) -> Cell:
        """The cell of a column, from 0; empty beyond the last."""
        return self.cells[column] if column < len(self.cells) else EMPTY


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file."""

    name: str
    """Of the tab; empty for a file of text."""

    rows: tuple[Row, ...]
    """All that hold anything."""

    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What an editor wants of a sheet; everything else stays as it is, byte for byte where that is possible."""

    cells: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """(line, column from 0) → new text."""

    emptied: frozenset[int] = frozenset()
    """Lines whose contents go."""

    added: tuple[Mapping[int, str], ...] = ()
    """New rows, column → text."""

    below: int = 1
    """Line behind which the new rows are to stand."""


class NoTable(ValueError):
    """A file that holds no table that we can read. The message says why; and what to do, behind a semicolon."""


def too_many_rows() -> NoTable:
    """More than MOST_ROWS."""
    return NoTable(f"it has more than {MOST_ROWS} rows; delete those that are empty")


def too_many_columns(line: int) -> NoTable:
    """Text beyond MOST_COLUMNS."""
    return NoTable(f"line {line} has more than {MOST_COLUMNS} columns; delete what stands so far to the right")
