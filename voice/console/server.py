"""Serves pages and API on one port, to this machine only unless configured otherwise."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice.console.access import Access
from voice.console.address import Address
from voice.console.api import router
from voice.console.connection import PromptProtocol
from voice.console.desk import Desk
from voice.console.guard import Guard
from voice.console.pages import mount
from voice.console.proxy import PREFIX, KnownNames, Proxied
from voice.console.recorders import PATHS, upload_router
from voice.console.reference import add_reference
from voice.console.users import Users
from voice.console.webhooks import Webhook
from voice.errors import HuyingError
from voice.journal.signing import Signer
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.places import user_folder
from voice.station.ear import open_ear
from voice.station.keeping import StationKeeper
from voice.station.recorders import UploadDesk
from voice.station.spool import LARGEST_CALL, Spool

log = logging.getLogger("huying.console")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_BODY = 1_000_000
"""Largest request, bytes."""


BODY_S = 20.0
"""Longest pause within a request's body."""

HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'none'"), (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"),
)  # fmt: skip
"""Headers of every response: no embedding in foreign frames, no content sniffing."""


OTHER_SITE = (
    b"another site: the page's address is not the Host that arrived, and no name of this console. Behind a proxy give "
    b"the name in the browser's address to huying serve --name, or keep Host (nginx: proxy_set_header Host $http_host;)"
)


class SameOrigin:
    """Refuses cross-site writes, oversized bodies, and stalled bodies."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...] = ()) -> None:
        """``names``: host names of this console as seen by browsers; a proxy may have replaced Host."""
        self.app, self._names = app, frozenset(n.lower() for n in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
            origin = headers.get("origin")
            own = {headers.get("host", "").lower(), *self._names}
            foreign = origin is not None and urlsplit(origin).netloc.lower() not in own
            changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
            length = headers.get("content-length", "0")
            most = LARGEST_CALL + LARGEST_BODY if scope["path"] in PATHS else LARGEST_BODY
            large = not length.isdigit() or int(length) > most
            endless = "transfer-encoding" in headers
            if (foreign and changes) or large or endless:
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 4403})
                    return
                status, told = 403, OTHER_SITE
                if large or endless:
                    status, told = (413, b"too large") if large else (411, b"say how long it is")
                plain = [(b"content-type", b"text/plain")]
                await send({"type": "http.response.start", "status": status, "headers": plain})
                await send({"type": "http.response.body", "body": told})
                return
        await self.app(scope, *((receive, send) if scope["type"] != "http" else (_prompt(receive), _guarded(send))))


def _prompt(receive: Receive) -> Receive:
    """A body that is incomplete and pauses for BODY_S is dropped, as if the connection had been lost."""
    more = True

    async def heard() -> Message:
        nonlocal more
        if not more:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), BODY_S)
        except TimeoutError:
            message = {"type": "http.disconnect"}
        more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    return heard


def _guarded(send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            more = [(name, value) for name, value in HEADERS if name not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return told


def serve(
    net: Net,
    journal: Journal,
    requests: Path,
    at: Address,
    users: Users | None = None,
    uploads: bool = False,
    keeper: StationKeeper | None = None,
    on_open: Callable[[], None] = lambda: None,
) -> None:
    """Until stopped. ``uploads``: accept calls from recorders, and log them as this journal's station, unless the net
    leaves that to its own station. ``keeper``: of the station started with the console. ``on_open`` is called when
    browsers may come.

    Raises HuyingError for an open address without users, or an incomplete certificate.
    """
    local = at.host in LOOPBACK and not at.names
    access = Access(users or Users(), local=local)
    if not local and not (users or Users()).all():
        where = f"--host {at.host}" if at.host not in LOOPBACK else f"--name {at.names[0]}"
        raise HuyingError(
            f"{where}: others could reach the console, and it has no users; “huying users add NAME” makes the "
            "first one. Or use 127.0.0.1 and, from elsewhere, an SSH tunnel: ssh -L 8080:127.0.0.1:8080 THIS_MACHINE"
        )
    if (at.certificate is None) != (at.key is None):
        raise HuyingError("TLS needs both --certificate and --key")
    if at.prefix and not PREFIX.fullmatch(at.prefix.rstrip("/")):
        raise HuyingError(f"--prefix {at.prefix}: a path like /huying, of letters, digits, - _ . ~")
    _check_free(at)
    from nicegui import app, ui

    desk = Desk(journal, net, requests)
    desk.keeper = keeper
    feed = desk.feed
    api = router(desk)
    app.include_router(api)
    add_reference(app, api)
    if uploads:
        spool = Spool(requests)
        if not net.settings.station.uploads:
            journal.claim()
            takes = UploadDesk(open_ear(net), journal, spool, log.warning)
            app.on_shutdown(takes.close)
        app.include_router(upload_router(spool, access))
    app.add_middleware(Guard, access=access, own_keys=PATHS if uploads else ())
    app.add_middleware(SameOrigin, names=at.names)
    hosts = [n.partition(":")[0] for n in at.names]
    names = [*LOOPBACK, "[::1]", *hosts, *([at.host] if at.host not in ("0.0.0.0", "::") else [])]  # noqa: S104  # compared, not bound
    app.add_middleware(KnownNames, names=names)
    app.add_middleware(Proxied, proxies=(*LOOPBACK, *at.proxies), prefix=at.prefix)
    signer = Signer(net.folder / net.settings.signing_key) if net.settings.signing_key else None
    hooks = [Webhook(feed, w, net.folder, requests, log.warning, desk.reader, signer) for w in net.settings.webhooks]
    for hook in hooks:
        app.on_shutdown(hook.close)
    app.on_shutdown(desk.close)
    app.on_shutdown(journal.close)
    mount(desk, access)
    app.on_startup(on_open)
    host, port = at.host, at.port
    tls: dict[str, Any] = {"ssl_certfile": str(at.certificate), "ssl_keyfile": str(at.key)} if at.certificate else {}
    ui.run(
        host=host,
        port=port,
        title=f"呼应 {net.settings.name}",
        favicon="📻",
        reload=False,
        show=False,
        language="zh-CN",
        storage_secret=_secret(),
        show_welcome_message=False,
        reconnect_timeout=10.0,
        http=PromptProtocol,
        proxy_headers=False,  # see Proxied
        **tls,
    )


def _check_free(at: Address) -> None:
    """Raises HuyingError if the address cannot be bound."""
    with socket.socket(socket.AF_INET6 if ":" in at.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((at.host, at.port))
        except OSError as e:
            raise HuyingError(
                f"{at.host}:{at.port} cannot be listened to ({e.strerror}); is a console running there already? "
                "--port names another one"
            ) from e


def _secret() -> str:
    """Signing key of the browsers' cookies; created once."""
    path = user_folder() / "console-secret"
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), "utf-8")
        return path.read_text("utf-8")
    except OSError as e:
        raise HuyingError(f"{path}: cannot be used ({e.strerror}); set HUYING_HOME to another folder") from e
