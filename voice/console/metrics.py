"""Prometheus metrics: counters of the feed's events, gauges of the board's state."""

from __future__ import annotations

import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from voice.console.feed import Feed
from voice.journal.lines import Line


class Metrics:
    """Pass ``take`` to a ``Feed``: it counts every line once, from the start of the latest session."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._events = Counter("huying_events", "Events by type", ["type"], registry=self._registry)
        self._exchanges = Counter("huying_exchanges", "Exchanges by result", ["result"], registry=self._registry)
        self._answers = Histogram(
            "huying_answer_seconds",
            "From the end of a call to its answer",
            buckets=(1, 2, 3, 5, 8, 13, 20, 30),
            registry=self._registry,
        )
        self._review = Counter("huying_reviews_asked", "Lines that have ever asked for review", registry=self._registry)

    def take(self, line: Line) -> None:
        """Next line of the journal."""
        self._events.labels(line["type"]).inc()
        if line["review"]:
            self._review.inc()
        if line["type"] == "closed":
            self._exchanges.labels(line["meaning"]).inc()
        elif line["type"] == "answered":
            self._exchanges.labels("late" if line["detail"] == "late" else "answered").inc()
            if line["latency_s"] is not None:
                self._answers.observe(line["latency_s"])

    def exposition(self, feed: Feed, calls_waiting: int, reviews: int) -> bytes:
        """Text format 0.0.4. ``calls_waiting``: recorder calls not logged yet; ``reviews``: open ones."""
        gauges = CollectorRegistry()
        for name, text, value in (
            ("huying_last_event", "Number of the last event", feed.seq),
            ("huying_listening", "A session is running", int(feed.board.listening)),
            ("huying_missing_units", "Units that were called and gave no answer", len(feed.board.attendance.silent)),
            ("huying_unclear_units", "Units whose answer was not understood", len(feed.board.attendance.unclear)),
            ("huying_review", "Lines that ask for review and that no person has settled yet", reviews),
            ("huying_calls_waiting", "Calls of recorders that are not logged yet", calls_waiting),
            ("huying_disk_free_bytes", "Free space where the console runs", shutil.disk_usage(Path.cwd()).free),
            ("huying_journal_readable", "0: the journal cannot be read", int(not feed.fault)),
        ):
            Gauge(name, text, registry=gauges).set(value)
        return generate_latest(self._registry) + generate_latest(gauges)
