"""The console: the board as a fold, the API over HTTP, and the pages in a real browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voice.console.feed as feed_module
from tests.helpers.console import BEGAN, Served, answered, called, morning, over
from tests.helpers.forking import Huying, finished
from tests.helpers.waiting import until
from voice.console.board import LiveBoard
from voice.console.desk import REVIEW_DAYS, Desk
from voice.console.feed import PAGE, RECENT, Feed
from voice.console.texts import TEXTS, text
from voice.console.waveform import waveform_svg
from voice.journal.lines import lines
from voice.journal.review import open_reviews
from voice.journal.search import search
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.places import sample_net
from voice.station.requests import AlertRequest, CallRequest, RollRequest, SayRequest, WithdrawRequest, take
from voice.station.status import Status, status_file
from voice.talk.by_hand import Acknowledged, Confirmed, Corrected, Undone
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    CalledIn,
    ExchangeClosed,
    NotUnderstood,
    Transcribed,
)


def test_the_board_says_who_did_not_answer() -> None:
    watching = LiveBoard()
    with Journal("sqlite://") as journal:
        for event in journal.append(morning(), BEGAN):
            board = watching.take(event)
        assert [t.state for t in board.tiles.values()] == ["present", "silent", "unclear", "called"]
        count = board.attendance
        assert count.silent == ("102",) and count.unclear == ("103",) and count.answered == ("101",)
        assert board.listening and board.running
        assert board.tiles["101"].latency_s == 1.5 and board.tiles["102"].since == "2026-06-05T02:00:21.000Z"
        fact = Corrected(t=0, corrects=7, unit="102", meaning="present", by="王")
        board = watching.take(journal.append([fact], BEGAN)[0])
    assert board.attendance.silent == () and board.attendance.unclear == ("103",)
    assert board.tiles["102"].by == "human" and board.tiles["102"].since == "2026-06-05T02:00:21.000Z"


def test_what_is_taken_back_goes_back_on_the_board() -> None:
    watching = LiveBoard()
    with Journal("sqlite://") as journal:
        for event in journal.append(morning(), BEGAN):
            watching.take(event)
        before = watching.board
        for unit, closed in (("102", 7), ("103", 11)):
            (event,) = journal.append([Corrected(corrects=closed, unit=unit, meaning="present", by="王")], BEGAN)
            watching.take(event)
            if unit == "103":  # meanwhile the unit itself has answered
                watching.take(journal.append([answered(40, "103", 3)], BEGAN)[0])
            board = watching.take(journal.append([Undone(undoes=event.seq, by="王")], BEGAN)[0])
        assert board.tiles["102"] == before.tiles["102"] and board.attendance.silent == ("102",)
        assert board.tiles["103"].state == "present" and board.tiles["103"].by == "", "its own answer stands"
        report = CalledIn(t=50, unit="104", over=9, meaning="situation", grade="slot", text="打架", pinyin="",
                          confidence=0.9)  # fmt: skip
        (event,) = journal.append([report], BEGAN)
        assert [i.unit for i in watching.take(event).incidents] == ["104"]
        (taken,) = journal.append([Acknowledged(acknowledges=event.seq, by="王")], BEGAN)
        assert watching.take(taken).incidents == ()
        board = watching.take(journal.append([Undone(undoes=taken.seq, by="王")], BEGAN)[0])
        assert [i.seq for i in board.incidents] == [event.seq], "open again"


def test_a_unit_that_calls_in_after_the_roll_call_has_answered_it() -> None:
    watching = LiveBoard()
    with Journal("sqlite://") as journal:
        calls = [
            CalledIn(t=40, unit=u, over=9, meaning="report", grade="slot", text="", pinyin="", confidence=0.9)
            for u in ("101", "104")
        ]
        for event in journal.append([*morning()[:6], *calls], BEGAN):
            board = watching.take(event)
    assert [board.tiles[u].state for u in ("101", "104")] == ["calling", "calling"]
    assert board.attendance.called == ("101", "102") and board.attendance.answered == ("101",)


def test_an_open_alert_shows_on_its_tiles() -> None:
    watching = LiveBoard()
    raised = AlertRaised(t=50, alert=1, text="通知", units=("101", "102"), repeat=1, need_ack=True, emergency=False)
    with Journal("sqlite://") as journal:
        for event in journal.append([*morning(), raised, called(52, "101", 7), called(52, "104", 8)], BEGAN):
            board = watching.take(event)
    assert [board.tiles[u].state for u in ("101", "102", "104")] == ["alerted", "idle", "called"]


def test_the_feed_keeps_channels_apart_and_begins_late_in_a_long_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "LONGEST", 10)
    other = [replace(f, channel="二") for f in morning()]
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append([*morning(), *other], BEGAN)
        journal.append([answered(100 + k, "104", 4) for k in range(20)], BEGAN)
        feed = Feed(journal)
        feed.close()
    assert feed.channels == ("", "二") and feed.seq == 2 * len(morning()) + 20
    assert feed.board.tiles["104"].state == "present" and feed.board.listening
    assert feed.board_of("二").tiles["104"].state == "idle", "what happened before the last events is not read"
    assert len(feed.lines) == 12, "two beginnings and the last ten"


def test_the_feed_follows_another_writer(tmp_path: Path) -> None:
    path = str(tmp_path / "log.sqlite")
    with Journal(path) as writer, Journal(path) as reader:
        writer.append(morning(), BEGAN)
        writer.append(morning()[:3], BEGAN)
        feed = Feed(reader)
        try:
            assert feed.board.tiles["101"].state == "called", "the latest session alone"
            before = feed.seq
            threading.Timer(0.2, lambda: writer.append([answered(4, "101", 1)], BEGAN)).start()
            assert feed.wait(before, 60.0)
            assert [x["type"] for x in feed.after(before)] == ["answered"]
            assert not feed.wait(feed.seq, 0.1)
        finally:
            feed.close()


def test_search_by_characters_pinyin_and_initials(net: Net) -> None:
    with Journal("sqlite://") as journal:
        journal.append(morning(), BEGAN)
        for words, n in (
            ("一切", 2),
            ("yiqie", 2),
            ("yqzc", 2),
            ("贾岗", 2),
            ("jgsq", 2),
            ("jiagang", 2),
            ("nobody", 0),
            ("yi2 qie4", 2),
            ("wo men", 1),
            ("102", 2),
            ("%", 0),
            ("", 0),
        ):
            assert len(search(journal, words, net)) == n, words
        found = search(journal, "一切", net)
        assert [x["type"] for x in found] == ["over", "answered"] and found[1]["pinyin"] == "yi2 qie4 zheng4 chang2"
        assert len(search(journal, "jgsq", net, limit=1)) == 1


def test_search_finds_what_was_typed_and_what_was_dictated(net: Net) -> None:
    """By characters, pinyin and initials alike, though no phrase of the net has these words."""
    with Journal("sqlite://") as journal:
        over_seq = journal.append(morning("c" * 64), BEGAN)[8].seq
        guess = Transcribed(t=26, over=3, text="锅炉房跑水了", engine="whisper-base", confidence=0.7)
        typed = Confirmed(confirms=over_seq, clip="c" * 64, said="水管爆裂", by="王")
        ids = [e.seq for e in journal.append([guess, typed], BEGAN)]
        for words in ("锅炉", "≈锅炉", "guolufang", "glfps"):
            assert ids[0] in [x["seq"] for x in search(journal, words, net)], words
        for words in ("爆裂", "shuiguan", "sgbl"):
            assert ids[1] in [x["seq"] for x in search(journal, words, net)], words
        (hit,) = [x for x in search(journal, "glfps", net) if x["seq"] == ids[0]]
        assert hit["text"] == "≈锅炉房跑水了" and hit["clip"] == "c" * 64
        assert search(journal, "glfpx", net) == []


def test_what_is_corrected_needs_no_review() -> None:
    with Journal("sqlite://") as journal:
        events = journal.append([*morning(), answered(40, "104", 4, review=True)], BEGAN)
        assert [(x["type"], x["unit"]) for x in open_reviews(journal.events())] == [
            ("answered", "104"),
            ("not_understood", "103"),
        ]
        journal.append([Corrected(t=0, corrects=events[-1].seq, unit="104", meaning="ack", by="王")], BEGAN)
        assert [x["unit"] for x in open_reviews(journal.events())] == ["103"]


def test_the_console_keeps_its_reviews_up_to_date(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two weeks before the latest event, however old it is; and nothing is read twice."""
    with Journal("sqlite://") as journal:
        journal.append([*morning(), answered(36, "104", 4, review=True)], BEGAN - timedelta(days=REVIEW_DAYS + 1))
        journal.append(morning(), BEGAN)
        desk = Desk(journal, net, tmp_path)
        assert [x["unit"] for x in desk.open_reviews()] == ["103"]
        (late,) = journal.append([answered(40, "104", 4, review=True)], BEGAN)
        assert [x["unit"] for x in desk.open_reviews()] == ["104", "103"]
        journal.append([Corrected(t=0, corrects=late.seq, unit="104", meaning="ack", by="王")], BEGAN)
        assert [x["unit"] for x in desk.open_reviews()] == ["103"]
        desk.feed.close()
    monkeypatch.setattr("voice.console.desk.REVIEW_EVENTS", 13)
    with Journal("sqlite://") as journal:
        journal.append([*morning(), *morning()], BEGAN)
        desk = Desk(journal, net, tmp_path)
        assert len(desk.open_reviews()) == 1, "of many only the latest are read"
        desk.feed.close()
    with Journal("sqlite://") as journal:
        desk = Desk(journal, net, tmp_path)
        assert desk.open_reviews() == []
        journal.append(morning(), BEGAN)
        assert [x["unit"] for x in desk.open_reviews()] == ["103"]
        desk.feed.close()


def test_every_word_has_two_languages() -> None:
    assert all(len(pair) == 2 and all(pair) for pair in TEXTS.values())
    assert text("missing", False) == "未答" and text("answered of", True, 4, 2) == "2 of 4 called answered"


@pytest.mark.parametrize("n", [0, 1, 100, 8000, 60_000])
def test_a_picture_of_any_clip(n: int) -> None:
    pcm = (np.random.default_rng(0).standard_normal(n) * 2000).astype(np.int16)
    picture = waveform_svg(pcm)
    assert picture.startswith("<svg") and picture.endswith("</svg>") and f"{n / 8000:.1f} s" in picture


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """``huying serve`` in a process of its own, on a journal with clips."""
    pytest.importorskip("nicegui")
    place = tmp_path_factory.mktemp("console")
    shutil.copytree(sample_net(), place / "net")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Journal(str(place / "log.sqlite")) as journal:
        clip = journal.clips.put((np.random.default_rng(1).standard_normal(12_000) * 3000).astype(np.int16))
        journal.append(morning(clip), BEGAN)
    with ExitStack() as stack:
        process = Huying[bytes](
            "serve",
            "--journal",
            str(place / "log.sqlite"),
            "--port",
            str(port),
            "--requests",
            str(place / "requests"),
            "--net",
            str(place / "net"),
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},  # NiceGUI looks for it
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        served = Served(f"http://127.0.0.1:{port}", place / "log.sqlite", place / "requests", place / "net")

        def healthy() -> bool:
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            try:
                return bool(served.get("/api/v1/health"))
            except OSError:
                return False

        assert until(healthy)
        yield served


def test_api_reads(console: Served, net: Net) -> None:
    assert console.get("/api/v1/health")["ok"]
    assert len(console.get("/api/v1/units")) == len(net.units)
    assert console.get("/api/v1/board")["missing"] == ["102"]
    assert console.get("/api/v1/board")["attendance"]["unclear"] == 1
    events = console.get("/api/v1/events?kind=answered")
    assert [e["unit"] for e in events] == ["101"]
    hits = console.get("/api/v1/events?q=jgsq")
    assert len(hits) > 1 and console.get("/api/v1/events?q=jgsq&limit=1") == hits[-1:], "the latest"
    assert console.get(f"/api/v1/events?q=jgsq&kind={hits[0]['type']}&limit=1&after=1")[0]["type"] == hits[0]["type"]
    assert console.get("/api/v1/events/wait?after=5&seconds=0")[0]["seq"] == 6
    clip = events[0]["clip"]
    assert console.get(f"/api/v1/clips/{clip}").startswith("fLaC")
    assert console.get(f"/api/v1/clips/{clip}/waveform.svg").startswith("<svg")
    assert console.get("/api/v1/rolls")["units"][0]["answered"] == 1
    assert "省残联" in console.get("/api/v1/exports/roll.html?since=2026-06-01")
    assert "一切正常" in console.get("/api/v1/exports/events.csv")
    metrics = console.get("/api/v1/metrics")
    assert 'huying_exchanges_total{result="silent"} 1.0' in metrics
    assert "huying_missing_units 1.0" in metrics and "huying_unclear_units 1.0" in metrics


def test_api_stream(console: Served) -> None:
    with urllib.request.urlopen(f"{console.url}/api/v1/events/stream?after=0", timeout=60) as stream:
        got = [stream.readline().decode() for _ in range(6)]
    assert "retry: 1000\n" in got and "id: 1\n" in got and "event: session_began\n" in got
    again = urllib.request.Request(f"{console.url}/api/v1/events/stream?after=0", headers={"Last-Event-ID": "2"})
    with urllib.request.urlopen(again, timeout=60) as stream:  # a browser's second connection
        got = [stream.readline().decode() for _ in range(6)]
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "id: 3\n" in got and "id: 1\n" not in got
    for wrong in ("-1", "x", "99999999999999999999"):
        assert console.status(f"/api/v1/events/stream?after={wrong}")[0] == 422


def test_api_orders_and_corrections(console: Served, net: Net) -> None:
    assert console.post("/api/v1/rollcall", {"order": "start", "to": ["社区"]})["units"]
    assert console.post("/api/v1/alerts", {"text": "请注意", "to": ["101"], "emergency": True})["units"] == ["101"]
    first, second = take(console.requests, net), take(console.requests, net)
    assert first is not None and first[0] == RollRequest("start", ("社区",), by="console")
    assert second is not None and second[0] == AlertRequest("请注意", ("101",), emergency=True, by="console")
    (unclear,) = console.get("/api/v1/events?kind=not_understood")
    made = console.post("/api/v1/corrections", {"seq": unclear["seq"], "unit": "103", "meaning": "ack"})
    assert console.get(f"/api/v1/events?after={made['seq'] - 1}")[0]["type"] == "corrected"
    typed = console.post("/api/v1/confirmations", {"seq": unclear["seq"], "said": "收到"})
    assert typed == {"seq": made["seq"] + 1, "correction": made["seq"] + 2}
    with Journal(str(console.journal)) as journal:
        assert open_reviews(journal.events()) == []
    for seq in (made["seq"], typed["seq"], typed["correction"]):
        undone = console.post("/api/v1/undo", {"seq": seq, "note": "看错了"})
        (line,) = console.get(f"/api/v1/events?after={undone['seq'] - 1}")
        assert line["type"] == "undone" and line["detail"] == f"undoes {seq} by console: 看错了"
    with Journal(str(console.journal)) as journal:
        assert [x["seq"] for x in open_reviews(journal.events())] == [unclear["seq"]], "it asks for review again"
    for seq, why in ((made["seq"], "undone already"), (unclear["seq"], "nothing that a person has set")):
        code, refused = console.status("/api/v1/undo", {"seq": seq})
        assert code == 422 and why in refused


@pytest.mark.parametrize(
    "path, data, code",
    [
        ("/api/v1/alerts", {"text": ""}, 422),
        ("/api/v1/alerts", {"text": "x" * 301}, 422),
        ("/api/v1/alerts", {"text": "通知", "to": ["火星"]}, 422),
        ("/api/v1/alerts", {"text": "通知", "boss": 1}, 422),
        ("/api/v1/rollcall", {"order": "dance"}, 422),
        ("/api/v1/corrections", {"seq": 1, "unit": "?", "meaning": "ack"}, 422),
        ("/api/v1/corrections", {"seq": 999999, "unit": "101", "meaning": "ack"}, 422),
        ("/api/v1/corrections", {"seq": 1, "unit": "101", "meaning": "<b>"}, 422),
        ("/api/v1/confirmations", {"seq": 1, "said": None}, 422),
        ("/api/v1/events?since=yesterday", None, 422),
        ("/api/v1/events?limit=99999", None, 422),
        ("/api/v1/clips/..%2F..%2Fetc%2Fpasswd", None, 404),
        ("/api/v1/clips/zz", None, 404),
        ("/api/v1/clips/" + "0" * 64, None, 404),
        ("/api/v1/exports/passwd", None, 422),
        ("/api/v1/nothing", None, 404),
    ],
)
def test_bad_requests_are_refused(console: Served, path: str, data: object, code: int) -> None:
    assert console.status(path, data)[0] == code


def test_strangers_are_refused(console: Served) -> None:
    body = {"text": "通知"}
    assert console.status("/api/v1/alerts", body, Origin="http://evil.example")[0] == 403
    assert console.status("/api/v1/health", Host="evil.example")[0] == 400
    large = http.client.HTTPConnection("127.0.0.1", int(console.url.rpartition(":")[2]), timeout=20)
    large.putrequest("POST", "/api/v1/alerts")
    large.putheader("Content-Length", "1100000")
    large.endheaders()
    assert large.getresponse().status == 413, "before the body is read"
    assert console.status("/api/v1/alerts", body, Origin=console.url)[0] == 200
    words = ["serve", "--host", "0.0.0.0", "--journal", str(console.journal)]
    refused = finished(*words)
    assert refused.returncode == 2 and "SSH tunnel" in refused.stderr
    words = ["serve", "--port", console.url.rpartition(":")[2], "--journal", str(console.journal)]
    taken = finished(*words)
    assert taken.returncode == 2 and "running there already" in taken.stderr


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium")
    if not path:
        pytest.skip("Chromium is not installed (Debian: chromium fonts-noto-cjk)")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def test_icons_are_not_their_names_while_their_font_is_under_way(console: Served, browser: Any) -> None:
    page = browser.new_page()
    fonts: list[Any] = []
    page.route("**/*.woff2", lambda font: fonts.append(font))
    page.goto(console.url, wait_until="commit")
    icon = page.locator(".live .tile .q-icon").first
    icon.wait_for(state="attached", timeout=60_000)
    assert until(lambda: page.evaluate("1") and fonts) and not icon.is_visible()
    for font in fonts:
        font.continue_()
    icon.wait_for(state="visible", timeout=60_000)
    page.close()


def test_the_board_in_a_browser(console: Served, browser: Any) -> None:
    """Who did not answer stands on the screen; a new event shows at once; HTML in it is text."""
    strangers: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    own = (console.url, "data:", "ws:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(own) else strangers.append(r.url))
    page.goto(console.url)
    tile = page.locator('[data-unit="102"]')
    tile.wait_for(timeout=60_000)
    assert tile.get_attribute("data-state") == "silent"
    assert "未答" in page.locator(".banner").inner_text() and "贾岗社区治安队" in page.locator(".banner").inner_text()
    page.locator('[data-unit="104"]').focus()
    with Journal(str(console.journal)) as journal:
        evil = over(9, 50, "<img src=x onerror=alert(1)>")
        journal.append([evil, answered(50, "104", 4)], BEGAN)
    page.locator('[data-unit="104"][data-state="present"]').wait_for(timeout=60_000)
    assert page.evaluate("document.activeElement.dataset.unit") == "104", "a tile that changes keeps the focus"
    assert page.locator(".feedrow").filter(has_text="<img src=x").count() == 1
    assert page.locator(".feedrow img[src=x]").count() == 0
    page.get_by_text("English").click()
    page.get_by_text("On watch").wait_for(timeout=60_000)
    assert "No answer" in page.locator(".banner").inner_text()
    page.get_by_text("中文").click()
    page.get_by_text("值守").wait_for(timeout=60_000)
    assert strangers == [], "no request leaves the machine"
    page.close()


def test_the_board_tells_what_is_for_review(console: Served, browser: Any) -> None:
    """An answer that is in doubt has a flag on its tile, and the header counts it, until a person has settled it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url)
    page.locator('[data-unit="101"]').wait_for(timeout=60_000)
    flag = page.locator('[data-unit="105"] .flag')
    with Journal(str(console.journal)) as journal:
        before = len(open_reviews(journal.events()))

    def header_tells(waiting: int) -> None:
        page.get_by_text(re.compile(rf"^复核 {waiting}$" if waiting else "^复核$")).wait_for(timeout=60_000)

    header_tells(before)
    with Journal(str(console.journal)) as journal:
        journal.append([over(8, 55, "一切正常"), answered(55, "105", 8, review=True)], BEGAN)
        doubtful = journal.last()
    flag.wait_for(timeout=60_000)
    header_tells(before + 1)
    with Journal(str(console.journal)) as journal:
        journal.append([Confirmed(t=0, confirms=doubtful, clip="", said="", by="值班员")], BEGAN)
    flag.wait_for(state="detached", timeout=60_000)
    header_tells(before)
    page.close()


def test_a_connection_that_is_lost_and_comes_back(console: Served, browser: Any) -> None:
    """What happened meanwhile is on the screen without a reload by hand."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(console.url)
    page.locator('[data-unit="101"]').wait_for(timeout=60_000)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    devtools.send("Network.emulateNetworkConditions", offline)
    page.evaluate("window.socket && window.socket.io.engine.close()")
    page.wait_for_function("!window.socket || !window.socket.connected")
    with Journal(str(console.journal)) as journal:
        journal.append([called(70, "103", 6)], BEGAN)
    devtools.send("Network.emulateNetworkConditions", {**offline, "offline": False})
    with Journal(str(console.journal)) as journal:
        journal.append([answered(72, "103", 6)], BEGAN)
    page.locator('[data-unit="103"][data-state="present"]').wait_for(timeout=60_000)
    context.close()


def test_an_alert_and_a_roll_call_from_the_screen(console: Served, browser: Any, net: Net) -> None:
    while take(console.requests, net):
        pass
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url)
    page.get_by_role("button", name="开始点名").click(timeout=60_000)
    assert page.get_by_role("button", name="发射").is_disabled(), "nobody can transmit, and the question says so"
    page.get_by_role("dialog").get_by_text("没有在线的发射台").wait_for(timeout=60_000)
    page.get_by_role("button", name="取消").click()
    with on_air(console):
        page.get_by_text("没有在线的发射台").first.wait_for(state="hidden", timeout=60_000)
        page.get_by_role("button", name="开始点名").click()
        page.get_by_role("button", name="发射").click()
        page.get_by_text("已交给电台").first.wait_for(timeout=60_000)
        page.get_by_label("内容").fill("东风路发现走失儿童")
        page.get_by_text("紧急").click()
        page.get_by_role("button", name="播报").click()
        page.get_by_text("紧急 · 全体").wait_for(timeout=60_000)
        page.get_by_role("button", name="发射").click()
    assert until(lambda: len(list(console.requests.glob("*.json"))) >= 2)
    first, second = take(console.requests, net), take(console.requests, net)
    assert first is not None and first[0] == RollRequest("start", by="console")
    assert second is not None and second[0] == AlertRequest("东风路发现走失儿童", emergency=True, by="console")
    page.close()


@contextmanager
def on_air(console: Served) -> Iterator[None]:
    """A station that can transmit runs meanwhile."""
    status, done = status_file(console.requests), threading.Event()

    def keep() -> None:
        while not done.wait(0.2):
            status.write(Status(level_db=-50.0, source="USB", transmits=True), at_once=True)

    running = threading.Thread(target=keep, daemon=True)
    running.start()
    try:
        yield
    finally:
        done.set()
        running.join()
        status.remove()


def test_a_tile_opens_its_card(console: Served, browser: Any, net: Net) -> None:
    """By click and by keys: phone, last over, week; call again, mark present."""
    while take(console.requests, net):
        pass
    with Journal(str(console.journal)) as journal:
        journal.append([called(60, "102", 21)], BEGAN)
        gone = ExchangeClosed(t=71, exchange=21, unit="102", outcome="silent", reason="", waited_s=10)
        silent = journal.append([gone], BEGAN)[0]
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(console.url)
    tile = page.locator('[data-unit="102"]')
    tile.wait_for(timeout=60_000)
    tile.focus()
    page.keyboard.press("Enter")
    card = page.locator('[data-card="102"]')
    card.wait_for(timeout=60_000)
    assert "内线802" in card.inner_text() and "社区民警" in card.inner_text()
    with on_air(console):
        card.get_by_text("没有在线的发射台").wait_for(state="hidden", timeout=60_000)
        page.keyboard.press("c")
        page.get_by_role("button", name="发射").click(timeout=60_000)
        page.get_by_text("已交给电台").first.wait_for(timeout=60_000)
        found = take(console.requests, net)
        assert found is not None and found[0] == CallRequest("again", ("102",), "console")
        card.get_by_role("button", name="呼叫邻近单位").click(timeout=60_000)
        page.get_by_text("祭城社区治安队、护学巡逻队").wait_for(timeout=60_000)
        page.get_by_role("button", name="发射").click(timeout=60_000)
        assert until(lambda: any(console.requests.glob("*.json")))
    found = take(console.requests, net)
    assert found is not None and found[1] == ("103", "141")
    card.get_by_role("button", name="记为已到").click()
    page.locator('[data-unit="102"][data-state="present"]').wait_for(timeout=60_000)
    page.close()
    with Journal(str(console.journal)) as journal:
        last = [e.fact() for e in journal.events(kind="corrected")][-1]
    assert isinstance(last, Corrected) and (last.corrects, last.unit) == (silent.seq, "102")


def test_an_incident_stands_out_until_somebody_takes_charge(console: Served, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(console.url)
    page.locator('[data-unit="104"]').wait_for(timeout=60_000)
    report = CalledIn(t=95, unit="104", over=9, meaning="situation", grade="call_sign", text="门口打架", pinyin="",
                      confidence=0.9)  # fmt: skip
    with Journal(str(console.journal)) as journal:
        (event,) = journal.append([report], BEGAN)
    strip = page.locator(f'[data-incident="{event.seq}"]')
    strip.wait_for(timeout=60_000)
    assert "门口打架" in strip.inner_text() and page.locator('.tile.incident[data-unit="104"]').count() == 1
    page.wait_for_function("window.huyingAlarming === true", timeout=60_000)
    wall = browser.new_page(viewport={"width": 1920, "height": 1080})
    wall.goto(console.url + "/wall")
    wall.locator(f'[data-incident="{event.seq}"]').wait_for(timeout=60_000)
    assert wall.locator("header").count() == 0 and wall.locator(".body--dark").count() == 1
    strip.get_by_role("button", name="已处理").click()
    strip.wait_for(state="detached", timeout=60_000)
    page.wait_for_function("window.huyingAlarming === false", timeout=60_000)
    wall.locator(f'[data-incident="{event.seq}"]').wait_for(state="detached", timeout=60_000)
    wall.close()
    page.close()
    (line,) = console.get("/api/v1/events?kind=acknowledged")
    assert f"acknowledges {event.seq} by console" in line["detail"]


def test_night_by_switch_and_by_the_systems_wish(console: Served, browser: Any) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(console.url)
    page.locator(".body--dark").wait_for(timeout=60_000)
    for _ in range(2):  # dark, then light
        page.get_by_role("button", name="日间 / 夜间").click()
        page.wait_for_timeout(1500)
    page.locator(".body--light").wait_for(timeout=60_000)
    context.close()


def test_the_carrier_lamp(console: Served, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url)
    page.locator('[data-carrier="lost"]').wait_for(timeout=60_000)
    assert console.get("/api/v1/station") is None
    status = status_file(console.requests)
    status.write(Status(busy=True, level_db=-12.0, source="USB"), at_once=True)
    page.locator('[data-carrier="busy"]').wait_for(timeout=60_000)
    assert console.get("/api/v1/station")["level_db"] == -12.0
    status.write(Status(busy=True, level_db=-12.0, source="USB", who="101", heard="收到"), at_once=True)
    page.get_by_text("省残联? 收到…").wait_for(timeout=60_000)
    status.write(Status(saying="省残联,请回答"), at_once=True)
    page.get_by_text("▶ 省残联,请回答").wait_for(timeout=60_000)
    os.utime(status.path, (time.time() - 20, time.time() - 20))
    assert status.read() == Status(saying="省残联,请回答"), "it says nothing of itself while it speaks"
    status.remove()
    page.locator('[data-carrier="lost"]').wait_for(timeout=60_000)
    page.close()


def test_a_correction_by_hand_and_by_keys(console: Served, browser: Any) -> None:
    with Journal(str(console.journal)) as journal:
        clip = next(x["clip"] for x in lines(journal.events()) if x["clip"])
        doubted = answered(61, "103", 5).doubted("another_open:105")
        journal.append([called(60, "103", 5), over(5, 61, "一切正常", clip), doubted], BEGAN)
        before = len(journal)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url + "/review")
    page.get_by_role("button", name="听对了").first.wait_for(timeout=60_000)
    assert page.locator('img[src*="waveform.svg"]').count() >= 1
    assert page.get_by_text("没报呼号, 同时还在等").is_visible()
    rows = page.get_by_role("button", name="听对了")
    left = rows.count() - 1
    page.keyboard.press("Enter")
    rows.nth(left).wait_for(state="detached", timeout=60_000)
    with Journal(str(console.journal)) as journal:
        last = [e.fact() for e in journal.events(after=before)][-1]
    assert isinstance(last, Corrected) and last.unit == "103" and last.by == "console"
    page.locator("[data-saved]").get_by_role("button", name="撤销").click()
    rows.nth(left).wait_for(timeout=60_000)
    said = page.get_by_label("实际说的")
    said.first.fill("一切正常,灯坏了")
    said.first.dispatch_event("keydown", {"key": "Enter", "isComposing": True})  # an input method's
    nothing = page.get_by_role("button", name="没有本网的话")
    unclear = nothing.count()
    with Journal(str(console.journal)) as journal:
        assert isinstance([e.fact() for e in journal.events(after=before)][-1], Undone)
        journal.append([called(70, "103", 6), over(6, 71, "", clip), NotUnderstood(
            t=71, over=6, unit="103", exchange=6, pinyin="deng huai le")], BEGAN)  # fmt: skip
    nothing.nth(unclear).wait_for(timeout=60_000)
    assert said.nth(1).input_value() == "一切正常,灯坏了", "what is being typed stays when another over comes"
    nothing.first.click()
    nothing.nth(unclear).wait_for(state="detached", timeout=60_000)
    said.first.press("Enter")
    page.locator("[data-saved]").get_by_text("一切正常,灯坏了").wait_for(timeout=60_000)
    with Journal(str(console.journal)) as journal:
        words = {f.said: e.seq for e in journal.events(after=before) if isinstance(f := e.fact(), Confirmed)}
    assert list(words) == ["", "一切正常,灯坏了"]
    earlier = page.locator(f'[data-word="{words[""]}"]')
    page.locator("[data-settled]").click()
    earlier.get_by_role("button", name="撤销").click()
    earlier.wait_for(state="detached", timeout=60_000)
    assert page.locator(f'[data-word="{words["一切正常,灯坏了"]}"]').count() == 1, "each is undone by itself"
    page.close()
    with Journal(str(console.journal)) as journal:
        assert [e.data["undoes"] for e in journal.events(after=before, kind="undone")][-1] == words[""]


def test_a_phrase_is_looked_at_learned_and_taken_back_in_review(console: Served, browser: Any) -> None:
    """Its reading and what it would cost are shown first; it stands in a list of what was learned, with a way back."""
    with Journal(str(console.journal)) as journal:
        clip = next(x["clip"] for x in lines(journal.events()) if x["clip"])
        journal.append([called(160, "103", 95), over(95, 161, "", clip), NotUnderstood(
            t=161, over=95, unit="103", exchange=95, pinyin="guo lu fang pao shui le")], BEGAN)  # fmt: skip
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(console.url + "/review")
    page.get_by_label("实际说的").first.fill("胜残联", timeout=60_000)
    page.get_by_role("button", name="学会这句").first.click()
    page.get_by_text("与呼号“省残联”音近, 不能学").wait_for(timeout=40_000)
    assert page.locator("[data-learn]").get_by_role("button", name="学会这句").is_disabled()
    page.locator("[data-learn]").get_by_role("button", name="取消").click()
    page.locator("[data-learn]").wait_for(state="detached", timeout=60_000)
    said = page.get_by_label("实际说的").first
    said.fill("锅炉房跑水了")
    said.press("Control+Enter")
    dialog = page.locator('[data-learn="锅炉房跑水了"]')
    dialog.get_by_text("guo1 lu2 fang2 pao3 shui3 le5").wait_for(timeout=40_000)
    dialog.get_by_text("一次也不会误听").wait_for(timeout=90_000)
    learn = dialog.get_by_role("button", name="学会这句")
    assert learn.is_disabled(), "what it means is not guessed"
    dialog.get_by_label("意思").click()
    page.get_by_role("option", name="有情况").click(timeout=40_000)
    learn.click(timeout=40_000)
    dialog.wait_for(state="detached", timeout=60_000)
    assert said.input_value() == "锅炉房跑水了", "the card behind the question was not saved"
    learned = console.net / "learned.txt"
    page.get_by_text("学过的用语 1").click(timeout=60_000)
    assert "situation = 锅炉房跑水了" in learned.read_text("utf-8")
    page.locator('[data-learned="锅炉房跑水了"]').get_by_role("button", name="撤回").click(timeout=40_000)
    page.get_by_text("已撤回").wait_for(timeout=40_000)
    assert "锅炉房跑水了" not in learned.read_text("utf-8")
    page.close()
    notes = [e["detail"] for e in console.get("/api/v1/events?kind=net_edited")]
    assert any("+锅炉房跑水了" in n for n in notes) and any("-锅炉房跑水了" in n for n in notes)


def test_the_roster_is_edited_and_the_second_editor_told(console: Served, browser: Any) -> None:
    before = console.get("/api/v1/roster")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url + "/roster")
    page.locator("td").get_by_text("康宁社区治安队", exact=True).first.click(timeout=60_000)
    page.get_by_label("呼号").fill("康宁社区治安队;龙湖社区治安队")
    page.get_by_text("≈ 龙子湖社区治安队").wait_for(timeout=60_000)
    page.get_by_label("呼号").fill("康宁社区治安队;康宁门岗")
    page.get_by_text("kang1 ning2 men2 gang3").wait_for(timeout=60_000)
    page.get_by_role("button", name="听读音").click()
    page.wait_for_function("window.huyingAudio && window.huyingAudio.duration > 0.5", timeout=60_000)
    page.get_by_role("button", name="保存").click()
    page.locator("td").get_by_text("康宁社区治安队; 康宁门岗").wait_for(timeout=60_000)
    page.close()
    after = console.get("/api/v1/roster")
    changed = [a for a, b in zip(after["rows"], before["rows"], strict=True) if a != b]
    assert [a["call_signs"] for a in changed] == ["康宁社区治安队;康宁门岗"]
    assert len(list((console.net / "versions").iterdir())) == 1
    edited = [e for e in console.get("/api/v1/events?kind=net_edited") if "roster.csv" in e["detail"]]
    assert len(edited) == 1 and "roster.csv saved by console" in edited[0]["detail"]
    stale = {"sha256": before["sha256"], "rows": before["rows"]}
    made = urllib.request.Request(
        console.url + "/api/v1/roster",
        json.dumps(stale).encode(),
        method="PUT",
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(made, timeout=20)
    assert refused.value.code == 409 and "somebody else" in refused.value.read().decode()
    assert console.get("/api/v1/readings?text=" + urllib.parse.quote("龙湖社区"))["alike"]
    assert console.get("/api/v1/exports/roster.csv").count("\n") == len(after["rows"]) + 1


def test_a_roster_is_imported(console: Served, browser: Any, tmp_path: Path) -> None:
    rows = console.get("/api/v1/roster")["rows"]
    text = console.get("/api/v1/exports/roster.csv").lstrip("\ufeff") + "199,新单位,新单位社区,社区\n"
    (tmp_path / "new.csv").write_text(text, "utf-8")
    (tmp_path / "bad.csv").write_text("编号,名称\n1,甲\n1,乙\n", "utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url + "/roster")
    page.get_by_role("button", name="导入").wait_for(timeout=60_000)
    page.locator("input[type=file]").set_input_files(tmp_path / "bad.csv")
    page.get_by_text("编号 1 在第 2 行也有").wait_for(timeout=40_000)
    page.locator("input[type=file]").set_input_files(tmp_path / "new.csv")
    page.get_by_text("新增 1, 去掉 0").wait_for(timeout=40_000)
    page.get_by_role("button", name="保存").click()
    page.locator("td").get_by_text("199").wait_for(timeout=40_000)
    page.close()
    assert len(console.get("/api/v1/roster")["rows"]) == len(rows) + 1


def test_the_devices_page(console: Served, browser: Any, net: Net) -> None:
    while take(console.requests, net):
        pass
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url + "/devices")
    status = status_file(console.requests)
    heard = Status(busy=True, level_db=-21.0, source="USB", floor_db=-60, squelch="closed", voice=True)
    shown = page.get_by_text("-21 dBFS")
    assert until(lambda: status.write(heard, True) or shown.is_visible())  # type: ignore[func-returns-value]
    page.get_by_role("button", name="试发").click()
    page.get_by_text("已交给电台").first.wait_for(timeout=60_000)
    found = take(console.requests, net)
    assert found is not None and found[0] == SayRequest("测试发射,测试发射", by="console")
    page.get_by_role("button", name="校验").click()
    page.get_by_text("完整:").wait_for(timeout=60_000)
    page.get_by_role("button", name="检查本机").click()
    page.get_by_text("能装载, 能运行").wait_for(timeout=60_000)
    status.remove()
    page.close()


def test_who_was_away_for_long_gets_every_event(net: Net, tmp_path: Path) -> None:
    """More events than the feed keeps have happened meanwhile: they come out of the journal, page by page."""
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
        journal.append([answered(50 + k, "104", 4) for k in range(PAGE + RECENT)], BEGAN)
        desk = Desk(journal, net, tmp_path)
        seq, got = 0, []
        while page := desk.feed.following(seq):
            got += [x["seq"] for x in page]
            seq = got[-1]
        desk.feed.close()
        assert got == [e.seq for e in journal.events()] and len(got) > PAGE + RECENT


def test_counters_never_fall(net: Net, tmp_path: Path) -> None:
    """More lines than the feed keeps: what was counted stays counted."""
    pytest.importorskip("prometheus_client")
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        journal.append(morning(), BEGAN)
        desk = Desk(journal, net, tmp_path)
        journal.append([answered(50 + k, "104", 4) for k in range(RECENT + 5)], BEGAN)
        desk.feed.look()
        desk.feed.close()
        told = desk.metrics.exposition(desk.feed, 0, 0).decode()
        assert f'huying_events_total{{type="answered"}} {RECENT + 6:.1f}' in told


def test_a_net_is_entered_by_hand(console: Served, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url + "/rolls")
    page.get_by_role("button", name="补录一次点名").click(timeout=60_000)
    page.get_by_role("button", name="全部已答").click()
    page.get_by_label("日期").fill("2026-06-04")
    page.get_by_role("button", name="保存").click()
    page.locator("th").filter(has_text="06-04").first.wait_for(timeout=60_000)
    page.close()
    (line,) = console.get("/api/v1/events?kind=net_entered")
    assert "entered by console" in line["detail"]
    body = {"began": "2099-01-01T08:00", "results": [{"unit": "101", "result": "answered"}]}
    assert console.status("/api/v1/nets", body)[0] == 422, "it has not come yet"
    body = {"began": "2026-06-03T08:00", "results": [{"unit": "999", "result": "answered"}]}
    assert console.status("/api/v1/nets", body)[0] == 422


def test_the_reference_of_the_api(console: Served, browser: Any) -> None:
    """Swagger UI, with nothing from elsewhere."""
    strangers: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda r: None if r.url.startswith((console.url, "data:", "blob:")) else strangers.append(r.url))
    page.goto(console.url + "/api/docs")
    page.get_by_text("/api/v1/rollcall").wait_for(timeout=60_000)
    page.get_by_text("/api/v1/events", exact=True).wait_for(timeout=60_000)
    assert strangers == []
    page.close()


def test_an_alert_is_withdrawn_from_the_screen(console: Served, browser: Any, net: Net) -> None:
    """The button is there while an alert is open, and only then; who pressed it goes with it."""
    while take(console.requests, net):
        pass
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(console.url)
    button = page.get_by_role("button", name="撤回")
    page.get_by_role("button", name="播报").wait_for(timeout=60_000)
    assert not button.is_visible()
    raised = AlertRaised(t=80, alert=9, text="东区停电", units=("104",), repeat=2, need_ack=True, emergency=False)
    with Journal(str(console.journal)) as journal:
        journal.append([raised], BEGAN)
        page.get_by_text("已应答 0/1: 东区停电").wait_for(timeout=60_000)
        button.click()
        page.get_by_text("已交给电台").first.wait_for(timeout=60_000)
        found = take(console.requests, net)
        assert found is not None and found[0] == WithdrawRequest(by="console")
        journal.append([AlertEnded(t=84, alert=9, answered=0, silent=("104",), by="console")], BEGAN)
    button.wait_for(state="hidden", timeout=60_000)
    page.close()
