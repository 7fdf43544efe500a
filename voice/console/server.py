"""Serves pages and API on one port, to this machine alone unless told otherwise."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from voice.console.api import Desk, router
from voice.console.feed import Feed
from voice.console.pages import Pages
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.places import user_folder

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_BODY = 1_000_000
"""Bytes of a request."""


class SameOrigin:
    """Refuses changes that another site's page has a browser make, and bodies that are too large."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
            origin = headers.get("origin")
            foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
            changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
            length = headers.get("content-length", "0")
            large = length.isdigit() and int(length) > LARGEST_BODY
            if (foreign and changes) or large:
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 4403})
                    return
                status = 413 if large else 403
                plain = [(b"content-type", b"text/plain")]
                await send({"type": "http.response.start", "status": status, "headers": plain})
                await send({"type": "http.response.body", "body": b"too large" if large else b"another site"})
                return
        await self.app(scope, receive, send)


def serve(net: Net, journal: Journal, requests: Path, host: str, port: int) -> None:
    """Until it is stopped. Raises HuyingError for an address that is not this machine's own."""
    if host not in LOOPBACK:
        raise HuyingError(
            f"--host {host}: this version has no users and passwords, so the console is for this machine alone; use "
            "127.0.0.1 and, from elsewhere, an SSH tunnel: ssh -L 8080:127.0.0.1:8080 THIS_MACHINE"
        )
    from nicegui import app, ui

    feed = Feed(journal)
    desk = Desk(feed, net, requests)
    app.include_router(router(desk))
    app.add_middleware(SameOrigin)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"])
    app.on_shutdown(feed.close)
    Pages(desk).mount()
    ui.run(
        host=host, port=port, title=f"呼应 {net.settings.name}", favicon="📻", reload=False, show=False,
        language="zh-CN", storage_secret=_secret(), show_welcome_message=False, reconnect_timeout=10.0,
    )  # fmt: skip


def _secret() -> str:
    """Signs the browsers' cookies; made once."""
    path = user_folder() / "console-secret"
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), "utf-8")
        return path.read_text("utf-8")
    except OSError as e:
        raise HuyingError(f"{path}: cannot be used ({e.strerror}); set HUYING_HOME to another folder") from e
