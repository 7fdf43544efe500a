"""One truth for a roll-call: whoever counts, counts the same."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from rich.console import Console

from tests.helpers import console as small
from voice.console.api import router
from voice.console.board import LiveBoard
from voice.console.desk import Desk
from voice.journal.rolls import columns, sessions, unit_figures
from voice.journal.sheets import Heading, html_sheet
from voice.journal.sheets.overview import overview_html
from voice.journal.sheets.page import page_html
from voice.journal.store import Journal
from voice.net.loading import Net
from voice.talk.announcing import closing
from voice.talk.attendance import CALM_S, Occasions, Standing, attendance, stand
from voice.talk.by_hand import Corrected, Undone
from voice.talk.facts import (
    AlertEnded,
    AlertRaised,
    Announced,
    Answered,
    Called,
    CalledIn,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    Outcome,
    Purpose,
    Relayed,
    Remarked,
    RollBegan,
    RollEnded,
    RollMarked,
    SessionBegan,
    Transcribed,
)
from voice.talk.rollcall import RollCall, evolve_roll
from voice.terminal.rolls import attendance_lines, roll_table

BEGAN = datetime(2026, 6, 5, 0, 30, tzinfo=UTC)
UNITS = ("101", "102", "103", "104", "105", "106")


def session(units: tuple[str, ...] = UNITS) -> SessionBegan:
    return SessionBegan(t=0, source="live", net="n", net_sha256="", model="", model_sha256="",
                        began="2026-06-05T00:30:00.000Z", clock="known", units=units)  # fmt: skip


def called(t: float, exchange: int, unit: str, over: int = 0, attempt: int = 1) -> Called:
    return Called(t=t, exchange=exchange, unit=unit, over=over, attempt=attempt, to_all=False, question="")


def answered(t: float, exchange: int, unit: str, meaning: str = "normal", late: bool = False) -> Answered:
    return Answered(t=t, exchange=exchange, unit=unit, over=1, meaning=meaning, grade="slot", latency_s=2.0, late=late,
                    confidence=1, text="", review=False)  # fmt: skip


def closed(t: float, exchange: int, unit: str, outcome: Outcome = "silent") -> ExchangeClosed:
    return ExchangeClosed(t=t, exchange=exchange, unit=unit, outcome=outcome, reason="", waited_s=10)


def spoke(t: float, purpose: Purpose) -> Announced:
    return Announced(t=t, keyed=t - 1, text="", purpose=purpose)


def proxy(t: float, exchange: int, unit: str, by: str) -> Relayed:
    return Relayed(t=t, kind="proxy", over=2, unit=unit, by=by, exchange=exchange, meaning="ack", text="", confidence=1)


def morning() -> list[Fact]:
    """Six units: in time, silent at first and then in time, late, spoken for, not understood and then silent, silent
    twice. Before it and after it the dispatcher talks to one of them."""
    return [
        session(), called(1, 1, "101", over=1), answered(3, 1, "101"),
        RollBegan(t=10, units=UNITS, rounds=2), spoke(11, "opening"),
        called(12, 2, "101"), answered(14, 2, "101"), called(20, 3, "102"), closed(30, 3, "102"),
        called(31, 4, "103"), closed(41, 4, "103"), answered(43, 4, "103", late=True),
        called(50, 5, "104"), proxy(53, 5, "104", "101"), closed(60, 5, "104"),
        called(61, 6, "105"), closed(71, 6, "105", "unclear"), called(72, 7, "106"), closed(82, 7, "106"),
        called(83, 8, "102"), answered(85, 8, "102"), called(90, 9, "104"), closed(100, 9, "104"),
        called(101, 10, "105"), closed(111, 10, "105"), called(112, 11, "106"), closed(122, 11, "106"),
        spoke(125, "closing"), RollEnded(t=125, complete=True, missing=("104", "106"), unclear=("105",)),
        called(200, 12, "106", over=9), answered(203, 12, "106"),
    ]  # fmt: skip


def test_every_view_of_one_morning_counts_the_same(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUYING_LANGUAGE", "zh")
    facts = morning()
    watching, roll = LiveBoard(), None
    with Journal("sqlite://") as journal:
        for event in journal.append(facts, BEGAN):
            watching.take(event)
        sheet = sessions(journal.events())
    for fact in facts:
        roll = evolve_roll(roll, fact)
    assert isinstance(roll, RollCall)
    (column,) = [c for c in columns(sheet) if c.occasion.kind == "roll"]
    for count in (watching.board.attendance, column.attendance, roll.attendance):
        assert count.answered == ("101", "102", "103") and count.late == ("103",)
        assert (count.relayed, count.unclear, count.silent) == (("104",), ("105",), ("106",))
        assert count.counts() == {
            "units": 6, "called": 6, "answered": 3, "late": 1, "relayed": 1, "unclear": 1, "silent": 1,
            "undetermined": 0, "not_called": 0,
        }  # fmt: skip
    assert closing(net, roll) == (
        "点名完毕。应到六,实到三,未应答一个:永平社区治安队,听不清一个:康宁社区治安队,代答一个:龙子湖社区治安队。"
    )
    assert [c.result for c in column.calls if c.unit == "104"] == ["relayed", "silent"], "spoken for, then not"
    rows = {r.unit: r for r in unit_figures(sheet)}
    assert (rows["101"].calls, rows["101"].answered) == (2, 2), "called by the dispatcher, and in the roll-call"
    assert (rows["106"].calls, rows["106"].silent, rows["106"].answered) == (2, 1, 1)
    out = Console(file=io.StringIO(), width=200)
    out.print(roll_table(sheet, net))
    assert isinstance(out.file, io.StringIO) and "(3 次)" in out.file.getvalue()
    page = html_sheet(sheet, Heading(net.name_of, net=net.settings.name))
    assert "点名记录" in page and "size:A4 portrait" in page
    assert page.index("永平社区治安队") < page.index("康宁社区治安队") < page.index("<table"), (
        "who is lacking comes first"
    )


def test_a_unit_called_again_and_misheard_stays_answered_in_every_view(net: Net, tmp_path: Path) -> None:
    """101 answers, is called a second time by a misheard sign, and that exchange ends unclear."""
    facts = [*morning()[:-3], called(123, 13, "101"), closed(133, 13, "101", "unclear"),
             RollEnded(t=135, complete=True, missing=("104", "106"), unclear=("105",))]  # fmt: skip
    expected = {"units": 6, "called": 6, "answered": 3, "late": 1, "relayed": 1, "unclear": 1, "silent": 1,
                "undetermined": 0, "not_called": 0}  # fmt: skip
    watching = LiveBoard()
    with Journal(str(tmp_path / "log.sqlite")) as journal:
        for event in journal.append(facts, BEGAN):
            watching.take(event)
        sheet = sessions(journal.events())
        (column,) = [c for c in columns(sheet) if c.occasion.kind == "roll"]
        with served(net, journal, tmp_path / "requests") as http:
            board, rolls = (http.get(f"/api/v1/{noun}").json() for noun in ("board", "rolls"))
            page = http.get(f"/api/v1/exports/roll.html?roll={column.occasion.seq}").text
            book = load_workbook(io.BytesIO(http.get("/api/v1/exports/roll.xlsx").content))
    (roll,) = [r for r in rolls["rolls"] if r["kind"] == "roll"]
    assert column.attendance.counts() == watching.board.attendance.counts() == board["attendance"] == expected
    assert {k: roll[k] for k in expected} == expected
    assert watching.board.tiles["101"].state == "present"
    (unit,) = [u for u in rolls["units"] if u["unit"] == "101"]
    assert (unit["answered"], unit["unclear"]) == (2, 0), "called by the dispatcher, and in the roll-call"

    heading = Heading.of(net)
    lines = [line for line, _style in attendance_lines(sheet, heading)]
    assert lines[-4:] == [
        "点名 06-05 08:30: 应到 6, 呼叫 6, 应答 3, 其中迟到 1, 代答 1, 听不清 1, 未答 1",
        "未答: 永平社区治安队", "听不清: 康宁社区治安队", "代答: 龙子湖社区治安队",
    ]  # fmt: skip
    figures = {"应到": 6, "呼叫": 6, "应答": 3, "其中迟到": 1, "代答": 1, "听不清": 1, "未答": 1}
    assert {word: int(n) for n, word in re.findall(r"<b>(\d+)</b><span>(.*?)</span>", page)} == figures
    head, *rows = book["点名汇总"].iter_rows(values_only=True)
    (row,) = [dict(zip(head, r, strict=True)) for r in rows if r[1] == "点名"]
    assert {word: row[word] for word in figures} == figures


@contextmanager
def served(net: Net, journal: Journal, requests: Path) -> Iterator[TestClient]:
    """The HTTP API on a journal."""
    app, desk = FastAPI(), Desk(journal, net, requests)
    app.include_router(router(desk))
    yield TestClient(app)
    desk.feed.close()


@pytest.mark.parametrize(
    ("before", "fact", "after"),
    [
        ("not_called", called(1, 1, "101"), "open"),
        ("silent", called(1, 1, "101"), "silent"),
        ("open", closed(1, 1, "101", "silent"), "silent"),
        ("open", closed(1, 1, "101", "undetermined"), "undetermined"),
        ("unclear", closed(1, 1, "101", "silent"), "unclear"),
        ("silent", closed(1, 1, "101", "unclear"), "unclear"),
        ("silent", answered(1, 1, "101", late=True), "late"),
        ("answered", closed(1, 1, "101", "silent"), "answered"),
        ("open", proxy(1, 1, "101", "102"), "relayed"),
        ("relayed", closed(1, 1, "101", "silent"), "relayed"),
        ("relayed", answered(1, 1, "101"), "answered"),
        ("open", spoke(1, "call"), "open"),
    ],
)
def test_what_was_heard_is_not_outdone_by_silence(before: Standing, fact: Fact, after: Standing) -> None:
    assert stand(before, fact) == after


def occasions(*facts: Fact) -> list[tuple[str, dict[str, Standing]]]:
    """Kind, and the standings of those that were called."""
    found = Occasions()
    for k, fact in enumerate(facts, 1):
        found.take(fact, k, f"2026-06-05T00:{k:02d}:00.000Z")
    return [(o.kind, {u: o.heard[u] for u in o.attendance.called}) for o in found.all]


def test_an_alert_in_the_middle_of_a_roll_call_does_not_cut_it() -> None:
    found = occasions(
        session(), RollBegan(t=1, units=UNITS, rounds=1), spoke(2, "call"), called(2, 1, "101"), answered(4, 1, "101"),
        AlertRaised(t=5, alert=1, text="火警", units=("101", "102"), repeat=1, need_ack=True, emergency=True),
        spoke(8, "alert"), called(8, 2, "101"), called(8, 3, "102"),
        answered(10, 2, "101", "ack"), closed(20, 3, "102"),
        AlertEnded(t=21, alert=1, answered=1, silent=("102",)),
        spoke(25, "call"), called(25, 4, "102"), answered(27, 4, "102"),
    )  # fmt: skip
    assert found == [
        ("roll", {"101": "answered", "102": "answered"}), ("alert", {"101": "answered", "102": "silent"}),
    ]  # fmt: skip


def test_a_roll_call_that_a_crash_cut_off_goes_on_in_its_own_column() -> None:
    began = [session(), RollBegan(t=1, units=UNITS, rounds=1), called(2, 1, "101"), answered(4, 1, "101"), session()]
    resumed = [RollMarked(t=1, mark="resume", over=0), called(3, 1, "102"), answered(5, 1, "102")]
    assert occasions(*began, *resumed) == [("roll", {"101": "answered", "102": "answered"})]
    given_up = [RollEnded(t=1, complete=False, missing=(), unclear=()), called(3, 1, "102"), answered(5, 1, "102")]
    assert occasions(*began, *given_up) == [("roll", {"101": "answered"}), ("calls", {"102": "answered"})]


def test_a_dispatchers_calls_of_the_morning_and_the_evening_are_two_occasions() -> None:
    late = CALM_S + 100
    found = occasions(session(), called(1, 1, "101", 1), answered(2, 1, "101"), called(late, 2, "101", 9),
                      closed(late + 9, 2, "101"))  # fmt: skip
    assert found == [("calls", {"101": "answered"}), ("calls", {"101": "silent"})]


def test_a_correction_counts_where_its_exchange_belongs() -> None:
    facts: list[Fact] = [
        session(), RollBegan(t=1, units=UNITS, rounds=1), called(2, 1, "101"), closed(12, 1, "101"),
        RollEnded(t=13, complete=True, missing=("101",), unclear=()),
        RollBegan(t=20, units=UNITS, rounds=1), called(21, 2, "101"), closed(31, 2, "101"),
    ]  # fmt: skip
    found = Occasions()
    for k, fact in enumerate(facts, 1):
        found.take(fact, k)
    assert found.take(Corrected(corrects=4, unit="102", meaning="ack", by="王"), 9) is None, "of another unit"
    assert found.take(Corrected(corrects=99, unit="101", meaning="ack", by="王"), 10) is None
    assert found.take(Corrected(corrects=4, unit="101", meaning="ack", by="王"), 11) == 0
    first, second = (o.attendance for o in found.all)
    assert first.answered == ("101",) and second.silent == ("101",)
    found.take(Corrected(corrects=6, unit="105", meaning="present", by="王"), 12)
    assert found.all[1].attendance.answered == ("105",), "who was not called is marked present in the roll-call itself"


REPORTED = CalledIn(
    t=4, over=1, unit="104", meaning="report", grade="call_sign", text="", pinyin="", confidence=0.9, exchange=2
)
NAMELESS = Remarked(
    t=4, kind="unattributed", over=1, unit=None, exchange=None, meaning="ack", text="", confidence=0.9, review=True
)
UNCLEAR = NotUnderstood(t=4, over=1, unit=None, exchange=None, pinyin="")


@pytest.mark.parametrize(
    ("why", "said", "unit", "counted"),
    [
        ("104's report was the answer of 102, which was awaited", REPORTED, "102", ("101", "102")),
        ("it was 103's, which nobody awaited", REPORTED, "103", ("101",)),
        ("nobody's answer was 102's", NAMELESS, "102", ("101", "102")),
        ("nobody's answer was that of a unit not called", NAMELESS, "103", ("101",)),
        ("what nobody understood was 102's", UNCLEAR, "102", ("101", "102")),
    ],
)
def test_a_person_says_whose_answer_it_was(why: str, said: Fact, unit: str, counted: tuple[str, ...]) -> None:
    """In roll-call, board and sheet, until it is taken back."""
    facts = [session(), RollBegan(t=1, units=UNITS, rounds=1), called(2, 1, "101"), answered(2, 1, "101"),
             called(3, 2, "102"), said, closed(12, 2, "102"), Corrected(corrects=6, unit=unit, meaning="ack", by="王"),
             Undone(undoes=8, by="王")]  # fmt: skip
    for told, present in ((facts[:-1], counted), (facts, ("101",))):
        watching, found, roll = LiveBoard(), Occasions(), None
        with Journal("sqlite://") as journal:
            for event in journal.append(told, BEGAN):
                watching.take(event)
                fact = event.fact()
                of_roll, _ = found.concerns(fact, found.take(fact, event.seq))
                roll = evolve_roll(roll, fact, event.seq) if of_roll else roll
            (column,) = columns(sessions(journal.events()))
        assert roll is not None
        assert watching.board.attendance.answered == column.attendance.answered == roll.here == present, why
        assert tuple(c.unit for c in column.calls if c.result == "answered") == present
        assert tuple(u for u, t in watching.board.tiles.items() if t.state == "present") == present


def test_nobody_is_counted_twice() -> None:
    count = attendance(UNITS, {"101": "answered", "102": "silent", "999": "answered"})
    assert len(count.called) == 2 and count.units == UNITS and len(count.not_called) == 4
    assert sum(len(count.of(s)) for s in ("answered", "silent", "not_called")) == 6


def test_a_dictated_text_stands_on_the_sheet_as_one(net: Net) -> None:
    """Beside the unit whose answer was not understood, and said to be dictated."""
    with Journal("sqlite://") as journal:
        guess = Transcribed(t=26, over=3, text="我们这边路灯坏了", engine="whisper-base", confidence=0.7)
        journal.append([*small.morning(), guess], small.BEGAN)
        sheet = sessions(journal.events())
    (column,) = columns(sheet)
    page = page_html(column, sheet, Heading.of(net))
    assert "≈我们这边路灯坏了" in page and "≈ 听写, 未经核实" in page
    assert column.attendance.unclear == ("103",), "nothing is decided by it"
    assert "≈我们这边路灯坏了" in overview_html(sheet, Heading.of(net))
