"""Journals that earlier versions have written open as they were: they are evidence.

``journal-0.1-morning``: the sample roll-call, replayed. ``journal-0.1-conducted``: a roll-call and an alert that the
station read out itself, on the bench. Their clips are not kept here.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.helpers.places import ROOT
from voice.console.board import LiveBoard
from voice.journal.codec import to_json
from voice.journal.lines import lines
from voice.journal.rolls import sessions
from voice.journal.store import Journal
from voice.journal.verify import verify
from voice.talk.facts import Answered, SessionBegan

HEADS = {
    "journal-0.1-morning": "98f1e7aa2d760cce64ca6b212f1a8be98fc9c2ec3091da50febc64195326eb40",
    "journal-0.1-conducted": "7f050eedc85ec4a2fa508f2242ac48849ca9e86804d943d588f70e8727bac652",
}


def old(name: str, place: Path) -> Journal:
    path = place / f"{name}.sqlite"
    shutil.copy(ROOT / "tests" / "data" / path.name, path)
    return Journal(str(path), create=False)


@pytest.mark.parametrize("name", HEADS)
def test_it_is_whole_and_nothing_in_it_has_changed(name: str, tmp_path: Path) -> None:
    with old(name, tmp_path) as journal:
        assert journal.head == HEADS[name]
        assert list(verify(journal, clips=False)) == []
        for event in journal.events():
            kept = {k: v for k, v in to_json(event.fact()).items() if k in event.data}
            assert kept == event.data, "what was written reads back as it was"


def test_what_a_replay_logged_still_reads(tmp_path: Path) -> None:
    with old("journal-0.1-morning", tmp_path) as journal:
        (session,) = sessions(journal.events())
        shown = list(lines(journal.events()))
    results = {u: [c.result for c in session.of(u)] for u in ("101", "105", "120", "124")}
    assert results == {"101": ["answered"], "105": ["silent", "answered"], "120": ["relayed"], "124": ["unclear"]}
    assert shown[0]["type"] == "session_began" and shown[0]["detail"].endswith("clock known")


def test_what_a_station_logged_still_reads_and_can_be_added_to(tmp_path: Path) -> None:
    with old("journal-0.1-conducted", tmp_path) as journal:
        before, head = len(journal), journal.head
        answers = [e.fact() for e in journal.events(kind="answered")]
        assert answers and all(isinstance(a, Answered) and a.latency_s > 0 for a in answers)
        board = LiveBoard()
        for event in journal.events():
            board.take(event)
        assert len(board.board.tiles) >= 4 and board.board.occasion is not None
        journal.append(
            [
                SessionBegan(
                    t=0.0,
                    source="new",
                    net="n",
                    net_sha256="0",
                    model="m",
                    model_sha256="1",
                    began="2026-11-27T00:00:00.000Z",
                    clock="known",
                )
            ],
            datetime(2026, 11, 27, tzinfo=UTC),
        )
        assert len(journal) == before + 1
        assert next(iter(journal.events(after=before))).previous == head
        assert list(verify(journal, clips=False)) == []
