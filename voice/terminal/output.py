"""Standard output for results; standard error for progress and notices."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from voice.language import heading, language, worded


class BilingualConsole(Console):
    """A console that translates our own messages into the user's language and breaks none of their lines: what a line
    says can be searched for in a log, whatever its width."""

    def print(self, *objects: Any, **look: Any) -> None:
        """Strings and tables in the user's language; a ``Text`` as it is."""
        if all(isinstance(o, str | Text) for o in objects):
            look.setdefault("soft_wrap", True)
        english = language() == "en"
        super().print(*(_worded(o, english) for o in objects), **look)


def _worded(shown: Any, english: bool) -> Any:
    if isinstance(shown, Table):
        for column in shown.columns:
            if isinstance(column.header, str):
                column.header = heading(column.header, english)
        if isinstance(shown.title, str):
            shown.title = worded(heading(shown.title, english), english)
    return worded(shown, english) if isinstance(shown, str) else shown


def told(text: str) -> str:
    """A cell of a table that is one of our messages, in the user's language."""
    english = language() == "en"
    return worded(heading(text, english), english)


def screen(error: bool = False) -> BilingualConsole:
    """Prints text literally: names may contain brackets, which are not markup here."""
    return BilingualConsole(stderr=error, highlight=False, markup=False)
