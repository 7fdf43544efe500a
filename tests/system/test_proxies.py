"""The console behind nginx and Caddy, with the very configurations of docs/deploy.md: at the root and under a path."""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile as sf

from tests.helpers.console import BEGAN, morning
from tests.helpers.places import ROOT
from tests.helpers.served import PASSWORD, Served, free_port
from tests.helpers.waiting import until
from voice.console.access import COOKIE
from voice.journal.store import Journal

pytest.importorskip("argon2")
pytest.importorskip("nicegui")


def block(language: str) -> str:
    """The block of deploy.md in this language."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs/deploy.md").read_text("utf-8"), re.DOTALL)
    assert found, language
    return found[1]


@dataclass
class Front:
    """A proxy, and the console behind it."""

    console: Served
    url: str
    clip: str

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Origin": self.url} | more.pop("headers", {})
        return httpx.request(method, self.url + path, verify=False, timeout=60, headers=headers, **more)

    def answers(self) -> bool:
        try:
            self.ask("GET", "/api/v1/health")
        except httpx.HTTPError:
            return False
        return True


def leads(answer: httpx.Response) -> str:
    """Where a browser goes from here."""
    return str(answer.url.join(answer.headers["location"]))


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    """The command of an nginx with the documented block."""
    key, certificate = folder / "radio.key", folder / "radio.pem"
    words = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    subprocess.run(
        ["openssl", *words, "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    own = block("nginx").replace("443 ssl", f"127.0.0.1:{port} ssl").replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    own = own.replace("/etc/nginx/", f"{folder}/").replace("radio.example", "localhost")
    temporary = " ".join(
        f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )  # fmt: skip
    conf = folder / "nginx.conf"
    user = "user root; " if os.geteuid() == 0 else ""
    conf.write_text(
        f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ access_log off; {temporary}\n{own} }}\n"
    )
    return ["nginx", "-c", str(conf), "-e", str(folder / "error.log")]


def caddy(folder: Path, port: int, behind: int) -> list[str]:
    """Likewise."""
    own = block("caddy").replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    own = own.replace("radio.example {", f"https://localhost:{port} {{\n  bind 127.0.0.1\n  tls internal", 1)
    conf = folder / "Caddyfile"
    conf.write_text("{\n  admin off\n  auto_https disable_redirects\n  skip_install_trust\n}\n" + own)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(conf)]


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module", params=PROXIES)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    kind = request.param
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed (Debian: {kind})")
    home = tmp_path_factory.mktemp(kind)
    port = free_port()
    with Journal(str(home / "log.sqlite")) as journal:
        clip = journal.clips.put(np.random.default_rng(1).integers(-9000, 9000, 4000).astype(np.int16))
        journal.append(morning(clip), BEGAN)
    names = ("--name", f"localhost:{port}", "--uploads")
    console = Served(home / "home", home / "log.sqlite", users={"王": "admin"}, words=names)
    folder = home / "proxy"
    folder.mkdir()
    with (folder / "told").open("w") as told:
        process = subprocess.Popen(
            PROXIES[kind](folder, port, console.port), stdout=told, stderr=told,
            env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        )  # fmt: skip
    made = Front(console, f"https://localhost:{port}", clip)
    try:
        assert until(lambda: process.poll() is not None or made.answers()) and made.answers(), (
            folder / "told"
        ).read_text()
        yield made
    finally:
        process.terminate()
        process.wait(10)
        console.close()


@pytest.mark.parametrize("base", ["", "/huying"])
def test_log_in_api_and_socket(front: Front, base: str) -> None:
    stranger = front.ask("GET", f"{base}/")
    assert (stranger.status_code, leads(stranger)) == (303, f"{front.url}{base}/login")
    deep = front.ask("GET", f"{base}/roster/x/y")
    assert (deep.status_code, leads(deep)) == (303, f"{front.url}{base}/login")
    assert f'action="{base}/login"' in front.ask("GET", f"{base}/login").text
    done = front.ask("POST", f"{base}/login", data={"name": "王", "password": PASSWORD})
    assert (done.status_code, leads(done)) == (303, f"{front.url}{base}/"), done.text
    cookie = done.headers["set-cookie"]
    assert "; Secure" in cookie and f"; Path={base}/;" in cookie
    own = {"Cookie": cookie.partition(";")[0]}
    assert front.ask("GET", f"{base}/api/v1/units", headers=own).status_code == 200
    assert front.ask("GET", f"{base}/api/v1/clips/{front.clip}", headers=own).status_code == 200
    order = front.ask("POST", f"{base}/api/v1/test", headers=own)
    assert order.status_code < 300, order.text
    other = front.ask("POST", f"{base}/api/v1/test", headers=own | {"Origin": "https://evil.example"})
    assert other.status_code == 403 and "--name" in other.text
    asyncio.run(_socket(front, base, own))
    assert front.ask("GET", f"{base}/api/docs", headers=own).text.count(f"{base}/api/docs/static") >= 2
    assert leads(front.ask("GET", f"{base}/logout", headers=own)) == f"{front.url}{base}/login"
    assert front.ask("GET", f"{base}/api/v1/units", headers=own).status_code == 401


async def _socket(front: Front, base: str, headers: dict[str, str]) -> None:
    import ssl

    websockets = pytest.importorskip("websockets")
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    address = f"{front.url.replace('https', 'wss')}{base}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(address, additional_headers={**headers, "Origin": front.url}, ssl=trust) as s:
        assert str(await asyncio.wait_for(s.recv(), 20)).startswith("0{")


def test_an_upload(front: Front) -> None:
    key = front.console.token("王")["Authorization"].partition(" ")[2]
    out = io.BytesIO()
    sf.write(out, np.zeros(8000, np.int16), 8000, format="WAV")
    fields = {"key": key, "system": "1", "talkgroup": "501", "dateTime": "2026-06-05T08:30:00Z"}
    done = front.ask(
        "POST", "/huying/api/call-upload", data=fields, files={"audio": ("a.wav", out.getvalue(), "audio/wav")}
    )
    assert done.status_code == 200, done.text


@pytest.mark.parametrize("base", ["/huying"])
def test_in_a_browser(front: Front, base: str) -> None:
    """Every page comes, its socket is up, a clip's picture is seen and its sound is asked for; nothing goes astray."""
    api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium")
    if not path:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    astray: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.set_default_timeout(60_000)
        inside = (f"{front.url}{base}/", "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(inside) else astray.append(r.url))
        page.on("response", lambda r: astray.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.goto(f"{front.url}{base}/")
        page.fill("[name=name]", "王")
        page.fill("[name=password]", PASSWORD)
        page.click("button")
        page.locator('[data-unit="102"]').wait_for()
        assert [c["secure"] for c in context.cookies() if c["name"] == COOKIE] == [True]
        with page.expect_response(lambda r: r.url == f"{front.url}{base}/api/v1/clips/{front.clip}") as asked:
            page.locator(".feedrow button").first.click()
        assert asked.value.status in (200, 206)
        for name in ("review", "rolls", "log", "roster", "devices"):
            page.locator(f'a[href="{base}/{name}"]').click()
            page.wait_for_url(f"{front.url}{base}/{name}")
            page.locator(".q-page").wait_for()
        page.goto(f"{front.url}{base}/review")
        picture = page.locator("img[src*=waveform]").first
        picture.wait_for()
        assert picture.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
        browser.close()
    assert astray == []
