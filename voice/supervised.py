"""Supervised threads: a failure is reported, shown in the health status, and the thread restarted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

AGAIN_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a failed thread is restarted; the last one repeats."""

REMEMBERED_S = 60.0
"""How long a fault remains listed after the restart."""

_troubles: dict[str, tuple[float, str]] = {}
_lock = threading.Lock()


class Supervised:
    """Runs ``work`` in its own thread until it returns; exceptions are reported and ``work`` is restarted."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        tell: Callable[[str], None],
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        """``ended``: stop restarting. Raises RuntimeError if the system cannot create a thread."""
        self.name, self._work, self._tell, self._ended = name, work, tell, ended
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """It has not finished."""
        return self._thread.is_alive()

    def join(self, seconds: float | None = None) -> None:
        """Wait for it to finish, with a timeout."""
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _run(self) -> None:
        failed = 0
        while not self._ended():
            began = time.monotonic()
            try:
                self._work()
                return
            except Exception as e:  # any error: this thread and the others continue
                failed = 1 if time.monotonic() - began > REMEMBERED_S else failed + 1
                told = f"{self.name} failed and is started again 已重启: {type(e).__name__}: {e}"
                with _lock:
                    _troubles[self.name] = time.monotonic(), told
                with contextlib.suppress(Exception):  # the callback itself may fail: this thread continues
                    self._tell(told)
                time.sleep(AGAIN_S[min(failed, len(AGAIN_S)) - 1])


def troubles() -> list[str]:
    """Recent failures, in words."""
    now = time.monotonic()
    with _lock:
        for name in [n for n, (at, _) in _troubles.items() if now - at > REMEMBERED_S]:
            del _troubles[name]
        return [told for _, told in _troubles.values()]
