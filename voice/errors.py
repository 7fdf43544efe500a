"""The one family of errors that Huying raises on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class HuyingError(Exception):
    """Something the user can mend. The message names the thing, what is wrong and what to do next."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person edits."""

    path: Path
    line: int
    """Counted from 1; 0 if the whole file is meant."""

    what: str
    """What is wrong."""

    fix: str
    """How to write it."""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.what} → {self.fix}"


class FilesError(HuyingError):
    """All mistakes found in a net's files, together."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))
