"""``huying serve``."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.places import requests_folder, sample_net


def run(target: str, net_folder: Path | None, host: str, port: int, requests: Path | None) -> None:
    """Open the console on a journal."""
    try:
        from voice.console.server import serve
    except ImportError as e:
        raise HuyingError(f"the console needs {e.name}; run “pip install 'huying[console]'”") from e
    net = load_net(net_folder or sample_net())
    journal = Journal(target)
    Console(stderr=True, highlight=False).print(
        f"console 控制台: http://{host}:{port}/  (Ctrl-C ends 结束)", style="green", soft_wrap=True
    )
    serve(net, journal, requests or requests_folder(), host, port)
