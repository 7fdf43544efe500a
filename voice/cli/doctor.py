"""``huying doctor``."""

from __future__ import annotations

import platform

from rich.console import Console

import voice
from voice.station.health import examine


def run() -> int:
    """Every check is tried; exit status 1 if something needed for a replay is missing."""
    out = Console(highlight=False)
    out.print(f"huying {voice.__version__}, Python {platform.python_version()}, {platform.platform()}")
    bad = 0
    for found in examine():
        mark = "[green]✓[/]" if found.fine else "[red]✗[/]" if found.needed else "[yellow]–[/]"
        out.print(f"{mark} {found.name}: ", end="")
        out.print(found.told, markup=False, soft_wrap=True)
        if not found.fine:
            bad += found.needed
            out.print(f"    → {found.mend}", markup=False, soft_wrap=True)
    return 1 if bad else 0
