"""Errors raised deliberately by Huying."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voice.text import NotText, decoded


class HuyingError(Exception):
    """An error the user can fix. The message names the thing, what is wrong and what to do next."""


class Unwritable(HuyingError):
    """The journal cannot be written: disk full, lost or read-only, or database unavailable. May be temporary."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in a file edited by people."""

    path: Path
    line: int
    """From 1; 0: the whole file."""

    what: str
    """What is wrong."""

    fix: str
    """The correct form."""

    notice: bool = False
    """Not an error: it is used, but a person should look."""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.what} → {self.fix}"


class FilesError(HuyingError):
    """All errors found in a net's files."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def lines_of(path: Path, problems: list[Problem]) -> list[tuple[int, str]]:
    """(number, line) of a text file; none, and a problem, if it is not text."""
    try:
        text = decoded(path.read_bytes())
    except NotText as e:
        problems.append(Problem(path, 0, f"cannot be read as text: {e}", "save the file as UTF-8"))
        return []
    except OSError as e:
        problems.append(Problem(path, 0, f"cannot be read ({e.strerror})", "let the station's user read it"))
        return []
    return list(enumerate(text.splitlines(), 1))
