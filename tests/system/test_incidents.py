"""Incidents and what was missed, as folds over a journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.helpers.command import huying
from voice.journal.incidents import incidents, missed
from voice.journal.store import Journal
from voice.talk.by_hand import Confirmed
from voice.talk.facts import (
    CalledIn,
    ControlReplied,
    Fact,
    NotUnderstood,
    OverHeard,
    Remarked,
    SessionBegan,
)

BEGAN = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)


def over(n: int, t: float, text: str) -> OverHeard:
    return OverHeard(
        t=t,
        over=n,
        start=t,
        end=t + 2,
        speech_start=t,
        speech_end=t + 2,
        clip=f"{n:064d}",
        level_db=-20,
        outcome="understood",
        speaker="unit",
        callees=(),
        caller=None,
        to_all=False,
        meanings=(),
        text=text,
        pinyin="",
        confidence=0.9,
        doubled=False,
    )


def called_in(n: int, t: float, unit: str, meaning: str = "report") -> list[Fact]:
    text = "报告,发现可疑人员"
    fact = CalledIn(t=t, over=n, unit=unit, meaning=meaning, grade="call_sign", text=text, pinyin="", confidence=0.9)
    return [over(n, t, text), fact]


def came(n: int, t: float, unit: str, meaning: str) -> list[Fact]:
    return [
        over(n, t, meaning),
        Remarked(
            t=t,
            kind="unsolicited",
            over=n,
            unit=unit,
            exchange=None,
            meaning=meaning,
            text="",
            confidence=0.9,
            review=False,
        ),
    ]


def day() -> list[Fact]:
    """A report with two responders, a call-in that nobody answered, two overs that were not understood."""
    session = SessionBegan(t=0, source="", net="", net_sha256="", model="", model_sha256="", began="", clock="known")
    unclear = [
        [over(k, t, ""), NotUnderstood(t=t, over=k, unit=None, exchange=None, pinyin="wo men")]
        for k, t in ((8, 500.0), (9, 600.0))
    ]
    return [
        session,
        *came(1, 10, "103", "arrived"),
        *called_in(2, 100, "101"),
        ControlReplied(t=110, over=3, unit="101", meaning="ack", latency_s=8),
        *came(4, 130, "102", "on_the_way"),
        *came(5, 205, "102", "arrived"),
        *came(6, 260, "103", "arrived"),
        *came(6, 300, "102", "arrived"),
        *called_in(7, 400, "104", "call_in"),
        *unclear[0],
        *unclear[1],
    ]


def test_times_of_an_incident(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Journal(str(path)) as journal:
        journal.append(day(), BEGAN)
        (one,) = incidents(journal.events())
    assert (one.unit, one.text, one.clip) == ("101", "报告,发现可疑人员", f"{2:064d}")
    assert one.on_the_way == {"102": 30.0} and one.arrived == {"102": 105.0, "103": 160.0}
    out = huying("journal", "incidents", path)
    assert "省残联" in out and "1:45" in out and "2:40" in out


def test_what_nobody_dealt_with(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Journal(str(path)) as journal:
        events = journal.append(day(), BEGAN)
        found = missed(journal.events())
        assert [(m.unit, m.why) for m in found] == [
            ("104", "no reply"),
            (None, "not understood"),
            (None, "not understood"),
        ]
        heard = next(e for e in events if e.kind == "over" and e.data["over"] == 8)
        journal.append([Confirmed(t=0, confirms=heard.seq, clip="", said="", by="王")], BEGAN)
        assert len(missed(journal.events())) == 2
    assert "no reply" in huying("journal", "missed", path)
    assert "没有遗漏" in huying("journal", "missed", path, "--since", "2026-06-06", HUYING_LANGUAGE="zh")
