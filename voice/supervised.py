"""Threads that must not die in silence: one that fails is told of, is started again, and is known to health."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

AGAIN_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a thread that failed is started again; the last one repeats."""

REMEMBERED_S = 60.0
"""A fault is known for so long after the thread was started again."""

_troubles: dict[str, tuple[float, str]] = {}
_lock = threading.Lock()


class Supervised:
    """Does ``work`` in a thread of its own until it returns; whatever it raises is told, and it is done again."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        tell: Callable[[str], None],
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        """``ended``: it is not to be started again. Raises RuntimeError if the system has no thread left."""
        self.name, self._work, self._tell, self._ended = name, work, tell, ended
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """It has not come to its end."""
        return self._thread.is_alive()

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end, at most so long."""
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _run(self) -> None:
        failed = 0
        while not self._ended():
            began = time.monotonic()
            try:
                self._work()
                return
            except Exception as e:  # whatever it is: the others go on, and so does this one
                failed = 1 if time.monotonic() - began > REMEMBERED_S else failed + 1
                told = f"{self.name} failed and is started again 已重启: {type(e).__name__}: {e}"
                with _lock:
                    _troubles[self.name] = time.monotonic(), told
                with contextlib.suppress(Exception):  # whoever is told may be what fails: this thread goes on
                    self._tell(told)
                time.sleep(AGAIN_S[min(failed, len(AGAIN_S)) - 1])


def troubles() -> list[str]:
    """What has failed lately, in words."""
    now = time.monotonic()
    with _lock:
        for name in [n for n, (at, _) in _troubles.items() if now - at > REMEMBERED_S]:
            del _troubles[name]
        return [told for _, told in _troubles.values()]
