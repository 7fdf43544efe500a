"""Waiting for what happens elsewhere, no longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Piece = TypeVar("Piece")


def until(condition: Callable[[], object], seconds: float = 120.0) -> bool:
    """Wait for what a thread or another process does; whether it came to pass. A busy machine may take long."""
    end, pause = time.monotonic() + seconds, 0.01
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
        pause = min(1.5 * pause, 0.2)
    return bool(condition())


def real_time(seconds: float) -> None:
    """For what takes its time whatever the machine does: a timer, a sound, a clock that must move on."""
    time.sleep(seconds)


def paced(pieces: Iterable[Piece], each_s: float) -> Iterator[Piece]:
    """One piece after the other as a live source gives them, and the end when the last one is over."""
    began = time.monotonic()
    for k, piece in enumerate(pieces, 1):
        yield piece
        real_time(max(0.0, began + k * each_s - time.monotonic()))
