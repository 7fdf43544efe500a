"""Listening address of the console, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Listening address."""

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    """Host names accepted from browsers, besides ``host`` and those of this machine."""
    certificate: Path | None = None
    key: Path | None = None
    prefix: str = ""
    """Path prefix behind a proxy, e.g. ``/huying``; a proxy may also send it (``X-Forwarded-Prefix``)."""
    proxies: tuple[str, ...] = ()
    """Trusted proxy addresses, besides those of this machine."""
