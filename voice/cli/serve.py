"""``huying serve``."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from voice.console.address import Address
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.places import install, requests_folder, sample_net, user_folder
from voice.station.keeping import StationKeeper
from voice.terminal.output import screen

NICENESS = 5
"""A station on the same machine goes first."""


def run(
    target: str,
    net_folder: Path | None,
    at: Address,
    requests: Path | None = None,
    uploads: bool = False,
    keeper: StationKeeper | None = None,
) -> None:
    """Open the console on a journal."""
    # What browsers have chosen (language, channel); NiceGUI reads it when it is imported, and would use this folder.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(user_folder() / "console"))
    try:
        from voice.console.server import serve
    except ImportError as e:
        raise HuyingError(f"the console needs {e.name}; run “{install('console')}”") from e
    with contextlib.suppress(AttributeError, OSError):  # Windows has none
        os.nice(NICENESS)
    net = load_net(net_folder or sample_net())
    journal = _opened(target, uploads)
    url = f"http{'s' if at.certificate else ''}://{at.host}:{at.port}/"
    status = screen(error=True)
    status.print(f"console 控制台: {url} (Ctrl-C ends 结束)", style="green", soft_wrap=True)
    serve(
        net,
        journal,
        requests or requests_folder(journal.url),
        at,
        uploads=uploads,
        keeper=keeper,
    )


def _opened(target: str, uploads: bool) -> Journal:
    """A journal that is not there is made only where the console itself writes it. Raises HuyingError."""
    if "://" not in target and not uploads and not Path(target).is_file():
        there = sorted(p.name for p in Path(target).parent.glob("*.sqlite"))[:5]
        known = f"; here are {', '.join(there)}" if there else ""
        raise HuyingError(
            f"{target}: no such journal 没有这个日志{known}; “huying listen --journal {target}” or “huying replay … "
            f"--journal {target}” makes it, and so does --uploads"
        )
    return Journal(target)
