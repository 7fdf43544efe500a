"""Moments as the journal writes them."""

from __future__ import annotations

from datetime import datetime


def parse_wall(text: str) -> datetime:
    """The moment that an ISO 8601 text names, aware where the text has an offset or Z. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
