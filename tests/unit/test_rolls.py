"""Roll sheets over days and months: what belongs to which column, and what the figures propose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from voice.journal.confirming import confirmation
from voice.journal.rolls import (
    Call,
    Session,
    by_month,
    columns,
    quantile,
    sessions,
    sessions_between,
    waiting_time,
)
from voice.journal.sheets import Heading, html_sheet
from voice.journal.sheets.overview import counts_in_words, overview_html
from voice.journal.store import Journal
from voice.talk.by_hand import Confirmed, Corrected, NetEntered, Undone
from voice.talk.facts import (
    Answered,
    Called,
    ExchangeClosed,
    Fact,
    OverHeard,
    RollBegan,
    RollEnded,
    SessionBegan,
)

BEGAN = datetime(2026, 6, 5, 0, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


def test_a_session_of_weeks_is_cut_where_the_period_begins(path: Path) -> None:
    """What is called after the period began belongs to it, though the session began before; so do corrections made
    later, and nets entered by hand for that time."""
    began = SessionBegan(
        t=0, source="live", net="n", net_sha256="", model="", model_sha256="", began="", clock="known", units=("1", "2")
    )
    day = 86400.0

    def called(t: float, exchange: int, unit: str) -> list[Fact]:
        return [
            Called(t=t, exchange=exchange, unit=unit, over=0, attempt=1, to_all=False, question=""),
            ExchangeClosed(t=t + 10, exchange=exchange, unit=unit, outcome="silent", reason="", waited_s=10),
        ]

    with Journal(str(path)) as journal:
        journal.append([began, *called(10, 1, "1")], BEGAN)
        second = journal.append(called(3 * day, 2, "2"), BEGAN)
        entered = NetEntered(t=0, began="2026-06-08T00:30:00.000Z", by="王", results=(("1", "late", "ack"),))
        journal.append([entered], BEGAN + timedelta(days=30))
        fix = Corrected(t=0, corrects=second[-1].seq, unit="2", meaning="ack", by="王")
        journal.append([fix], BEGAN + timedelta(days=30))
        june_8 = sessions_between(journal, "2026-06-07T00:00", "2026-06-09T00:00")
        assert [(c.unit, c.result) for s in june_8 for c in s.calls] == [("2", "answered"), ("1", "late")]
        assert sum(len(s.calls) for s in sessions_between(journal, None, None)) == 3
        assert sessions_between(journal, "2026-07-01T00:00", None) == []


def test_columns_are_roll_calls_polls_and_alerts(path: Path) -> None:
    began = SessionBegan(
        t=0, source="live", net="n", net_sha256="", model="", model_sha256="", began="", clock="known", units=("1", "2")
    )

    def answered(t: float, exchange: int, unit: str, meaning: str) -> list[Fact]:
        return [
            Called(t=t, exchange=exchange, unit=unit, over=0, attempt=1, to_all=False, question=""),
            Answered(
                t=t + 3,
                exchange=exchange,
                unit=unit,
                over=1,
                meaning=meaning,
                grade="slot",
                latency_s=2.0,
                late=False,
                confidence=1,
                text="",
                review=False,
            ),
        ]

    facts = [
        began, *answered(1, 1, "1", "ack"), RollBegan(t=10, units=("1", "2"), rounds=1),
        *answered(11, 2, "1", "normal"), *answered(20, 3, "2", "normal"),
        RollEnded(t=30, complete=True, missing=(), unclear=()), *answered(31, 4, "2", "ack"),
        RollBegan(t=40, units=("1", "2"), rounds=1, question="有没有发现情况", until="situation"),
        *answered(41, 5, "1", "not_found"), *answered(50, 6, "2", "not_found"),
    ]  # fmt: skip
    with Journal(str(path)) as journal:
        journal.append(facts, BEGAN)
        sheet = sessions(journal.events())
    found = columns(sheet)
    assert [(c.occasion.kind, c.occasion.words, len(c.calls)) for c in found] == [
        ("calls", "", 1), ("roll", "", 2), ("calls", "", 1), ("poll", "有没有发现情况", 2)
    ]  # fmt: skip
    outcome = found[-1].occasion.outcome()
    assert outcome == {"not_found": 2} and counts_in_words(outcome) == "没有发现 2"
    assert waiting_time(sheet) is None, "six answers propose nothing"
    assert [(s.name, s.calls, s.answered) for s in by_month(sheet)] == [("2026-06", 6, 6)]
    heading = Heading(str, groups={"1": "甲", "2": "乙"}, head="abc")
    page, over = html_sheet(sheet, heading), overview_html(sheet, heading)
    assert "此外" in page and "size:A4 portrait" in page and "abc" in page, "one roll-call is one page"
    assert "按组别" in over and "有没有发现情况" in over and "size:A4 landscape" in over


def test_the_waiting_time_that_answers_propose() -> None:
    calls = [Call("1", "2026-06-05T00:00:00Z", 1, "answered", latency_s=2.0) for _ in range(97)]
    calls += [Call("1", "2026-06-05T00:00:00Z", 1, "late", latency_s=30.0) for _ in range(3)]
    assert waiting_time([Session("", "", "", "known", ("1",), 1, calls=calls)]) == 3.0
    assert quantile([3.0, 1.0, 2.0], 0.9) == 3.0 and quantile([], 0.5) is None


def test_what_a_person_wrote_down_stands_on_the_sheet(path: Path) -> None:
    """journal confirm --said: the words stand where the pinyin stood, the time stays, and undoing takes them away."""
    facts: list[Fact] = [
        SessionBegan(t=0, source="live", net="n", net_sha256="", model="", model_sha256="", began="", clock="known",
                     units=("1",)),
        RollBegan(t=1, units=("1",), rounds=1),
        Called(t=2, exchange=1, unit="1", over=0, attempt=1, to_all=False, question=""),
        OverHeard(t=3, over=1, start=3, end=5, speech_start=3.2, speech_end=4.8, clip="c", level_db=0,
                  outcome="unclear", speaker="anyone", callees=(),
                  caller=None, to_all=False, meanings=(), text="[men kou]",
                  pinyin="men kou", confidence=0, doubled=False),
        Answered(t=3, exchange=1, unit="1", over=1, meaning="heard", grade="slot", latency_s=1.2, late=False,
                 confidence=0.4, text="[men kou]", review=True),
    ]  # fmt: skip
    with Journal(str(path)) as journal:
        number = journal.append(facts, BEGAN)[3].seq
        journal.append([confirmation(journal, 5, "门口有人推销", "王")], BEGAN)
        sheet = sessions(journal.events())
        (call,) = [c for s in sheet for c in s.calls]
        assert (call.said, call.result, call.latency_s, call.review) == ("门口有人推销", "answered", 1.2, False)
        assert "“门口有人推销”" in html_sheet(sheet, Heading(str)) and "门口有人推销" in overview_html(
            sheet, Heading(str)
        )
        journal.append([Undone(t=0, undoes=6, by="王")], BEGAN)
        (call,) = [c for s in sessions(journal.events()) for c in s.calls]
        assert (call.said, call.text, call.review) == ("", "[men kou]", True)
        assert isinstance(journal.events(after=5).__next__().fact(), Confirmed) and number == 4
