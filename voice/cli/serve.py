"""``huying serve``."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice.cli.options import NetOption, RequestsOption, net_of

if TYPE_CHECKING:
    from voice.console.address import Address
    from voice.journal.store import Journal
    from voice.station.keeping import StationKeeper

NICENESS = 5
"""Priority: a station on the same machine takes precedence."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: huying serve --journal log.sqlite")
def serve(
    journal: Annotated[str, typer.Option(help="The log: a file, or a database URL.")] = "huying.sqlite",
    net: NetOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine's own need “huying users add”.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    name: Annotated[list[str] | None, typer.Option(help="Host name under which browsers may ask for it.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="TLS: certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS: private key, PEM.")] = None,
    uploads: Annotated[
        bool, typer.Option("--uploads", help="Take the calls that recorders upload to /api/call-upload.")
    ] = False,
    prefix: Annotated[str, typer.Option(help="Path under which a proxy shows it, e.g. /huying.")] = "",
    proxy: Annotated[
        list[str] | None, typer.Option(help="Address of a proxy elsewhere that may say https and path.")
    ] = None,
    folder: RequestsOption = None,
) -> None:
    """The console in a browser and the HTTP API, on a journal that may be growing. 控制台。"""
    from voice.console.address import Address

    at = Address(host, port, tuple(name or ()), certificate, key, prefix, tuple(proxy or ()))
    open_console(journal, net, at, folder, uploads)


def open_console(
    target: str,
    net: Path | None,
    at: Address,
    requests: Path | None = None,
    uploads: bool = False,
    keeper: StationKeeper | None = None,
) -> None:
    """Open the console on a journal, until it is stopped. Raises HuyingError."""
    from voice.errors import HuyingError
    from voice.places import install, requests_folder, user_folder
    from voice.terminal.output import screen

    # What browsers have chosen (language, channel); NiceGUI reads it when it is imported, and would use this folder.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(user_folder() / "console"))
    try:
        from voice.console.server import serve as run
    except ImportError as e:
        raise HuyingError(f"the console needs {e.name}; run “{install('console')}”") from e
    with contextlib.suppress(AttributeError, OSError):  # Windows has none
        os.nice(NICENESS)
    loaded = net_of(net)
    journal = _opened(target, uploads)
    url = f"http{'s' if at.certificate else ''}://{at.host}:{at.port}/"
    status = screen(error=True)
    opened = f"console 控制台: {url} (Ctrl-C ends 结束)"
    run(
        loaded,
        journal,
        requests or requests_folder(journal.url),
        at,
        uploads=uploads,
        keeper=keeper,
        on_open=lambda: status.print(opened, style="green"),
    )


def _opened(target: str, uploads: bool) -> Journal:
    """A journal that is not there is made only where the console itself writes it. Raises HuyingError."""
    from voice.errors import HuyingError
    from voice.journal.store import Journal

    if "://" not in target and not uploads and not Path(target).is_file():
        there = sorted(p.name for p in Path(target).parent.glob("*.sqlite"))[:5]
        if there:
            raise HuyingError(f"{target}: no such journal; there is: {', '.join(there)}")
        raise HuyingError(
            f"{target}: no such journal; “huying listen --journal {target}” or “huying replay … "
            f"--journal {target}” makes it, and so does --uploads"
        )
    return Journal(target)
