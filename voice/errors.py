"""The one family of errors that Huying raises on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voice.text import NotText, decoded


class HuyingError(Exception):
    """Something the user can mend. The message names the thing, what is wrong and what to do next."""


class Unwritable(HuyingError):
    """The journal cannot be written: a full, lost or read-only disk, a database that is away. It may pass."""


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

    notice: bool = False
    """It is used all the same; a person should look."""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.what} → {self.fix}"


class FilesError(HuyingError):
    """All mistakes found in a net's files, together."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def lines_of(path: Path, problems: list[Problem]) -> list[tuple[int, str]]:
    """(number, line) of a text file that a person edits; none, and a problem, if it is no text."""
    try:
        text = decoded(path.read_bytes())
    except NotText as e:
        problems.append(Problem(path, 0, f"cannot be read as text: {e}", "save the file as UTF-8"))
        return []
    except OSError as e:
        problems.append(Problem(path, 0, f"cannot be read ({e.strerror})", "let the station's user read it"))
        return []
    return list(enumerate(text.splitlines(), 1))
