"""What people read: standard output, and beside it progress and remarks on standard error."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from voice.language import language, worded


class Screen(Console):
    """A console that says the house's own messages in the language of the person in front of it."""

    def print(self, *objects: Any, **look: Any) -> None:
        """As it is where nobody says which language."""
        chosen = language()
        if chosen:
            objects = tuple(worded(o, chosen == "en") if isinstance(o, str) else o for o in objects)
        super().print(*objects, **look)


def screen(error: bool = False) -> Screen:
    """Prints words as they are: names that people gave may hold brackets, which are no markup here."""
    return Screen(stderr=error, highlight=False, markup=False)
