"""``huying doctor``."""

from __future__ import annotations

import platform

import voice
from voice.station.health import examine
from voice.terminal.output import screen


def run() -> int:
    """Every check is tried; exit status 1 if something needed for a replay is missing."""
    out = screen()
    out.print(f"huying {voice.__version__}, Python {platform.python_version()}, {platform.platform()}")
    bad = 0
    for found in examine():
        mark, style = ("✓", "green") if found.fine else ("✗", "red") if found.needed else ("–", "yellow")
        out.print(mark, style=style, end=" ")
        out.print(f"{found.name}: {found.told}", soft_wrap=True)
        if not found.fine:
            bad += found.needed
            out.print(f"    → {found.mend}", soft_wrap=True)
    return 1 if bad else 0
