"""A morning for consoles, and a console that is served."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voice.talk.facts import (
    Answered,
    Called,
    ExchangeClosed,
    Fact,
    NotUnderstood,
    OverHeard,
    RollBegan,
    SessionBegan,
)

BEGAN = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)


UNITS = ("101", "102", "103", "104")


def over(n: int, t: float, words: str, clip: str = "", pinyin: str = "") -> OverHeard:
    return OverHeard(
        t=t,
        over=n,
        start=t,
        end=t + 2,
        speech_start=t,
        speech_end=t + 2,
        clip=clip,
        level_db=-20,
        outcome="understood" if words else "unclear",
        speaker="unit",
        callees=(),
        caller=None,
        to_all=False,
        meanings=(),
        text=words,
        pinyin=pinyin,
        confidence=0.9,
        doubled=False,
    )


def called(t: float, unit: str, n: int) -> Called:
    return Called(t=t, exchange=n, unit=unit, over=0, attempt=1, to_all=False, question="")


def answered(t: float, unit: str, n: int, review: bool = False) -> Answered:
    return Answered(
        t=t,
        exchange=n,
        unit=unit,
        over=n,
        meaning="normal",
        grade="slot",
        latency_s=1.5,
        late=False,
        confidence=0.9,
        text="一切正常",
        review=review,
    )


def morning(clip: str = "") -> list[Fact]:
    """Four units are called: one answers, one is silent, one is not understood, one is still awaited."""
    session = SessionBegan(
        t=0,
        source="x.wav",
        net="n",
        net_sha256="",
        model="m",
        model_sha256="",
        clock="known",
        began="2026-06-05T02:00:00.000Z",
        units=UNITS,
    )
    return [
        session,
        RollBegan(t=1, units=UNITS, rounds=1),
        called(2, "101", 1),
        over(1, 3, "一切正常", clip, "yi2 qie4 zheng4 chang2"),
        answered(3, "101", 1),
        called(10, "102", 2),
        ExchangeClosed(t=21, exchange=2, unit="102", outcome="silent", reason="", waited_s=10),
        called(22, "103", 3),
        over(3, 24, "", clip),
        NotUnderstood(t=24, over=3, unit="103", exchange=3, pinyin="wo men"),
        ExchangeClosed(t=33, exchange=3, unit="103", outcome="unclear", reason="", waited_s=10),
        called(35, "104", 4),
    ]


@dataclass
class Served:
    """A running console."""

    url: str
    journal: Path
    requests: Path
    net: Path

    def get(self, path: str, **headers: str) -> Any:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=20) as answer:
            body = answer.read()
            return json.loads(body) if "json" in answer.headers["content-type"] else body.decode("utf-8", "replace")

    def post(self, path: str, data: object, **headers: str) -> Any:
        body = json.dumps(data).encode()
        made = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(made, timeout=20) as answer:
            return json.loads(answer.read())

    def status(self, path: str, data: object = None, **headers: str) -> tuple[int, str]:
        try:
            self.get(path, **headers) if data is None else self.post(path, data, **headers)
            return 200, ""
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode("utf-8", "replace")
