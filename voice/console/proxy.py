"""The console behind a proxy (nginx, Caddy): https, path prefix, and the host name used by browsers.

Forwarding headers (``X-Forwarded-…``) are honoured from configured proxies and stripped from all others. After
``Proxied`` the single header ``X-Forwarded-Prefix`` is authoritative: NiceGUI reads it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = re.compile(r"(/[0-9A-Za-z._~-]{1,40}){1,4}")
"""Valid path prefix, such as ``/huying``; nothing else reaches a page."""

SAID = ("x-forwarded-proto", "x-forwarded-prefix")
"""Headers honoured from a proxy; others are ignored."""

SIGNS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers indicating that a request passed a proxy."""

_SECURE = {"http": "https", "ws": "wss"}


def header_of(scope: Scope, name: str) -> str:
    """Last header of this name; empty if absent."""
    found = [v for k, v in scope["headers"] if k.lower() == name.encode()]
    return found[-1].decode("latin-1") if found else ""


def prefix_of(scope: Scope) -> str:
    """Path prefix seen by the browser, without trailing slash; empty at the root."""
    return header_of(scope, "x-forwarded-prefix")


def _first(value: str) -> str:
    """First entry of a header added to by several proxies: the one nearest the browser."""
    return value.partition(",")[0].strip().lower()


def came_through(headers: Mapping[str, str]) -> bool:
    """Whether a request claims to have passed any proxy: then it does not count as local."""
    return any(name in headers for name in SIGNS)


class Proxied:
    """Applies a trusted proxy's headers to the request and strips the prefix from its path."""

    def __init__(self, app: ASGIApp, proxies: Iterable[str], prefix: str = "") -> None:
        """``proxies``: trusted addresses; ``prefix``: used if the proxy does not send it, or leaves it in the path."""
        self.app, self._proxies, self._prefix = app, frozenset(proxies), prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            peer = (scope.get("client") or ("", 0))[0].removeprefix("::ffff:")  # IPv4 on a dual-stack socket
            known = not peer or peer in self._proxies  # no peer address: a local socket
            secure = known and _first(header_of(scope, "x-forwarded-proto")) in ("https", "wss")
            said = header_of(scope, "x-forwarded-prefix").rstrip("/") if known else ""
            prefix = said if PREFIX.fullmatch(said) else self._prefix
            own = [(k, v) for k, v in scope["headers"] if k.lower() != b"x-forwarded-prefix"]
            scope = {**scope, "headers": [*own, (b"x-forwarded-prefix", prefix.encode())] if prefix else own}
            if secure:
                scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
            path: str = scope["path"]
            if prefix and path == prefix and scope["type"] == "http":  # page URLs are relative to prefix/
                head = [(b"location", (prefix.rpartition("/")[2] + "/").encode())]
                await send({"type": "http.response.start", "status": 308, "headers": head})
                await send({"type": "http.response.body", "body": b""})
                return
            if prefix and path.startswith(prefix + "/"):  # it was left in the path
                raw: bytes = scope.get("raw_path") or path.encode()
                scope["path"], scope["raw_path"] = path[len(prefix) :], raw[len(prefix) :]
        await self.app(scope, receive, send)


class KnownNames:
    """Answers only to configured host names and explains what to do about others: prevents DNS rebinding by another
    site."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app, self._names = app, frozenset(n.lower() for n in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            name = re.sub(r":\d*$", "", header_of(scope, "host")).lower()
            if name not in self._names:
                shown = name[:60] if re.fullmatch(r"[\w.\[\]:-]+", name, re.ASCII) else "…"
                told = (
                    f"this console does not answer to the name {shown}; start it with: huying serve --name {shown}\n"
                    f"控制台不认识 {shown} 这个名称, 请这样启动: huying serve --name {shown}\n"
                )
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 4400})
                    return
                plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
                await send({"type": "http.response.start", "status": 400, "headers": plain})
                await send({"type": "http.response.body", "body": told.encode()})
                return
        await self.app(scope, receive, send)
