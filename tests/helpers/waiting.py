"""Waiting for what happens elsewhere, no longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 60.0) -> bool:
    """Wait for what a thread or another process does; whether it came to pass. A busy machine may take long."""
    end, pause = time.monotonic() + seconds, 0.01
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
        pause = min(1.5 * pause, 0.2)
    return bool(condition())
