"""A small journal that many tests begin with, and what somebody could do to it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from voice.journal.event import GENESIS, event_hash
from voice.talk.facts import (
    Answered,
    Called,
    ExchangeClosed,
    Fact,
    OverHeard,
    SessionBegan,
    SessionEnded,
)

BEGAN = datetime(2026, 6, 5, 0, 30, tzinfo=UTC)


CLIP = np.arange(800, dtype=np.int16)


def over(number: int, t: float, clip: str, text: str) -> OverHeard:
    return OverHeard(
        t=t,
        over=number,
        start=t,
        end=t + 2,
        speech_start=t + 0.2,
        speech_end=t + 1.8,
        clip=clip,
        level_db=-20.0,
        outcome="understood",
        speaker="unit",
        callees=(),
        caller=None,
        to_all=False,
        meanings=("ack",),
        text=text,
        pinyin="shou1 dao4",
        confidence=0.9,
        doubled=False,
        hypothesis=(("P1", 0.2, 1.8, 1.0),),
    )


def acknowledged(t: float, *, exchange: int, over: int) -> Answered:
    """101 says 收到."""
    return Answered(
        t=t, exchange=exchange, unit="101", over=over, meaning="ack", grade="slot", latency_s=2.2, late=False,
        confidence=0.9, text="收到", review=False,
    )  # fmt: skip


def talk(clip: str) -> list[Fact]:
    return [
        SessionBegan(
            t=0,
            source="a.flac",
            net="n",
            net_sha256="0",
            model="m",
            model_sha256="1",
            clock="known",
            began="2026-06-05T00:30:00.000Z",
            units=("101", "102", "103"),
        ),
        Called(t=2, exchange=1, unit="101", over=1, attempt=1, to_all=False, question="是否正常"),
        over(2, 4.0, clip, "收到"),
        acknowledged(4, exchange=1, over=2),
        Called(t=8, exchange=2, unit="102", over=3, attempt=1, to_all=False, question=""),
        ExchangeClosed(t=20, exchange=2, unit="102", outcome="silent", reason="", waited_s=10),
        SessionEnded(t=30, overs=2, pops=0, dead_s=0, damage=()),
    ]


def tamper(path: Path, sql: str) -> None:
    """What somebody with the file in hands could do: take the guards off, change, put them on again."""
    db = sqlite3.connect(path)
    for name in ("huying_no_update", "huying_no_delete"):
        db.execute(f"DROP TRIGGER {name}")
    db.execute(sql)
    db.commit()
    db.close()


def rewritten(path: Path) -> None:
    """One answer is another one, and every hash behind it fits."""
    db = sqlite3.connect(path)
    for op in ("update", "delete"):
        db.execute(f"DROP TRIGGER huying_no_{op}")
    db.execute("UPDATE huying_events SET body = replace(replace(body, 'silent', 'unclear'), 'normal', 'wounded')")
    previous = GENESIS
    rows = db.execute("SELECT seq, kind, t, wall, body FROM huying_events ORDER BY seq").fetchall()
    for seq, kind, t, wall, body in rows:
        digest = event_hash(seq, kind, t, wall, body, previous)
        db.execute("UPDATE huying_events SET previous = ?, hash = ? WHERE seq = ?", (previous, digest, seq))
        previous = digest
    db.commit()
    db.close()
