"""Standard output for results; standard error for progress and notices."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from voice.language import language, worded


class BilingualConsole(Console):
    """A console that translates our own messages into the user's language."""

    def print(self, *objects: Any, **look: Any) -> None:
        """Unchanged if no language is set."""
        chosen = language()
        if chosen:
            objects = tuple(worded(o, chosen == "en") if isinstance(o, str) else o for o in objects)
        super().print(*objects, **look)


def screen(error: bool = False) -> BilingualConsole:
    """Prints text literally: names may contain brackets, which are not markup here."""
    return BilingualConsole(stderr=error, highlight=False, markup=False)
