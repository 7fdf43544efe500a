"""What the console believes of whoever stands between it and a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from voice.console.access import Access
from voice.console.proxy import KnownNames, Proxied, prefix_of
from voice.console.server import SameOrigin
from voice.console.users import LOCAL, Users


def asked(
    make: Any, path: str = "/log", client: str = "127.0.0.1", kind: str = "http", **headers: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the request as it reached the console, the first part of an answer that it did not)."""
    got: list[dict[str, Any]] = [{}]
    told: list[dict[str, Any]] = [{}]

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        got.append(scope)

    async def send(message: Any) -> None:
        if "status" in message or "code" in message:
            told.append(message)
        else:
            told[-1]["body"] = message["body"]

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": kind,
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "scheme": "http" if kind == "http" else "ws",
        "client": (client, 5),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(make(app)(scope, receive, send))
    return got[-1], told[-1]


def proxied(**more: Any) -> Any:
    return lambda app: Proxied(app, ("127.0.0.1", "10.0.0.5"), **more)


SAID = {"x_forwarded_proto": "https", "x_forwarded_prefix": "/huying"}


@pytest.mark.parametrize("client", ["127.0.0.1", "10.0.0.5"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_known_proxy_is_believed(client: str, kind: str) -> None:
    scope, _ = asked(proxied(), client=client, kind=kind, **SAID)
    assert scope["scheme"] in ("https", "wss") and prefix_of(scope) == "/huying"


def test_several_proxies_and_a_socket_of_both_kinds() -> None:
    scope, _ = asked(proxied(), client="::ffff:127.0.0.1", x_forwarded_proto="HTTPS, http")
    assert scope["scheme"] == "https"
    scope, _ = asked(proxied(), x_forwarded_proto="http, https")
    assert scope["scheme"] == "http"


def test_nobody_else_is() -> None:
    scope, _ = asked(proxied(), client="192.0.2.9", **SAID)
    assert scope["scheme"] == "http" and prefix_of(scope) == ""


@pytest.mark.parametrize("prefix", ['/"><script>', "//evil.example", "huying", "/a/b/c/d/e", "/x\r\ny", "/" + "x" * 50])
def test_a_prefix_that_is_none_reaches_no_page(prefix: str) -> None:
    scope, _ = asked(proxied(), x_forwarded_prefix=prefix)
    assert prefix_of(scope) == ""


def test_a_prefix_that_the_proxy_neither_says_nor_takes_off() -> None:
    scope, _ = asked(proxied(prefix="/huying/"), "/huying/api/v1/units")
    assert (scope["path"], scope["raw_path"], prefix_of(scope)) == ("/api/v1/units", b"/api/v1/units", "/huying")
    scope, _ = asked(proxied(prefix="/huying"), "/huyingx")
    assert scope["path"] == "/huyingx"
    _, told = asked(proxied(prefix="/a/huying"), "/a/huying")
    assert (told["status"], told["headers"]) == (308, [(b"location", b"huying/")])


@pytest.mark.parametrize("sign", ["forwarded", "via", "x-forwarded-for", "x-real-ip", "x-forwarded-proto"])
def test_without_users_nobody_comes_in_through_a_proxy(tmp_path: Path, sign: str) -> None:
    access = Access(Users(tmp_path / "users.json"))
    assert access.who({}) is LOCAL and access.of_session("") is LOCAL
    for more in ({}, {"authorization": "Bearer x"}, {"cookie": "huying_session=x"}):
        assert access.who({sign: "203.0.113.7", **more}) is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "<b>"])
def test_another_name_is_told_what_to_do(host: str) -> None:
    scope, told = asked(lambda app: KnownNames(app, ("127.0.0.1", "radio.example")), host=host)
    assert (
        scope == {} and told["status"] == 400 and b"huying serve --name" in told["body"] and b"<b>" not in told["body"]
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "RADIO.example:443"])
def test_own_names(host: str) -> None:
    assert asked(lambda app: KnownNames(app, ("127.0.0.1", "radio.example")), host=host)[0]


@pytest.mark.parametrize(
    ("origin", "host", "fine"),
    [
        ("https://radio.example", "127.0.0.1:8080", True),
        ("https://RADIO.example", "127.0.0.1:8080", True),
        ("https://radio.example:8443", "127.0.0.1:8080", False),
        ("https://radio.example.evil", "127.0.0.1:8080", False),
        ("https://evil.example", "radio.example", False),
        ("null", "127.0.0.1:8080", False),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_whose_page_asks(origin: str, host: str, fine: bool, kind: str) -> None:
    scope, told = asked(lambda app: SameOrigin(app, ("radio.example",)), kind=kind, origin=origin, host=host)
    assert bool(scope) is fine and bool(told) is not fine
