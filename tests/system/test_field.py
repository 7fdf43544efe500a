"""What the field brings: clients, servers and rigs that speak as they do, not as the standard says."""

from __future__ import annotations

import http.server
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.engines import free_port
from tests.helpers.waiting import real_time, until
from voice.bureau.wire import Server
from voice.radio.ptt import PttError, PttSettings
from voice.radio.ptt.kept import KeptPtt
from voice.radio.ptt.rigctld import RigctldPtt


def test_a_body_arrives_though_the_client_offers_http_2() -> None:
    """As every Java client does on clear text (SDRTrunk), and ``curl --http2``; in one piece and in chunks."""
    uvicorn = pytest.importorskip("uvicorn")
    import socket

    from voice.console.connection import PromptProtocol

    got: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        got.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=PromptProtocol, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert until(lambda: server.started)
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\n" + offer
    for request in (
        head + b"Content-Length: 5\r\n\r\nhello",
        head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(request)
            assert s.recv(100).startswith(b"HTTP/1.1 200")
    server.should_exit = True
    thread.join()
    assert got == [b"hello", b"hello"]


@pytest.mark.parametrize(
    "url, account",
    [
        ("nats://hub:p%40ss%231%2Fx@h:4222", {"user": "hub", "password": "p@ss#1/x"}),
        ("nats://hub:p@ss#1/x@h:4222", {"user": "hub", "password": "p@ss#1/x"}),
        ("tls://h:4222,tls://g:4222", {}),
        ("nats://t0ken@h:4222, nats://g:4222", {"token": "t0ken"}),
    ],
)
def test_passwords_of_nats(url: str, account: dict[str, str]) -> None:
    server = Server(url)
    assert server.account == account
    assert all(("@" not in a and "h:4222" in a) or "g:4222" in a for a in server.addresses)
    assert "ss" not in server.shown and "t0ken" not in server.shown


class Rig(socketserver.StreamRequestHandler):
    """Of one dialect, or that answers in pieces."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            asked = "dcd" if b"dcd" in line else "set"
            for part in self.server.dialect[asked]:  # type: ignore[attr-defined]
                self.wfile.write(part)
                real_time(0.02)


@contextmanager
def rig(**dialect: tuple[bytes, ...]) -> Iterator[RigctldPtt]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rig) as server:
        server.daemon_threads = True
        server.dialect = dialect  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        line = RigctldPtt(PttSettings("rigctld", f"127.0.0.1:{server.server_address[1]}", carrier="rigctld"))
        try:
            yield line
        finally:
            line.close()
            server.shutdown()


@pytest.mark.parametrize(
    "dcd", [(b"1\n",), (b"1\nRPRT 0\n",), (b"1\n", b"RPRT 0\n"), (b"get_dcd:\n", b"DCD: 1\n", b"RPRT 0\n"), (b"1\r\n",)]
)
@pytest.mark.parametrize("done", [(b"RPRT 0\n",), (b"set_ptt: 1\n", b"RPRT 0\n")])
def test_dialects_of_rigctld(dcd: tuple[bytes, ...], done: tuple[bytes, ...]) -> None:
    with rig(dcd=dcd, set=done) as line:
        line.key()
        assert [line.busy() for _ in range(3)] == [True] * 3
        line.unkey()


@pytest.mark.parametrize("dcd", [b"RPRT -11\n", b"squelch\n", b"\n", b"2\n"])
def test_what_is_not_understood_is_not_clear(dcd: bytes) -> None:
    with rig(dcd=(dcd,), set=(b"RPRT 0\n",)) as line, pytest.raises(PttError):
        line.busy()


@pytest.mark.parametrize("code", [301, 302, 303, 307])
def test_a_redirect_is_no_delivery(code: int, tmp_path: Path) -> None:
    from tests.helpers.console import BEGAN, answered, morning
    from voice.console.feed import Feed
    from voice.console.webhooks import Webhook
    from voice.journal.store import Journal
    from voice.net.settings import WebhookSettings

    got: list[str] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(f"POST {self.path}")
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(code)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            got.append(f"GET {self.path}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told: list[str] = []
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
        feed = Feed(journal)
        settings = WebhookSettings(url=f"http://127.0.0.1:{server.server_address[1]}/hook", events=("answered",))
        hook = Webhook(feed, settings, tmp_path, tmp_path / "places", told.append)
        before = hook.delivered
        journal.append([answered(41, "104", 4)], BEGAN)
        assert until(lambda: told)
        hook.close()
        feed.close()
    server.shutdown()
    assert "POST /hook" in got and not [x for x in got if x.startswith("GET")]
    assert hook.delivered == before and "redirects to" in told[0] and "/there" in told[0]


class Slow(socketserver.StreamRequestHandler):
    """A rig that takes its time for one command."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            self.server.asked.append(line.strip())  # type: ignore[attr-defined]
            if line.startswith(self.server.command):  # type: ignore[attr-defined]
                real_time(self.server.takes_s)  # type: ignore[attr-defined]
            with suppress(OSError):
                self.wfile.write(b"RPRT 0\n")


@contextmanager
def slow_rig(command: bytes, takes_s: float) -> Iterator[tuple[PttSettings, list[bytes]]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads = True
        server.command, server.takes_s, server.asked = command, takes_s, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield PttSettings("rigctld", f"127.0.0.1:{server.server_address[1]}"), server.asked  # type: ignore[attr-defined]
        server.shutdown()


def test_a_rig_that_is_slow_to_transmit_is_no_error() -> None:
    """As the one of freedv-gui#1344; the station's own line, with its keeper."""
    with slow_rig(b"T 1", 2.6) as (settings, asked):
        line = KeptPtt(settings)
        line.key()
        assert line.keyed and asked.count(b"T 1") == 1
        line.unkey()
        line.close()


def test_the_limit_of_a_slow_rig_can_be_set() -> None:
    with slow_rig(b"T 0", 2.6) as (settings, _):
        with pytest.raises(PttError, match="ptt_answer_s"):
            RigctldPtt(settings)
        line = KeptPtt(replace(settings, answer_s=4.0))
        line.key()
        line.unkey()
        assert not line.keyed
        line.close()
