"""Who gets into the console, asked while its accounts change under it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.helpers.console import BEGAN, morning
from tests.helpers.forking import finished
from tests.helpers.places import ROOT
from tests.helpers.served import PASSWORD, Served, free_port
from tests.helpers.waiting import real_time, until
from voice.console.access import SESSIONS, STREAMS, TRIES, TRIES_UNKNOWN, Access
from voice.console.connection import HEAD_S
from voice.console.users import LOCAL, Users
from voice.errors import HuyingError
from voice.journal.store import Journal

pytest.importorskip("argon2")

ROLES = {"看": "viewer", "王": "operator", "长": "admin"}
DAMAGE = [
    "", "[]", "{}", "null", "[1]", '{"a":1}', '[{"name":"a"}]', "[" * 100_000, "\ud800",
          '[{"name":"a","role":"root","hash":"x","tokens":[]}]', '[{"name":"","role":"admin","hash":"x"}]',
          '[{"name":"a","role":"admin","hash":"x","tokens":"abc"}]', '[{"name":["a"],"role":"admin","hash":"x"}]',
]  # fmt: skip


def made(path: Path) -> Users:
    users = Users(path)
    for name, role in ROLES.items():
        users.add(name, PASSWORD, role)
    return users


@pytest.mark.parametrize("damage", [*DAMAGE, None])
@pytest.mark.parametrize("local", [True, False])
def test_whatever_becomes_of_the_file_nobody_gets_in(tmp_path: Path, damage: str | None, local: bool) -> None:
    users = made(tmp_path / "users.json")
    access = Access(users, local=local)
    assert access.who({}) is None
    if damage is None:
        users.path.unlink()
    else:
        users.path.write_text(damage, "utf-8", errors="surrogatepass")
    for headers in ({}, {"authorization": "Bearer x"}, {"cookie": "huying_session=x"}):
        with contextlib.suppress(HuyingError):
            assert access.who(headers) is None
    with contextlib.suppress(HuyingError):
        assert not access.open


def test_without_users_only_this_machine_gets_in(tmp_path: Path) -> None:
    assert Access(Users(tmp_path / "none.json")).who({}) == LOCAL
    for text in (None, "[]"):
        if text:
            (tmp_path / "none.json").write_text(text)
        away = Access(Users(tmp_path / "none.json"), local=False)
        assert away.who({}) is None and away.who({"authorization": "Bearer x"}) is None and not away.open


@pytest.mark.parametrize("change", ["password", "role", "removed", "added again"])
def test_sessions_and_tokens_end_with_the_account_they_were_made_under(tmp_path: Path, change: str) -> None:
    users = made(tmp_path / "users.json")
    token = {"authorization": f"Bearer {users.token('王')}"}
    access = Access(users)
    session = access.log_in("王", PASSWORD)
    assert session and access.of_session(session) and access.who(token)
    if change in ("removed", "added again"):
        users.remove("王")
    if change != "removed":
        users.add(
            "王", "another horse" if change == "password" else PASSWORD, "viewer" if change == "role" else "operator"
        )
    assert access.of_session(session) is None and access.who(token) is None


def test_guessing_is_limited_for_known_and_unknown_names(tmp_path: Path) -> None:
    now = [0.0]
    access = Access(made(tmp_path / "users.json"), lambda: now[0])
    for k in range(TRIES_UNKNOWN + 5):
        assert access.log_in(f"nobody {k}", PASSWORD) is None
    before = time.process_time()
    for k in range(50):
        assert access.log_in(f"somebody {k}", PASSWORD) is None
    assert time.process_time() - before < 5, "these are refused without a hash"
    assert access.log_in("王", PASSWORD), "who is known may log in meanwhile"
    for _ in range(TRIES):
        assert access.log_in("王", "wrong") is None
    with pytest.raises(HuyingError, match="too many"):
        access.log_in("王", PASSWORD)
    assert len(access._failed) <= len(ROLES) + 1, "what is counted does not grow with the guesses"


def test_many_guesses_at_once_are_not_more(tmp_path: Path) -> None:
    access = Access(made(tmp_path / "users.json"))
    got: list[object] = []

    def guess() -> None:
        try:
            got.append(access.log_in("王", "wrong"))
        except HuyingError:
            got.append("limit")

    threads = [threading.Thread(target=guess) for _ in range(TRIES + 10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got.count("limit") == 10


def test_sessions_of_one_user_are_bounded(tmp_path: Path) -> None:
    access = Access(made(tmp_path / "users.json"))
    first = access.log_in("王", PASSWORD)
    for _ in range(SESSIONS):
        last = access.log_in("王", PASSWORD)
    assert first and access.of_session(first) is None and last and access.of_session(last)


def test_many_changes_of_accounts_at_once_are_all_kept(tmp_path: Path) -> None:
    """Eight processes add an account each."""
    code = "import sys; from voice.console.users import Users; from pathlib import Path; " \
           "Users(Path(sys.argv[1])).add(sys.argv[2], 'password', 'viewer')"  # fmt: skip
    words = [sys.executable, "-c", code, str(tmp_path / "users.json")]
    running = [subprocess.Popen([*words, f"user {k}"], cwd=ROOT) for k in range(8)]
    assert [p.wait(60) for p in running] == [0] * 8
    assert len(Users(tmp_path / "users.json").all()) == 8


def test_a_password_of_any_characters(tmp_path: Path) -> None:
    access = Access(made(tmp_path / "users.json"))
    assert access.log_in("王", "\ud800") is None and access.log_in("\ud800", "x") is None


# -- over HTTP -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console that others can reach, with users."""
    home = tmp_path_factory.mktemp("away")
    with Journal(str(home / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
    served = Served(home, home / "log.sqlite", host="127.0.0.2", users=ROLES)
    yield served
    served.close()


def strangers(at: Served) -> set[int]:
    """What a stranger gets, reading and transmitting."""
    return {
        at.ask("GET", "/api/v1/units").status_code, at.ask("POST", "/api/v1/test").status_code,
        at.ask("GET", "/api/v1/units", headers={"Authorization": "Bearer x"}).status_code,
        at.ask("GET", "/api/v1/units", headers={"Cookie": "huying_session=x"}).status_code,
    }  # fmt: skip


def test_a_console_that_others_can_reach_stays_closed(away: Served) -> None:
    file = away.home / "console-users.json"
    kept = file.read_text("utf-8")
    try:
        assert strangers(away) == {401}
        for damage in DAMAGE:
            file.write_text(damage, "utf-8", errors="surrogatepass")
            assert strangers(away) <= {401, 503}, damage
            assert away.ask("GET", "/").status_code in (303, 503)
        file.unlink()
        assert strangers(away) == {401}
        shutil.move(away.home, away.home.with_name("unmounted"))
        assert strangers(away) == {401}
        shutil.move(away.home.with_name("unmounted"), away.home)
    finally:
        file.write_text(kept, "utf-8")
    assert strangers(away) == {401} and away.ask("GET", "/api/v1/units", headers=away.log_in("看")).status_code == 200


def test_it_does_not_start_without_users(tmp_path: Path) -> None:
    for words in (("--host", "127.0.0.2"), ("--name", "station.local")):
        done = _serve(tmp_path, *words)
        assert done.returncode == 2 and "no users" in done.stderr


def _serve(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HUYING_HOME": str(home)}
    Journal(str(home / "log.sqlite")).close()
    return finished("serve", "--journal", home / "log.sqlite", "--port", str(free_port()), *words, env=env)


def test_a_flood_of_log_ins_does_not_stop_the_others(away: Served) -> None:
    waits: list[float] = []
    done = threading.Event()

    def guess(k: int) -> None:
        with httpx.Client(base_url=away.url, timeout=60) as http:
            n = 0
            while not done.is_set():
                n += 1
                assert http.post("/login", data={"name": f"x{k} {n}", "password": "y"}).status_code == 403

    threads = [threading.Thread(target=guess, args=(k,), daemon=True) for k in range(16)]
    for t in threads:
        t.start()
    for _ in range(30):
        began = time.monotonic()
        assert away.ask("GET", "/api/v1/health").status_code == 200
        waits.append(time.monotonic() - began)
        real_time(0.1)
    done.set()
    for t in threads:
        t.join(60)
    assert statistics.median(waits) < 10.0, waits
    assert away.log_in("看")


def test_streams_hold_no_thread_and_have_a_limit(away: Served) -> None:
    viewer, operator = away.log_in("看"), away.log_in("王")
    with httpx.Client(base_url=away.url, timeout=30) as http:
        open_ones = []
        for _ in range(STREAMS):
            stream = http.stream("GET", "/api/v1/events/stream", headers=viewer)
            answer = stream.__enter__()
            told = answer.iter_text()
            open_ones.append((stream, told))
            assert answer.status_code == 200 and next(told).startswith("retry")
        assert away.ask("GET", "/api/v1/events/stream", headers=viewer).status_code == 429
        assert away.ask("GET", "/api/v1/events/wait?after=0&seconds=0", headers=viewer).status_code == 429
        assert away.ask("GET", "/api/v1/events/wait?after=0&seconds=0", headers=operator).status_code == 200
        for stream, _ in open_ones:
            stream.__exit__(None, None, None)
    again = "/api/v1/events/wait?after=0&seconds=0"
    assert until(lambda: away.ask("GET", again, headers=viewer).status_code == 200), "streams that were closed count"


def test_half_requests_are_closed(away: Served) -> None:
    """Headers that never end, a body that never comes, and silence, at once."""
    halves = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX-a: ", b"", b"POST /login HTTP/1.1\r\nHost: 127.0.0.2\r\n"
              b"Content-Length: 100\r\n\r\nname=", b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\nGET / HT",
    ]  # fmt: skip
    sockets = []
    for k in range(200):
        s = socket.create_connection((away.host, away.port), 10)
        s.sendall(halves[k % len(halves)])
        sockets.append(s)
    assert away.ask("GET", "/api/v1/health").status_code == 200
    left = set(sockets)

    def closed(s: socket.socket) -> bool:
        s.settimeout(0.01)
        try:
            return not s.recv(4096)
        except TimeoutError:
            return False
        except OSError:
            return True

    def all_closed() -> bool:
        left.difference_update([s for s in left if closed(s)])
        return not left

    assert until(all_closed, 3 * HEAD_S + 45)
    for s in sockets:
        s.close()


def test_no_page_stands_in_anothers_frame(away: Served) -> None:
    cookie = away.log_in("看")
    for path in ("/", "/login", "/review", "/roster", "/devices", "/api/v1/units", "/api/docs", "/nowhere"):
        headers = away.ask("GET", path, headers=cookie).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY", path


def test_notes_of_any_characters_are_kept(away: Served) -> None:
    token = away.token("王")
    for raw, kept in ((r"\ud800", "\ufffd"), (r"a\u0000b", "a\ufffdb"), (r"\ud83d\ude00", "😀"), ("é", "é")):
        body = '{"seq":5,"unit":"101","meaning":"ack","note":"' + raw + '"}'
        got = away.ask(
            "POST", "/api/v1/corrections", content=body.encode(), headers={**token, "Content-Type": "application/json"}
        )
        assert got.status_code == 201, got.text
        found = away.ask("GET", f"/api/v1/events?after={got.json()['seq'] - 1}", headers=token).json()
        assert found[0]["detail"].endswith(kept)
    for body in (
        r'{"seq":"\ud800"}',
        r'["\ud800"]',
        r'"\udfff"',
        r'{"\ud800":1}',
        r'{"seq":5,"unit":"\ud800","meaning":"ack"}',
    ):
        got = away.ask(
            "POST", "/api/v1/corrections", content=body, headers={**token, "Content-Type": "application/json"}
        )
        assert got.status_code == 422, (body, got.text)
    for body in (r'{"text":"\ud800"}', r'{"text":"好","to":["\ud800"]}'):
        got = away.ask("POST", "/api/v1/alerts", content=body, headers={**token, "Content-Type": "application/json"})
        assert got.status_code == 422, (body, got.text)
    with Journal(str(away.journal), create=False) as journal:
        json.dumps([e.data for e in journal.events()], ensure_ascii=False).encode()


def test_exports_leave_nothing_behind(away: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    place, cookie = Path(tempfile.gettempdir()), away.log_in("看")
    before = set(place.glob("huying-export-*"))
    for k in range(10):
        assert away.ask("GET", "/api/v1/exports/roll.html?since=2026-99-99", headers=cookie).status_code == 422, k
        assert away.ask("GET", "/api/v1/exports/events.csv", headers=cookie).status_code == 200
    assert until(lambda: set(place.glob("huying-export-*")) <= before)


# -- pages that stay open ----------------------------------------------------------------------------


async def page_of(at: Served, headers: dict[str, str]) -> bool:
    """Whether a page's websocket ends by itself within some seconds."""
    import websockets

    address = f"ws://{at.host}:{at.port}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(address, additional_headers={**headers, "Origin": at.url}) as socket_:
        await socket_.recv()
        try:
            while True:
                await asyncio.wait_for(socket_.recv(), 12)
        except websockets.ConnectionClosed:
            return True
        except TimeoutError:
            return False


@pytest.mark.parametrize("change", ["removed", "password", "role", "logged out"])
def test_an_open_page_ends_with_its_users_right_to_it(away: Served, change: str) -> None:
    pytest.importorskip("websockets")
    away.huying("users", "add", "客", "--role", "operator", "--password-stdin", stdin=PASSWORD + "\n")
    session = away.log_in("客")

    def later() -> None:
        real_time(1.0)
        if change == "removed":
            away.huying("users", "remove", "客")
        elif change == "logged out":
            away.ask("GET", "/logout", headers=session)
        else:
            role = "viewer" if change == "role" else "operator"
            away.huying("users", "add", "客", "--role", role, "--password-stdin", stdin="another horse\n")

    thread = threading.Thread(target=later)
    thread.start()
    try:
        assert asyncio.run(page_of(away, session))
        assert away.ask("GET", "/api/v1/units", headers=session).status_code == 401
    finally:
        thread.join()


def test_an_open_stream_ends_with_its_users_right_to_it(away: Served) -> None:
    away.huying("users", "add", "客", "--role", "viewer", "--password-stdin", stdin=PASSWORD + "\n")
    session = away.log_in("客")
    with httpx.stream("GET", away.url + "/api/v1/events/stream", headers=session, timeout=30) as answer:
        told = answer.iter_text()
        assert next(told).startswith("retry")
        away.huying("users", "remove", "客")
        for _ in told:  # ends
            pass


def test_strangers_open_no_page(away: Served) -> None:
    websockets = pytest.importorskip("websockets")

    async def refused(headers: dict[str, str]) -> bool:
        try:
            return not await page_of(away, headers)
        except (websockets.InvalidStatus, websockets.InvalidHandshake):
            return True

    assert asyncio.run(refused({})) and asyncio.run(refused({"Cookie": "huying_session=guess"}))
