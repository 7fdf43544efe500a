"""Who may do what: accounts, log-in, roles, tokens; every route asked for as a stranger would."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.console import BEGAN, morning
from tests.helpers.engines import certified
from tests.helpers.forking import Huying, finished
from tests.helpers.waiting import until
from voice.console.access import COOKIE, TRIES, Access
from voice.console.api import router
from voice.console.desk import Desk
from voice.console.guard import Guard
from voice.console.users import Users
from voice.errors import HuyingError
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.station.requests import AlertRequest, take

PASSWORD = "correct horse"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    pytest.importorskip("argon2")
    made = Users(tmp_path / "users.json")
    for name, role in (("看", "viewer"), ("王", "operator"), ("长", "admin")):
        made.add(name, PASSWORD, role)
    return made


def test_accounts_are_kept_without_secrets(users: Users, tmp_path: Path) -> None:
    token = users.token("王")
    text = users.path.read_text("utf-8")
    assert PASSWORD not in text and token not in text and "$argon2id$" in text
    if os.name == "posix":
        assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    users.remove("长")
    assert set(users.all()) == {"看", "王"}
    for wrong in (("", PASSWORD, "viewer"), ("x", "short", "viewer"), ("x", PASSWORD, "king")):
        with pytest.raises(HuyingError):
            users.add(*wrong)
    users.path.write_text("[{", "utf-8")
    with pytest.raises(HuyingError, match="mend"):
        Access(users).who({})


def test_log_in_and_its_limit(users: Users) -> None:
    now = [0.0]
    access = Access(users, lambda: now[0])
    session = access.log_in("王", PASSWORD)
    assert session is not None and access.of_session(session) == users.all()["王"]
    assert access.log_in("王", "wrong password") is None and access.log_in("nobody", PASSWORD) is None
    for _k in range(TRIES - 1):
        access.log_in("王", "wrong password")
    with pytest.raises(HuyingError, match="too many"):
        access.log_in("王", PASSWORD)
    now[0] += 301
    assert access.log_in("王", PASSWORD) is not None
    now[0] += 13 * 3600
    assert access.of_session(session) is None, "a session ends with the shift"
    again = access.log_in("王", PASSWORD)
    assert again is not None
    access.log_out(again)
    assert access.of_session(again) is None


def test_without_users_everybody_here_may(tmp_path: Path) -> None:
    access = Access(Users(tmp_path / "none.json"))
    user = access.who({})
    assert access.open and user is not None and user.may_order


class Client:
    """The API behind its guard, asked over HTTP."""

    def __init__(self, users: Users, journal: Journal, net: Net, requests: Path) -> None:
        testclient = pytest.importorskip("fastapi.testclient")
        from fastapi import FastAPI

        desk = Desk(journal, net, requests)
        self.feed = desk.feed
        app = FastAPI()
        app.include_router(router(desk))
        app.add_middleware(Guard, access=Access(users))
        self.app = app
        self.http: Any = testclient.TestClient(app, follow_redirects=False)

    def log_in(self, name: str) -> dict[str, str]:
        done = self.http.post("/login", data={"name": name, "password": PASSWORD})
        assert done.status_code == 303, done.text
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        self.http.cookies.clear()
        return {"Cookie": cookie.split(";")[0]}


@pytest.fixture
def client(users: Users, net: Net, tmp_path: Path) -> Iterator[Client]:
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
        made = Client(users, journal, net, tmp_path / "requests")
        yield made
        made.feed.close()


BODIES: dict[str, dict[str, object]] = {
    "/api/v1/rollcall": {"order": "start"},
    "/api/v1/alerts": {"text": "通知"},
    "/api/v1/corrections": {"seq": 5, "unit": "101", "meaning": "ack"},
    "/api/v1/confirmations": {"seq": 5, "said": "收到"},
    "/api/v1/undo": {"seq": 5},
    "/api/v1/test": {},
    "/api/v1/nets": {"began": "2026-06-01T08:00", "results": [{"unit": "101", "result": "answered"}]},
    "/api/v1/roster": {"sha256": "0" * 64, "rows": []},
}
QUERIES = {"/api/v1/events/wait": "?after=0", "/api/v1/readings": "?text=省残联", "/api/v1/speech": "?text=收到"}
FOR_ADMINS = ("/api/v1/test", "/api/v1/roster")
"""Changes that operators may not make."""


def test_every_route_for_every_role(client: Client) -> None:
    """A table: stranger, viewer, operator and admin on every route there is."""
    schema = client.app.openapi()
    who = {name: client.log_in(name) for name in ("看", "王", "长")}
    asked = 0
    for path, methods in schema["paths"].items():
        if path.endswith("/stream"):
            continue
        url = path.replace("{sha256}", "0" * 64).replace("{name}", "events.csv").replace("{seq}", "5")
        url += QUERIES.get(path, "")
        for method in methods:
            changes = method in ("post", "put", "delete")
            body = {"json": BODIES[path]} if changes else {}
            got = {"stranger": client.http.request(method, url, **body).status_code}
            got |= {n: client.http.request(method, url, headers=h, **body).status_code for n, h in who.items()}
            asked += 1
            open_to_all = path == "/api/v1/health"
            assert (got["stranger"] == 401) != open_to_all, (path, got)
            assert (got["看"] == 403) == changes, (path, got)
            assert (got["王"] == 403) == (changes and path in FOR_ADMINS), (path, got)
            assert got["王"] != 401 and got["长"] not in (401, 403), (path, got)
    assert asked >= 22


def test_tokens_and_names_in_the_journal(client: Client, users: Users, net: Net, tmp_path: Path) -> None:
    token = users.token("王")
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.http.get("/api/v1/board", headers=bearer).status_code == 200
    assert client.http.get("/api/v1/board", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    made = client.http.post("/api/v1/corrections", json=BODIES["/api/v1/corrections"], headers=bearer).json()
    (event,) = client.feed.journal.events(after=made["seq"] - 1)
    assert event.data["by"] == "王"
    client.http.post("/api/v1/alerts", json={"text": "通知"}, headers=bearer)
    found = take(tmp_path / "requests", net)
    assert found is not None and isinstance(found[0], AlertRequest) and found[0].by == "王"


def test_pages_send_strangers_to_the_log_in(client: Client) -> None:
    sent = client.http.get("/")
    assert sent.status_code == 303 and sent.headers["location"] == "login"
    assert "密码" in client.http.get("/login").text
    refused = client.http.post("/login", data={"name": "<b>", "password": "x"})
    assert refused.status_code == 403 and "用户名或密码不对" in refused.text and "<b>" not in refused.text
    assert client.http.post("/login", content=b"x" * 100_000).status_code == 403
    cookie = client.log_in("王")
    assert client.http.get("/logout", headers=cookie).headers["location"] == "login"
    assert client.http.get("/api/v1/board", headers=cookie).status_code == 401
    assert client.http.get("/api/v1/board", headers={"Cookie": f"{COOKIE}=guess"}).status_code == 401


def test_commands(tmp_path: Path) -> None:
    def huying(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return finished("users", *words, input=stdin, env={**os.environ, "HUYING_HOME": str(tmp_path)})

    assert huying("add", "王", "--role", "operator", "--password-stdin", stdin=PASSWORD + "\n").returncode == 0
    assert "operator" in huying("list").stdout
    token = huying("token", "王").stdout.strip()
    user = Access(Users(tmp_path / "console-users.json")).who({"authorization": f"Bearer {token}"})
    assert user is not None and user.name == "王"
    assert "too short" in huying("add", "李", "--password-stdin", stdin="123\n").stderr
    assert "no user" in huying("remove", "李").stderr and huying("remove", "王").returncode == 0


def test_without_what_hashes_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(HuyingError, match="the console needs argon2; run “pip install "):
        Users(tmp_path / "users.json").add("王", PASSWORD, "operator")


def test_tls_with_a_certificate(tmp_path: Path) -> None:
    """A certificate for this machine; who does not trust it is not connected, and there is no answer without TLS."""
    key, certificate = certified(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    Journal(str(tmp_path / "log.sqlite")).close()
    words = ["serve", "--journal", str(tmp_path / "log.sqlite"), "--port", str(port), "--requests", str(tmp_path / "r"),
             "--certificate", str(certificate), "--key", str(key)]  # fmt: skip
    process = Huying[bytes](
        *words, stderr=subprocess.PIPE, env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    )
    url = f"https://localhost:{port}/api/v1/health"
    trusting = ssl.create_default_context(cafile=str(certificate))

    def healthy() -> bool:
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        try:
            return bool(json.loads(urllib.request.urlopen(url, timeout=20, context=trusting).read())["ok"])
        except OSError:
            return False

    try:
        assert until(healthy)
        with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
            urllib.request.urlopen(url, timeout=5, context=ssl.create_default_context())
        with pytest.raises(OSError):
            urllib.request.urlopen(url.replace("https", "http"), timeout=5)
    finally:
        process.terminate()
        process.wait()
    half = finished(*words[:-2])
    assert half.returncode == 2 and "both" in half.stderr
