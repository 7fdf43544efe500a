"""``huying start``: station and console together, with the net of last time; the first time an assistant asks."""

from __future__ import annotations

import json
import shutil
import threading
import time
import webbrowser
from pathlib import Path

from voice.errors import HuyingError
from voice.places import sample_net, user_folder
from voice.station.keeping import StationKeeper, listen_command

OPEN_AFTER_S = 2.0
"""The browser is opened when the console has had time to listen."""

FIRST = "我的电台网"
"""Name of the folder of a first net."""


def remembered() -> tuple[Path, Path] | None:
    """(net folder, journal) of last time; None the first time, or if they are gone."""
    try:
        kept = json.loads((user_folder() / "last.json").read_text("utf-8"))
        net, journal = Path(kept["net"]), Path(kept["journal"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (net, journal) if (net / "net.toml").is_file() else None


def remember(net: Path, journal: Path) -> None:
    """For the next time. Raises HuyingError."""
    path = user_folder() / "last.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"net": str(net), "journal": str(journal)}, ensure_ascii=False), "utf-8")
    except OSError as e:
        raise HuyingError(f"{path}: cannot be written ({e.strerror}); set HUYING_HOME to another folder") from e


def first_net() -> Path:
    """A copy of the sample net in the user's folder, to be filled in. Raises HuyingError."""
    folder = user_folder() / "nets" / FIRST
    try:
        if not folder.is_dir():
            shutil.copytree(sample_net(), folder)
    except OSError as e:
        raise HuyingError(f"{folder}: cannot be made ({e.strerror}); set HUYING_HOME to another folder") from e
    return folder


def run(net: Path | None, journal: Path | None, port: int, browser: bool, station: bool) -> None:
    """Until it is stopped. Raises HuyingError."""
    from voice.cli.serve import run as serve
    from voice.console.address import Address
    from voice.journal.store import Journal

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
        serve(str(log), folder, Address(port=port), keeper=keeper if station else None)
    finally:
        if station:
            keeper.close()


def _open(page: str) -> None:
    time.sleep(OPEN_AFTER_S)
    webbrowser.open(page)


def main() -> None:
    """What is started by a double click: no window of its own, everything in the browser."""
    from voice.cli import main as huying

    huying(["start"])
