"""Where the console listens, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where the console listens."""

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    """Names under which browsers may ask for it, beside ``host`` and those of this machine."""
    certificate: Path | None = None
    key: Path | None = None
    prefix: str = ""
    """Path under which a proxy shows it, e.g. ``/huying``; a proxy may say it itself (``X-Forwarded-Prefix``)."""
    proxies: tuple[str, ...] = ()
    """Addresses of proxies that are believed, beside those of this machine."""
