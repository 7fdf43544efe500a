"""Every page in both languages, by day, by night, on a phone and on the wall: no fault, nothing cut off.

``HUYING_SCREENSHOTS=folder`` keeps the pictures; ``HUYING_PICTURES=docs`` makes those of the documentation anew.
Somebody has to look at them: a test sees a label that is cut off, not one that is ugly.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.gallery import GUESSED, REPORT, SAID, fill, save_small
from tests.helpers.served import Served
from voice.journal.store import Journal
from voice.net.loading import load_net
from voice.places import sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.status import Status, status_file

DESK, PHONE, WALL = (1280, 860), (390, 844), (1920, 1080)

PAGES = ("", "review", "rolls", "log", "roster", "devices", "setup")

DOCUMENTED = {
    "watch-{0}-desk-day": "console-watch", "review-{0}-desk-day": "console-review",
    "rolls-{0}-desk-day": "console-rolls", "wall-{0}-wall-night": "console-wall",
    "card-{0}-phone-day": "console-phone", "sheet-{0}-paper": "roll-sheet",
}  # fmt: skip
"""Picture → its name in docs/, to which the language is added."""


@dataclass
class Gallery:
    """A console with something on every page, and where its pictures go, if anywhere."""

    served: Served
    browser: Any
    folder: Path | None

    def page(self, size: tuple[int, int], english: bool = False) -> Any:
        """A browser of its own in that language; faults of its scripts fail the test when it is closed."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en-GB" if english else "zh-CN"
        )
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.faults = []
        page.on("pageerror", lambda e: page.faults.append(str(e)))
        if english:
            page.goto(f"{self.served.url}/log")
            page.get_by_role("button", name="English").click()
            page.get_by_role("button", name="中文").wait_for()
        return page

    def keep(self, page: Any, name: str) -> None:
        """Take the picture if it is wanted, and put it into docs/ if it belongs there."""
        if self.folder is None:
            return
        png = page.screenshot(animations="disabled")
        save_small(png, self.folder / f"{name}.png")
        for language in ("zh", "en"):
            for pattern, doc in DOCUMENTED.items():
                if "HUYING_PICTURES" in os.environ and pattern.format(language) == name:
                    shutil.copy(self.folder / f"{name}.png", f"{os.environ['HUYING_PICTURES']}/{doc}-{language}.png")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, synthesiser: Synthesiser) -> Iterator[Gallery]:
    api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("Chromium is not installed (Debian: chromium fonts-noto-cjk)")
    place = tmp_path_factory.mktemp("gallery")
    shutil.copytree(sample_net(), place / "net")
    net = load_net(place / "net")
    noise = np.random.default_rng(5)
    today = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    today -= timedelta(days=1) if today > datetime.now(UTC) - timedelta(minutes=20) else timedelta(0)
    with Journal(str(place / "log.sqlite")) as journal:
        speaker, clips = Announcer(net, synthesiser), {}
        for key, words in {**SAID, "unclear": GUESSED, "situation": REPORT}.items():
            pcm = speaker.say(words)
            clips[key] = journal.clips.put((pcm * 0.5 + noise.standard_normal(len(pcm)) * 300).astype(np.int16))
        fill(journal, net, clips, today)
    wanted = {"HUYING_SCREENSHOTS", "HUYING_PICTURES"} & set(os.environ)
    folder = Path(os.environ.get("HUYING_SCREENSHOTS", place / "pictures")) if wanted else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    served = Served(place / "home", place / "log.sqlite", ("--net", str(place / "net")))
    done = threading.Event()

    def listening() -> None:
        """A station runs beside the console."""
        while not done.wait(0.5):
            level = -52.0 + noise.standard_normal()
            status = Status(level_db=level, source="USB", transmits=True, floor_db=-60.0, squelch="closed")
            status_file(served.requests).write(status, at_once=True)

    station = threading.Thread(target=listening, daemon=True)
    station.start()
    try:
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            yield Gallery(served, browser, folder)
            browser.close()
    finally:
        done.set()
        station.join()
        served.close()


WIDTH = "document.documentElement.clientWidth"

CUT = """() => [...document.querySelectorAll(
'.q-btn__content, .nav .word, .banner, .alarm, .heading, .tile .name, .tile .state, th, td')]
.filter(e => e.offsetParent && e.scrollWidth > e.clientWidth && getComputedStyle(e).overflow !== 'visible')
.map(e => e.className + ': ' + e.textContent)"""
"""What shows less than it says."""


def settle(page: Any) -> None:
    """Wait until nothing new has appeared on it for more than a second, and nothing is awaited."""
    sizes: list[int] = []
    while len(sizes) < 4 or len(set(sizes[-4:])) > 1:
        page.locator(".q-spinner").wait_for(state="detached")
        page.wait_for_timeout(400)
        sizes.append(page.evaluate("document.getElementsByTagName('*').length"))


PALE = """() => {
const parts = c => c.match(/[0-9.]+/g).map(Number);
const light = c => parts(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [.2126, .7152, .0722][k], .05);
const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (parts(c)[3] !== 0) return c; } return 'rgb(255, 255, 255)'; };
return [...document.querySelectorAll('.bad, .doubtful, .good, .soft, .q-page .q-btn')]
.filter(e => e.offsetParent && !e.disabled && e.textContent.trim() && !e.closest('.alarm'))
.map(e => [e.textContent, light(getComputedStyle(e).color), light(ground(e))])
.filter(([, a, b]) => Math.max(a, b) / Math.min(a, b) < 4.5); }"""
"""Words that hardly stand out from what is behind them: less than WCAG's 4.5 to 1. An alarm blinks, and is large."""

ASTRAY = """() => [...document.querySelectorAll('.feedrow > .play')]
.filter(e => e.offsetParent && e.getBoundingClientRect().left < e.parentElement.getBoundingClientRect().right - 50)
.map(e => e.parentElement.textContent)"""
"""Rows whose sound is not at their right end."""


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page(gallery: Gallery, english: bool, size: tuple[int, int]) -> None:
    """By day, and at the desk by night as well: night falls while the page is open."""
    language, width = "en" if english else "zh", "phone" if size is PHONE else "desk"
    page = gallery.page(size, english=english)
    for path in PAGES:
        page.goto(f"{gallery.served.url}/{path}")
        page.get_by_role("button", name="中文" if english else "English").wait_for()
        settle(page)
        for light in ("day", "night") if size is DESK else ("day",):
            page.emulate_media(color_scheme="dark" if light == "night" else "light")
            page.locator(".body--dark" if light == "night" else ".body--light").wait_for()
            wide = page.evaluate(f"document.documentElement.scrollWidth - {WIDTH}")
            assert wide <= 0, f"/{path} is wider than its screen"
            wide = page.evaluate(f"document.querySelector('.nicegui-content').scrollWidth - {WIDTH}")
            assert wide <= 0 or path in ("rolls", "roster"), "tables may scroll, pages do not"
            assert page.evaluate(CUT) == page.evaluate(ASTRAY) == page.evaluate(PALE) == [], (path, light)
            gallery.keep(page, f"{path or 'watch'}-{language}-{width}-{light}")
    assert page.faults == []
    page.context.close()


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_the_wall_shows_42_units_without_scrolling(gallery: Gallery, english: bool) -> None:
    page = gallery.page(WALL, english=english)
    page.goto(f"{gallery.served.url}/wall")
    page.locator('[data-unit="142"]').wait_for()
    settle(page)
    gallery.keep(page, f"wall-{'en' if english else 'zh'}-wall-night")
    assert page.evaluate("document.documentElement.scrollHeight") <= WALL[1], "all of it on one screen"
    assert page.evaluate(CUT) == []
    names = page.locator(".tile .name")
    assert names.count() == 42
    size = float(names.first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)"))
    assert size >= 29, "read from five metres"
    page.context.close()


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_the_card_of_a_unit(gallery: Gallery, english: bool) -> None:
    for size, width in ((DESK, "desk"), (PHONE, "phone")):
        page = gallery.page(size, english=english)
        page.goto(gallery.served.url)
        page.locator('[data-unit="105"]').click()
        page.locator('[data-card="105"]').wait_for()
        settle(page)
        words = page.locator("[data-card] .words").bounding_box()
        assert words is not None and words["width"] > 250, "the words have room"
        gallery.keep(page, f"card-{'en' if english else 'zh'}-{width}-day")
        page.context.close()


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_the_page_that_is_signed(gallery: Gallery, english: bool) -> None:
    rolls = gallery.served.ask("GET", "/api/v1/rolls").json()
    assert rolls
    page = gallery.page((794, 1123), english=english)
    page.goto(f"{gallery.served.url}/rolls")
    button = page.get_by_role("button", name="Print" if english else "打印").nth(1)
    with page.context.expect_page() as opened:
        button.click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate(CUT) == []
    gallery.keep(opened.value, f"sheet-{'en' if english else 'zh'}-paper")
    page.context.close()
