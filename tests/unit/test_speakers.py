"""Guesses by voice: when one is made, and from which overs a voice is learned."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.console import BEGAN, answered, called
from voice.bureau.store import joined
from voice.journal.codec import from_json, to_json
from voice.journal.lines import lines
from voice.journal.store import Journal
from voice.journal.wording import detail_in
from voice.pcm import Floats
from voice.station.speakers import LEAST, PENDING, REMEMBERED, Speakers
from voice.talk.facts import Answered, Called, CalledIn, Fact, NotUnderstood
from voice.talk.guessing import AHEAD, ALIKE, CONTROL, probable


@pytest.mark.parametrize(
    ("voices", "candidates", "guess"),
    [
        ([("101", 0.9), (CONTROL, 0.1)], ("101", CONTROL), "101"),
        ([("101", 0.1), (CONTROL, 0.9)], ("101", CONTROL), CONTROL),
        ([("101", 0.9), ("102", 0.1), (CONTROL, 0.1)], ("101", "102"), "101"),
        ([("101", 0.9), ("103", 0.1)], ("101", CONTROL), ""),
        ([("101", 0.9), (CONTROL, 0.9 - AHEAD + 0.01)], ("101", CONTROL), ""),
        ([("101", ALIKE - 0.01), (CONTROL, -0.5)], ("101", CONTROL), ""),
        ([("101", 0.6), ("103", 0.9), (CONTROL, 0.0)], ("101", CONTROL), ""),
        ([("101", 0.9)], ("101", "102"), ""),
        ([("101", 0.9)], ("101",), "101"),
        ([], ("101", "102"), ""),
        ([], (), ""),
    ],
)
def test_a_guess_needs_a_voice_that_is_alike_and_ahead(
    voices: list[tuple[str, float]], candidates: tuple[str, ...], guess: str
) -> None:
    assert probable(tuple(voices), candidates) == guess


def heard(k: int) -> Floats:
    """A print of its own."""
    return np.array([float(n == k) for n in range(4)], np.float32)


def says_its_sign(unit: str, exchange: int) -> Answered:
    return replace(answered(3.0, unit, exchange), grade="call_sign")


def asks(unit: str, exchange: int, doubt: bool = False) -> Called:
    return replace(called(1.0, unit, exchange), over=exchange, doubt=doubt)


@pytest.mark.parametrize(
    "fact",
    [
        answered(3.0, "101", 1),  # by its turn alone
        replace(says_its_sign("101", 1), review=True),
        replace(says_its_sign("101", 1), claims=True),
        CalledIn(t=3.0, over=1, unit=None, meaning="report", grade="call_sign", text="", pinyin="", confidence=0.9),
        CalledIn(t=3.0, over=1, unit="101", meaning="report", grade="call_sign", text="", pinyin="", confidence=0.9,
                 review=True),
        NotUnderstood(t=3.0, over=1, unit="101", exchange=1, pinyin=""),
        asks("101", 1),  # nobody has answered it
    ],
)  # fmt: skip
def test_no_voice_is_learned_from_a_doubtful_over(fact: Fact) -> None:
    speakers = Speakers()
    for _ in range(LEAST + 1):
        speakers.learn(heard(0), [fact])
    assert speakers.likeness(heard(0)) == ()


def test_voices_of_units_and_of_net_control() -> None:
    speakers = Speakers()
    for n in range(1, LEAST + 1):
        assert speakers.likeness(heard(1)) == ()
        speakers.learn(heard(0), [asks("101", n)])
        speakers.learn(heard(1), [says_its_sign("101", n)])
        speakers.learn(heard(2), [asks("102", 10 + n, doubt=True)])
        speakers.learn(heard(3), [says_its_sign("102", 10 + n)])
    assert dict(speakers.likeness(heard(0))) == {"101": 0.0, CONTROL: 1.0, "102": 0.0}
    assert dict(speakers.likeness(heard(1))) == {"101": 1.0, CONTROL: 0.0, "102": 0.0}
    assert speakers.likeness(None) == ()
    for n in range(REMEMBERED):  # another person at the same unit
        speakers.learn(heard(2), [says_its_sign("101", 20 + n)])
    assert dict(speakers.likeness(heard(2)))["101"] == 1.0


def test_one_over_that_calls_many_counts_once() -> None:
    speakers = Speakers()
    speakers.learn(heard(0), [asks(str(n), n) for n in range(PENDING + 5)])
    for n in range(PENDING + 5):
        speakers.learn(heard(1), [says_its_sign(str(n), n)])
    assert speakers.likeness(heard(0)) == ()


def test_a_guess_is_told_as_one() -> None:
    plain = NotUnderstood(t=3.0, over=1, unit="101", exchange=1, pinyin="", why="speaker")
    assert "probably" not in to_json(plain), "events without a guess are what they were"
    with Journal("sqlite://") as journal:
        for probably, chinese, english in (
            ("101", "听声音大概是 省残联", "by its voice probably unit 省残联"),
            (CONTROL, "听声音大概是台里", "by its voice probably net control"),
        ):
            fact = replace(plain, probably=probably)
            assert from_json(fact.KIND, to_json(fact)) == fact
            line = next(lines(journal.append([fact], BEGAN)))
            assert line["grade"] == "voice" and line["review"]
            assert detail_in(line["detail"], lambda _u: "省残联", False) == chinese
            assert detail_in(line["detail"], lambda _u: "省残联", True) == english
        doubtful = replace(asks("101", 1, doubt=True), probably="101")
        told = detail_in(doubtful.detail(), lambda _u: "省残联", False)
        assert told == "台里或该单位自己; 听声音大概是 省残联"


@pytest.mark.parametrize(("probably", "there"), [("101", "east/101"), (CONTROL, CONTROL), ("", None)])
def test_at_the_bureau_the_unit_is_the_stations(probably: str, there: str | None) -> None:
    fact = replace(asks("102", 1, doubt=True), probably=probably)
    with Journal("sqlite://") as journal:
        (event,) = journal.append([fact], BEGAN)
    body = json.loads(joined("east", event, {}).body)
    assert body.get("probably") == there and body["unit"] == "east/102"
