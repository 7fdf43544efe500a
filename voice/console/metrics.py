"""Figures for Prometheus, from the lines that the feed holds and the board."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client import Counter as PrometheusCounter
from prometheus_client import Histogram as PrometheusHistogram

from voice.console.feed import Feed


def exposition(feed: Feed) -> bytes:
    """Text format 0.0.4, of the latest session."""
    registry = CollectorRegistry()
    lines = list(feed.lines)
    kinds = Counter(x["type"] for x in lines)
    events = PrometheusCounter("huying_events", "Events by type", ["type"], registry=registry)
    for kind, n in kinds.items():
        events.labels(kind).inc(n)
    results = PrometheusCounter("huying_exchanges", "Exchanges by result", ["result"], registry=registry)
    for x in lines:
        if x["type"] == "answered":
            results.labels("late" if x["detail"] == "late" else "answered").inc()
        elif x["type"] == "closed":
            results.labels(x["meaning"]).inc()
    answer = PrometheusHistogram(
        "huying_answer_seconds", "From the end of a call to its answer", buckets=(1, 2, 3, 5, 8, 13, 20, 30),
        registry=registry,
    )  # fmt: skip
    for x in lines:
        if x["type"] == "answered" and x["latency_s"] is not None:
            answer.observe(x["latency_s"])
    for name, text, value in (
        ("huying_last_event", "Number of the last event", feed.board.seq),
        ("huying_listening", "A session is running", int(feed.board.listening)),
        ("huying_missing_units", "Units without an answer that was understood", len(feed.board.missing)),
        ("huying_review", "Lines that ask for review", sum(bool(x["review"]) for x in lines)),
        ("huying_disk_free_bytes", "Free space where the console runs", shutil.disk_usage(Path.cwd()).free),
        ("huying_journal_readable", "0: the journal cannot be read", int(not feed.fault)),
    ):  # fmt: skip
        Gauge(name, text, registry=registry).set(value)
    return generate_latest(registry)
