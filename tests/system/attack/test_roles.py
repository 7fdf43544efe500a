"""What each role gets of pages and their sockets, and what it can do on a page that is open: a page's buttons are asked
over its socket, where no route's table sees them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.console import BEGAN, morning
from tests.helpers.served import Served
from tests.helpers.waiting import until
from voice.journal.store import Journal
from voice.places import sample_net
from voice.station.status import Status, status_file

pytest.importorskip("argon2")
pytest.importorskip("nicegui")

from voice.console.access import COOKIE
from voice.console.pages import PAGES

USERS = {"看": "viewer", "王": "operator", "长": "admin"}
PATHS = [kind.path() for kind in PAGES]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With a net of its own, which may be changed, and a station that seems to run and could transmit."""
    home = tmp_path_factory.mktemp("roles")
    shutil.copytree(sample_net(), home / "net")
    with Journal(str(home / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
    served = Served(home, home / "log.sqlite", words=("--net", str(home / "net")), users=USERS)
    ended = threading.Event()

    def runs() -> None:
        while not ended.wait(0.2):
            status_file(served.requests).write(Status(transmits=True), True)

    thread = threading.Thread(target=runs)
    thread.start()
    yield served
    ended.set()
    thread.join()
    served.close()


@pytest.mark.parametrize("user", [*USERS, "stranger", "guess"])
def test_every_page_and_its_socket(console: Served, user: str) -> None:
    websockets = pytest.importorskip("websockets")
    headers = {"stranger": {}, "guess": {"Cookie": f"{COOKIE}=guess"}}.get(user) or (
        console.log_in(user) if user in USERS else {}
    )
    known = user in USERS
    for path in PATHS:
        found = console.ask("GET", path, headers=headers)
        assert found.status_code == (200 if known else 303), (path, found.status_code)

    async def opens(path: str, origin: str) -> bool:
        address = f"ws://{console.host}:{console.port}{path}"
        try:
            async with websockets.connect(address, additional_headers={**headers, "Origin": origin}) as s:
                return str(await asyncio.wait_for(s.recv(), 20)).startswith("0{")
        except (websockets.InvalidStatus, websockets.InvalidHandshake, websockets.ConnectionClosed):
            return False

    socket = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    assert asyncio.run(opens(socket, console.url)) is known
    assert not asyncio.run(opens(socket, "http://evil.example")), "another site's page opens none, whoever is logged in"
    polled = console.ask("GET", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", headers=headers)
    assert known or polled.status_code != 200, "nor by the way without a socket"


def standing(console: Served) -> dict[str, Any]:
    """All that somebody could have changed."""
    with Journal(str(console.journal), create=False) as journal:
        events = len(journal)
    net = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (console.home / "net").rglob("*") if p.is_file()}
    orders = sorted(p.name for p in console.requests.glob("*.json*"))
    users = (console.home / "console-users.json").read_bytes()
    return {"events": events, "net": net, "orders": orders, "users": users}


def click_all(page: Any, url: str, paths: list[str]) -> int:
    """Every button of every page, and of the dialogs that they open; how many."""
    clicked = 0
    for path in paths:
        page.goto(url + path)
        page.locator(".q-page").wait_for()
        page.wait_for_timeout(500)
        for k in range(min(12, page.locator(".q-page button:visible").count())):
            for box in page.locator("input[type=text]:visible, textarea:visible").all()[:4]:
                try_to(lambda box=box: box.fill("贾岗社区", timeout=300))
            if not press(page.locator(".q-page button:visible").nth(k)):
                continue
            clicked += 1
            page.wait_for_timeout(100)
            for _ in range(2):  # yes to everything that is asked
                inside = page.locator(".q-dialog button:visible")
                if inside.count():
                    press(inside.last)
                    page.wait_for_timeout(100)
            page.keyboard.press("Escape")
            if page.url != url + path:
                page.goto(url + path)
                page.locator(".q-page").wait_for()
    return clicked


def press(button: Any) -> bool:
    """Click it, whatever lies over it and however slow the machine is; whether it is there."""
    return try_to(lambda: button.dispatch_event("click", timeout=700))


def try_to(act: Any) -> bool:
    from playwright.sync_api import Error

    try:
        act()
    except Error:
        return False
    return True


@pytest.mark.parametrize(("user", "may"), [("看", ()), ("王", ("events", "orders"))])
def test_whoever_clicks_everything_changes_what_the_role_may(console: Served, user: str, may: tuple[str, ...]) -> None:
    api = pytest.importorskip("playwright.sync_api")
    binary = shutil.which("chromium")
    if not binary:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    before = standing(console)
    name, _, value = console.log_in(user)["Cookie"].partition("=")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.add_cookies([{"name": name, "value": value, "url": console.url}])
        page = context.new_page()
        page.set_default_timeout(60_000)
        assert click_all(page, console.url, [p for p in PATHS if p != "/wall"]) > 8
        browser.close()

    def changes() -> set[str]:
        after = standing(console)
        return {k for k in before if before[k] != after[k]}

    assert until(lambda: bool(changes())) if may else not until(changes, 1.0)
    changed, after = changes(), standing(console)
    assert changed <= set(may), (changed, after)
    assert bool(changed) is bool(may), "an operator's clicks do something: the test would see it"
