"""The console behind a proxy (nginx, Caddy): https, a path prefix, and the name under which browsers ask for it.

What a proxy says of a request (``X-Forwarded-…``) is believed of the proxies that were named, and removed from what
anybody else sends. After ``Proxied`` the one header ``X-Forwarded-Prefix`` is the truth: NiceGUI reads it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = re.compile(r"(/[0-9A-Za-z._~-]{1,40}){1,4}")
"""A path prefix, such as ``/huying``; nothing else reaches a page."""

SAID = ("x-forwarded-proto", "x-forwarded-prefix")
"""What is believed of a proxy; what else it may say is not used."""

SIGNS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that say a request came through a proxy."""

_SECURE = {"http": "https", "ws": "wss"}


def header_of(scope: Scope, name: str) -> str:
    """The last header of this name; empty if there is none."""
    found = [v for k, v in scope["headers"] if k.lower() == name.encode()]
    return found[-1].decode("latin-1") if found else ""


def prefix_of(scope: Scope) -> str:
    """Under which path a browser sees the console, without a slash at the end; empty at the root."""
    return header_of(scope, "x-forwarded-prefix")


def _first(value: str) -> str:
    """Of what several proxies have said the first one: nearest to the browser."""
    return value.partition(",")[0].strip().lower()


def came_through(headers: Mapping[str, str]) -> bool:
    """Whether a request says that it came through a proxy, whoever that is: it is nobody's at this machine."""
    return any(name in headers for name in SIGNS)


class Proxied:
    """Takes what a known proxy says into the request, and the prefix off its path."""

    def __init__(self, app: ASGIApp, proxies: Iterable[str], prefix: str = "") -> None:
        """``proxies``: their addresses; ``prefix``: where the proxy does not name it, or leaves it in the path."""
        self.app, self._proxies, self._prefix = app, frozenset(proxies), prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            peer = (scope.get("client") or ("", 0))[0].removeprefix("::ffff:")  # IPv4 on a socket of both kinds
            known = not peer or peer in self._proxies  # no peer: a socket of this machine
            secure = known and _first(header_of(scope, "x-forwarded-proto")) in ("https", "wss")
            said = header_of(scope, "x-forwarded-prefix").rstrip("/") if known else ""
            prefix = said if PREFIX.fullmatch(said) else self._prefix
            own = [(k, v) for k, v in scope["headers"] if k.lower() != b"x-forwarded-prefix"]
            scope = {**scope, "headers": [*own, (b"x-forwarded-prefix", prefix.encode())] if prefix else own}
            if secure:
                scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
            path: str = scope["path"]
            if prefix and path == prefix and scope["type"] == "http":  # the pages' addresses are seen from prefix/
                head = [(b"location", (prefix.rpartition("/")[2] + "/").encode())]
                await send({"type": "http.response.start", "status": 308, "headers": head})
                await send({"type": "http.response.body", "body": b""})
                return
            if prefix and path.startswith(prefix + "/"):  # it was left in the path
                raw: bytes = scope.get("raw_path") or path.encode()
                scope["path"], scope["raw_path"] = path[len(prefix) :], raw[len(prefix) :]
        await self.app(scope, receive, send)


class KnownNames:
    """Answers to the names that the console was given, and tells what to do about others: a page of another site could
    have its own name point here."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app, self._names = app, frozenset(n.lower() for n in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            name = re.sub(r":\d*$", "", header_of(scope, "host")).lower()
            if name not in self._names:
                shown = name[:60] if re.fullmatch(r"[\w.\[\]:-]+", name, re.ASCII) else "…"
                told = f"this console does not answer to the name {shown}; start it with: huying serve --name {shown}\n"
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 4400})
                    return
                plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
                await send({"type": "http.response.start", "status": 400, "headers": plain})
                await send({"type": "http.response.body", "body": told.encode()})
                return
        await self.app(scope, receive, send)
