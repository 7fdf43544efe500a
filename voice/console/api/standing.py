"""Current state of the net and its station: health, channels, board, Prometheus metrics."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response

from voice.console.api.common import (
    gives,
)
from voice.console.desk import Desk
from voice.station.spool import Spool
from voice.station.status import status_file
from voice.supervised import troubles


def routes(desk: Desk) -> APIRouter:
    """Health, station, channels, board and metrics."""
    api = APIRouter()
    feed = desk.feed

    @api.get("/health")
    def health() -> dict[str, Any]:
        """Health: is the journal readable, is a station logging into it, are all background tasks running?"""
        station = status_file(desk.requests).read()
        theirs = [f"station: {told}" for told in station.troubles] if station else []
        fault = "; ".join([*filter(None, [feed.fault]), *troubles(), *theirs])
        return {
            "ok": not fault,
            "fault": fault,
            "events": len(feed.lines),
            "seq": feed.seq,
            "listening": feed.board.listening,
            "free_mb": round(shutil.disk_usage(Path.cwd()).free / 1e6),
        }

    @api.get("/station")
    def station() -> dict[str, Any] | None:
        """Status of the running station; null if none is running."""
        now = status_file(desk.requests).read()
        return None if now is None else asdict(now)

    @api.get("/channels")
    def channels() -> list[dict[str, Any]]:
        """Monitored channels, and whether each is being logged now."""
        return [
            {"channel": c, "listening": feed.board_of(c).listening, "source": feed.board_of(c).source}
            for c in feed.channels
        ]

    @api.get("/board")
    def board(channel: str | None = None) -> dict[str, Any]:
        """Current board of the first channel, or of the one named."""
        b = feed.board if channel is None else feed.board_of(channel)
        tiles = [
            {"unit": t.unit, "state": t.state, "since": t.since, "meaning": t.meaning, "latency_s": t.latency_s}
            for t in b.tiles.values()
        ]
        count = b.attendance
        return {
            "seq": b.seq, "listening": b.listening, "source": b.source, "running": b.running, "tiles": tiles,
            "attendance": count.counts(), "missing": count.silent, "unclear": count.unclear, "overdue": b.overdue,
        }  # fmt: skip

    @api.get("/metrics", **gives("text/plain"))
    def metrics() -> Response:
        """Metrics in Prometheus text format."""
        told = desk.metrics.exposition(feed, len(Spool(desk.requests).waiting()), len(desk.open_reviews()))
        return Response(told, media_type="text/plain; version=0.0.4")

    return api
