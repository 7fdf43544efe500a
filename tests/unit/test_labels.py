"""Labels of a person's own hand: README's example is enough, names are resolved, only what is labelled is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voice.errors import HuyingError
from voice.journal.lines import FIELDS, Line
from voice.measure.scoring import compare, read_labels
from voice.net.loading import Net


def logged(*events: dict[str, Any]) -> list[Line]:
    return [dict.fromkeys(FIELDS) | e for e in events]


LOG = logged(
    {"type": "called", "t": 3.0, "unit": "101", "meaning": "call"},
    {"type": "answered", "t": 9.5, "unit": "101", "meaning": "normal", "latency_s": 2.0},
    {"type": "called", "t": 20.0, "unit": "102", "meaning": "call"},
    {"type": "closed", "t": 31.0, "unit": "102", "meaning": "silent"},
)


def labels(tmp_path: Path, *events: dict[str, Any]) -> Path:
    path = tmp_path / "rec.labels.json"
    path.write_text(json.dumps({"events": list(events)}, ensure_ascii=False), "utf-8")
    return path


@pytest.mark.parametrize("first", ["101", 101, "省残联"])
def test_the_example_of_the_readme(net: Net, tmp_path: Path, first: object) -> None:
    path = labels(
        tmp_path, {"type": "called", "t": 3.2, "unit": first}, {"type": "called", "t": 20.5, "unit": "贾岗社区"}
    )
    score = compare(read_labels(path), LOG, 60, net)
    assert score.differences() == [] and score.rates("called") == (2, 2, 1.0, 1.0)
    assert score.exchanges == 0, "nobody said how the calls ended"
    assert score.rates("answered")[2:] == (None, None) and "answered" not in score.as_json()["events"]


def test_a_meaning_that_is_given_counts(net: Net, tmp_path: Path) -> None:
    path = labels(tmp_path, {"type": "answered", "t": 9.0, "unit": "101", "meaning": "ack"})
    (told,) = compare(read_labels(path), LOG, 60, net).differences()
    assert "logged as normal" in told


def test_an_answer_without_a_meaning_ends_its_exchange(net: Net, tmp_path: Path) -> None:
    path = labels(tmp_path, {"type": "called", "t": 3.0, "unit": "101"}, {"type": "answered", "t": 9.0, "unit": "101"})
    score = compare(read_labels(path), LOG, 60, net)
    assert (score.exchanges, score.exchanges_right) == (1, 1)
    assert len(score.differences()) == 1, "the second call is not labelled, and calls are"


def test_a_unit_that_the_net_lacks_is_named(net: Net, tmp_path: Path) -> None:
    with pytest.raises(HuyingError, match="no unit “火星”"):
        compare(read_labels(labels(tmp_path, {"type": "called", "t": 3.0, "unit": "火星"})), LOG, 60, net)


def test_no_events_means_that_nothing_should_be_logged(net: Net, tmp_path: Path) -> None:
    assert len(compare(read_labels(labels(tmp_path)), LOG, 60, net).differences()) == 4
