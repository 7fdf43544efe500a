"""``huying bench console``: consoles, searches and a webhook that hangs, beside a station that listens."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from voice.bench.capacity import Carried, carry
from voice.bench.growth import BEGAN, fill
from voice.bench.speed import channel_of, free_port, overs_of
from voice.errors import HuyingError
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.pcm import Pcm16
from voice.places import sample_net
from voice.station.ear import Ear, open_ear
from voice.talk.facts import Answered, Fact

START_S = 120.0
SEARCH_EVERY_S = 2.0
MARKS = 40
"""Number of events whose delay to the screen is measured."""

TYPICAL = ("/", "/review", "/rolls", "/log")
"""Browser pages opened: watch, review, roll sheets, log."""

WEBHOOK = """
[[webhooks]]
url = "http://127.0.0.1:{port}/"
events = ["over", "called", "answered"]
"""


@dataclass
class Seen:
    """Measurements of the consoles."""

    delays: list[float]
    """Delay from journal to console, s, one value per event and console."""
    searches: list[float]
    """Duration of each search, s."""


def console(
    events: int, consoles: int, channels: int, seconds: float, browser: bool, tell: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Channels alone; then with console, readers, searches and a webhook whose target never answers. Yields (figure,
    value) as measured. Raises HuyingError."""
    net = load_net(sample_net())
    ear = open_ear(net)
    pcm = channel_of(overs_of(net), 300.0, 0.1)
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        path = Path(place) / "log.sqlite"
        fill(path, net, events)
        journal = stack.enter_context(Journal(str(path)))
        tell(f"{channels} channels alone, {seconds:.0f} s…")
        alone = carry(ear, pcm, channels, seconds, journal)
        address, server = stack.enter_context(_served(Path(place), stack.enter_context(_hanging())))
        tell(f"… and with {consoles} consoles")
        together, seen = _loaded(ear, pcm, channels, seconds, journal, address, consoles)
        yield from (
            ("over to journal, channels alone, median and 95 %", f"{alone.median_ms:.0f}, {alone.slow_ms:.0f} ms"),
            ("… with consoles, searches, a hanging webhook", f"{together.median_ms:.0f}, {together.slow_ms:.0f} ms"),
            (f"journal to {consoles} consoles, median and 95 %", _percentiles(seen.delays)),
            ("search while listening, median and 95 %", _percentiles(seen.searches)),
        )
        if browser:
            yield from _screens(address, server, journal, consoles, channels)


def _percentiles(waits: list[float]) -> str:
    if not waits:
        return "–"
    median, slow = (1000 * float(np.percentile(waits, p)) for p in (50, 95))
    return f"{median:.0f}, {slow:.0f} ms ({len(waits)})"


@contextmanager
def _hanging() -> Iterator[int]:
    """Port of a server that accepts connections and never answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(64)
        yield s.getsockname()[1]


@contextmanager
def _served(place: Path, hook: int) -> Iterator[tuple[str, psutil.Process]]:
    """Address and process of a console on the journal in ``place``."""
    shutil.copytree(sample_net(), place / "net")
    with (place / "net" / "net.toml").open("a", encoding="utf-8") as f:
        f.write(WEBHOOK.format(port=hook))
    port = free_port()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "voice",
            "serve",
            "--journal",
            str(place / "log.sqlite"),
            "--port",
            str(port),
            "--requests",
            str(place / "requests"),
            "--net",
            str(place / "net"),
        ],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + START_S
        while True:
            try:
                with urllib.request.urlopen(f"{address}/api/v1/health", timeout=5):  # noqa: S310
                    break
            except OSError as e:
                if server.poll() is not None or time.monotonic() > ends:
                    raise HuyingError("the console did not start; try “huying serve” by hand") from e
                time.sleep(0.2)
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def _loaded(
    ear: Ear, pcm: Pcm16, channels: int, seconds: float, journal: Journal, address: str, consoles: int
) -> tuple[Carried, Seen]:
    """Console users run in a separate process, as on other machines."""
    committed: dict[int, float] = {}
    own, theirs = multiprocessing.Pipe()
    people = multiprocessing.get_context("spawn").Process(target=_people, args=(address, consoles, theirs), daemon=True)
    people.start()
    own.recv()  # all are connected

    def commit(event: Event, _fact: Fact) -> None:
        committed[event.seq] = time.monotonic()

    carried = carry(ear, pcm, channels, seconds, journal, 1, commit)
    time.sleep(1.0)
    own.send("enough")
    arrived, searches = own.recv()
    people.join()
    # seen before the writer noted it: zero delay
    return carried, Seen([max(0.0, t - committed[seq]) for seq, t in arrived if seq in committed], searches)


def _people(address: str, consoles: int, wire: Connection) -> None:
    """Consoles following the events, and a user searching; sends the arrival times and the durations of searches."""
    arrived: list[tuple[int, float]] = []
    searches: list[float] = []
    done = threading.Event()
    threads = [threading.Thread(target=_read, args=(address, arrived, done), daemon=True) for _ in range(consoles)]
    threads.append(threading.Thread(target=_search, args=(address, searches, done), daemon=True))
    for t in threads:
        t.start()
    time.sleep(2.0)
    wire.send("ready")
    wire.recv()
    done.set()
    wire.send((list(arrived), list(searches)))


def _read(address: str, arrived: list[tuple[int, float]], done: threading.Event) -> None:
    """Event stream of one console."""
    with urllib.request.urlopen(f"{address}/api/v1/events/stream", timeout=60) as stream:  # noqa: S310
        for raw in stream:
            if done.is_set():
                return
            if raw.startswith(b"id: "):
                arrived.append((int(raw[4:]), time.monotonic()))


def _search(address: str, searches: list[float], done: threading.Event) -> None:
    words = ("贾岗", "jgsq", "一切正常", "zheng chang", "省残联")
    k = 0
    while not done.is_set():
        began = time.monotonic()
        q = urllib.parse.quote(words[k % len(words)])
        with urllib.request.urlopen(f"{address}/api/v1/events?limit=100&q={q}", timeout=300) as answer:  # noqa: S310
            json.load(answer)
        searches.append(time.monotonic() - began)
        k += 1
        done.wait(SEARCH_EVERY_S)


WATCHED = """() => {
    window.seen = {};
    new MutationObserver((changes) => {
        for (const node of new Set(changes.map(c => c.target)))
            for (const m of node.textContent.matchAll(/记号(\\d+)/g))
                if (!(m[1] in window.seen)) window.seen[m[1]] = Date.now() / 1000;
    }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""
"""Notes when each mark is on the page; looks at what has changed alone, so that the bench itself costs little."""


def _screens(
    address: str, server: psutil.Process, journal: Journal, consoles: int, channels: int
) -> Iterator[tuple[str, str]]:
    """Page load times, and the delay from event to screen in one browser window and in ``consoles``. The server's own
    CPU time stands beside: all windows draw on this machine, while those of a bureau have one each."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as e:
        raise HuyingError("--browser needs Playwright; run “pip install playwright”, and install Chromium") from e
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for path in TYPICAL:
            took = []
            for _ in range(3):
                window = chromium.new_context().new_page()
                began = time.monotonic()
                window.goto(address + path, wait_until="load")
                window.wait_for_selector("header", state="visible")
                took.append(time.monotonic() - began)
                window.context.close()
            yield f"page {path} opened, best of three", f"{min(took):.2f} s"
        yield "first content of /, best of three", f"{min(_first_content(chromium, address) for _ in range(3)):.2f} s"
        yield (
            "board that can be clicked, best of three",
            f"{min(_first_content(chromium, address, '[data-unit]') for _ in range(3)):.2f} s",
        )
        yield "… CPU time of the server for it", f"{_page_cpu(address, server):.0f} ms"
        yield f"a unit's card, median of {CARDS}", f"{statistics.median(_cards(chromium, address)) * 1000:.0f} ms"
        for count in sorted({1, consoles}):
            yield from _marked(chromium, address, server, journal, count, channels)
        chromium.close()


def _page_cpu(address: str, server: psutil.Process) -> float:
    """CPU time of the server for the board's page, ms."""
    before = _cpu_ms(server)
    for _ in range(PAGES):
        with urllib.request.urlopen(address, timeout=60) as page:  # noqa: S310
            page.read()
    return (_cpu_ms(server) - before) / PAGES


PAGES = 10


def _cpu_ms(process: psutil.Process) -> float:
    return 1000 * sum(process.cpu_times()[:2])


def _marked(
    chromium: Any, address: str, server: psutil.Process, journal: Journal, count: int, channels: int
) -> Iterator[tuple[str, str]]:
    """Delay from event to the screen of ``count`` windows."""
    windows = [chromium.new_context().new_page() for _ in range(count)]
    for w in windows:
        w.goto(address, wait_until="load")
        w.wait_for_selector(".banner", state="visible")
        w.evaluate(WATCHED)
    windows[0].wait_for_timeout(1000)
    written, spent = {}, _cpu_ms(server)
    for k in range(count * MARKS, (count + 1) * MARKS):
        journal.append([_mark(k, c) for c in range(channels)], BEGAN)
        written[str(k)] = time.time()
        windows[0].wait_for_timeout(250)
    spent = _cpu_ms(server) - spent
    windows[0].wait_for_timeout(2000)
    shown: list[dict[str, Any]] = [w.evaluate("() => window.seen") for w in windows]
    waits = [s[k] - written[k] for s in shown for k in s if k in written]
    for w in windows:
        w.context.close()
    screens = "a screen" if count == 1 else f"{count} screens"
    yield f"journal to {screens}, median and 95 %", _percentiles(waits)
    yield f"… CPU time of the server, {channels} events to {screens}", f"{spent / MARKS:.0f} ms"
    missing = len(written) * count - len(waits)
    if missing:
        yield "events that a screen did not show", str(missing)


def _first_content(chromium: Any, address: str, part: str = ".banner") -> float:
    """Seconds until a part of the board, its count first of all, shows content."""
    window = chromium.new_context().new_page()
    began = time.monotonic()
    window.goto(address, wait_until="commit")
    window.wait_for_function(f"document.querySelector('{part}')?.innerText.length > 3")
    took = time.monotonic() - began
    window.context.close()
    return took


CARDS = 9


def _cards(chromium: Any, address: str) -> list[float]:
    """Seconds from clicking a tile to its card, measured in the browser."""
    window = chromium.new_context().new_page()
    window.goto(address, wait_until="load")
    window.wait_for_selector("[data-unit]")
    took = []
    for k in range(CARDS):
        took.append(float(window.evaluate(OPENED, k)) / 1000)
        window.keyboard.press("Escape")
        window.wait_for_selector("[data-card]", state="detached")
    window.context.close()
    return took


OPENED = """(k) => new Promise(done => {
    const began = performance.now();
    const look = () => document.querySelector('[data-card]') ? done(performance.now() - began) : setTimeout(look, 4);
    document.querySelectorAll('[data-unit]')[k].click(); look();
})"""


def _mark(k: int, channel: int) -> Answered:
    """An answer with unique text; a window shows one channel."""
    return Answered(
        t=9e6 + k,
        channel=f"c{channel}",
        exchange=k,
        unit="101",
        over=k,
        meaning="normal",
        grade="slot",
        latency_s=2.0,
        late=False,
        confidence=0.97,
        text=f"记号{k}",
        review=False,
    )
