"""What people read: standard output, and beside it progress and remarks on standard error."""

from __future__ import annotations

from rich.console import Console


def screen(error: bool = False) -> Console:
    """Prints words as they are: names that people gave may hold brackets, which are no markup here."""
    return Console(stderr=error, highlight=False, markup=False)
