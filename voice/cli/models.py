"""``huying models …``."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from voice.errors import HuyingError
from voice.speech.models import STOCK, check_model, find_model, installed
from voice.speech.pulling import pull as pull_model
from voice.terminal.output import screen


def show() -> None:
    """Installed models, then those that can be pulled."""
    table = Table("model", "kind", "rate", "MB", "folder")
    here = installed()
    for name, folder in here.items():
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
        try:
            m = check_model(folder)
            table.add_row(name, m.kind, f"{m.rate} Hz", f"{size:.1f}", str(folder))
        except HuyingError as e:
            table.add_row(name, "broken", "", f"{size:.1f}", str(e))
    for name, stock in STOCK.items():
        if name not in here:
            table.add_row(
                name, "stock", "16000 Hz", f"{stock.size / 1e6:.1f}" if stock.size else "", f"huying models pull {name}"
            )
    screen().print(table)


def pull(name: str, source: Path | None) -> None:
    """Fetch with a progress bar."""
    status = screen(error=True)
    bars = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*bars, console=status, disable=source is not None) as progress:
        task = progress.add_task(name, total=None)
        folder = pull_model(name, source, lambda done, n: progress.update(task, completed=done, total=n or None))
    status.print(f"{name}: {folder}", soft_wrap=True)


def path(name: str) -> None:
    """Print the folder and nothing else."""
    sys.stdout.write(f"{find_model(name)}\n")


def verify(name: str | None) -> int:
    """0 if all are whole."""
    out = screen()
    chosen = {name: find_model(name)} if name else installed()
    bad = 0
    for label, folder in chosen.items():
        try:
            m = check_model(folder)
            out.print(f"{label}: whole; am/final.mdl SHA-256 {m.sha256}", soft_wrap=True)
        except HuyingError as e:
            bad += 1
            out.print(f"{label}: {e}", style="red", soft_wrap=True)
    return 1 if bad else 0
