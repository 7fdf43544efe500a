"""``huying start``: station and console together, with the net of last time; the first time an assistant asks."""

from __future__ import annotations

import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from voice.cli.options import NetOption

OPEN_AFTER_S = 2.0
"""Delay before the browser is opened, s: the console must be listening by then."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying start")
def start(
    net: NetOption = None,
    journal: Annotated[Path | None, typer.Option(help="The log's file. Default: in the net's folder.")] = None,
    port: Annotated[int, typer.Option(help="Of the console.")] = 8080,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the console in the browser.")] = True,
    station: Annotated[
        bool, typer.Option("--station/--no-station", help="Start the station, and again when it ends.")
    ] = True,
) -> None:
    """Station and console together, with the net of last time; the first time an assistant asks. 一键启动。"""
    from voice.cli.serve import open_console
    from voice.console.address import Address
    from voice.journal.store import Journal
    from voice.station.keeping import StationKeeper, listen_command
    from voice.station.last import first_net, remember, remembered

    last = remembered()
    first = net is None and last is None
    folder = (net or (last[0] if last else first_net())).resolve()
    log = (journal or (last[1] if last and not net else folder / "log.sqlite")).resolve()
    remember(folder, log)
    with Journal(str(log)):
        pass  # the console opens a journal that is there
    keeper = StationKeeper(listen_command(folder, log))
    if station:
        keeper.start()
    if browser:
        page = f"http://127.0.0.1:{port}/{'setup' if first else ''}"
        threading.Thread(target=_open, args=(page,), daemon=True).start()
    try:
        open_console(str(log), folder, Address(port=port), keeper=keeper if station else None)
    finally:
        if station:
            keeper.close()


def _open(page: str) -> None:
    time.sleep(OPEN_AFTER_S)
    webbrowser.open(page)


def with_streams() -> None:
    """A program without a console window has no standard streams on Windows; what is printed goes into a file."""
    from voice.places import user_folder

    if sys.stdout is None or sys.stderr is None:
        user_folder().mkdir(parents=True, exist_ok=True)
        sys.stdout = sys.stderr = (user_folder() / "start.log").open("w", encoding="utf-8", buffering=1)


def main() -> None:
    """Entry point for a double click: no console window, everything in the browser."""
    from voice.cli import main as huying

    with_streams()
    huying(["start"])
