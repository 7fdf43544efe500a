"""Worker process for an engine that may hang, crash or leak memory. JSON jobs in, JSON answers out."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from voice.errors import HuyingError


class WorkerError(HuyingError):
    """The engine failed; the worker is restarted at the next job."""


class Worker:
    """Started at the first job, killed if it does not answer in time. One job at a time, from any thread."""

    def __init__(self, module: str, what: str, timeout_s: float, first_s: float = 0.0) -> None:
        """``what``: description for messages. ``first_s``: longer timeout for the first job, which loads the model."""
        self._module, self._what = module, what
        self._timeout, self._first = timeout_s, first_s
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """For tests and measurements; None if not running."""
        return self._process.pid if self._process else None

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises WorkerError on timeout or crash, or with the engine's own message."""
        with self._turn:
            limit = self._timeout + (0.0 if self._process else self._first)
            process = self._process or self._start()
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps(job, ensure_ascii=False) + "\n")
                process.stdin.flush()
                line = self._answers.get(timeout=limit)
            except (queue.Empty, OSError) as e:
                self._end()
                raise WorkerError(f"{self._what} gave no answer in {limit:.0f} s; run “huying doctor”") from e
            if not line:
                self._end()
                raise WorkerError(f"{self._what} ended unexpectedly; run “huying doctor”")
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
