"""Worker process for an engine that may hang, crash or leak memory. JSON jobs in, JSON answers out."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from voice.errors import HuyingError

USUAL, KNOWN = 8, 3
"""Latest answers whose slowest says how long one usually takes; how many must be known."""

LEAST_S = 20.0
"""A busy machine may make anybody wait so long."""


class WorkerError(HuyingError):
    """The engine failed; the worker is restarted at the next job."""


class Worker:
    """Started at the first job, killed if it does not answer in time. One job at a time, from any thread."""

    def __init__(
        self, module: str, what: str, timeout_s: float, first_s: float = 0.0, patience: float | None = None
    ) -> None:
        """``what``: description for messages. ``first_s``: longer timeout for the first job, which loads the model.
        ``patience``: how many times its usual time it may take, once that is known; ``timeout_s`` at most."""
        self._module, self._what = module, what
        self._timeout, self._first, self._patience = timeout_s, first_s, patience
        self._took: deque[float] = deque(maxlen=USUAL)
        """Seconds of the latest answers, for a job of size 1."""
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """For tests and measurements; None if not running."""
        return self._process.pid if self._process else None

    def limit(self, size: float = 1.0) -> float:
        """How long an answer to a job of this size is waited for, s."""
        if self._patience is None or len(self._took) < KNOWN:
            return self._timeout * size
        return min(self._timeout, max(LEAST_S, self._patience * max(self._took))) * size

    def ask(self, job: dict[str, Any], size: float = 1.0) -> dict[str, Any]:
        """The answer. Raises WorkerError on timeout or crash, or with the engine's own message. ``size``: how many
        times the smallest job's work it is."""
        with self._turn:
            loads = self._process is None
            limit = self.limit(size) + loads * self._first
            process = self._process or self._start()
            began = time.monotonic()
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps(job, ensure_ascii=False) + "\n")
                process.stdin.flush()
                line = self._answers.get(timeout=limit)
            except (queue.Empty, OSError) as e:
                self._end()
                if self._patience is not None:  # a busy machine gets more time from now on
                    self._took.append(2 * limit / size / self._patience)
                raise WorkerError(f"{self._what} gave no answer in {limit:.0f} s; run “huying doctor”") from e
            if not line:
                self._end()
                raise WorkerError(f"{self._what} ended unexpectedly; run “huying doctor”")
            if not loads:
                self._took.append((time.monotonic() - began) / size)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self._what} failed: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process; a job in progress fails."""
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        answers: queue.Queue[str] = queue.Queue()

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                answers.put(line)
            answers.put("")

        threading.Thread(target=read, daemon=True).start()
        self._process, self._answers = process, answers
        return process


def serve(work: Callable[[dict[str, Any]], dict[str, Any]], niceness: int = 0) -> None:
    """Worker side: serve jobs until end of standard input. Engine output on stdout is kept apart from the answers."""
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(niceness)
    for line in sys.stdin:
        try:
            answer = work(json.loads(line))
        except Exception as e:  # any engine error is reported; the worker continues
            answer = {"error": str(e) if isinstance(e, HuyingError) else f"{type(e).__name__}: {e}"}
        print(json.dumps(answer, ensure_ascii=False), file=out, flush=True)
