"""The command ``huying`` in processes of its own that start quickly.

Nine tenths of the time of a short command go into importing libraries. One process for all tests of a session has them
imported and forks for every command; modules of Huying are imported by each command itself, as usual. Where there is no
fork, or the environment changes what Python itself does, the command starts afresh.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, AnyStr

ROOT = Path(__file__).parents[2]

LIBRARIES = (
    "aiohttp", "argon2", "asyncio", "concurrent.futures.thread", "fastapi.openapi.utils", "fastapi.openapi.docs",
    "filelock", "hassil", "httpx", "nats", "nkeys", "numpy", "openpyxl", "pg8000", "prometheus_client", "psutil",
    "pydantic", "pypinyin", "rapidfuzz.distance", "rich.markdown", "rich.progress", "rich.table", "socketio",
    "soundfile", "soxr", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite", "starlette.staticfiles",
    "tomlkit", "typer.rich_utils", "uvicorn", "vosk", "webrtcvad", "yaml",
)  # fmt: skip
"""Without NiceGUI, which reads the environment when it is imported."""

_PYTHONS_OWN = ("PYTHON", "LC_", "LANG")
"""Variables that take effect when Python starts."""

_UNBUFFERED = "PYTHONUNBUFFERED"
_LONGEST = 1 << 20


class Huying(subprocess.Popen[AnyStr]):
    """``huying …`` as a process of its own, with the options of ``subprocess.Popen``."""

    def __init__(self, *words: str | Path, **options: Any) -> None:
        self._ends: socket.socket | None = None
        options.setdefault("cwd", ROOT)
        super().__init__([sys.executable, "-m", "voice", *map(str, words)], **options)

    def _execute_child(self, args: Any, *more: Any) -> None:
        _executable, _preexec, _close, _pass, cwd, env, _info, _flags, _shell, *ends = more[:15]
        environment = dict(os.environ if env is None else env)
        if not hasattr(os, "fork") or _own(environment) != _own(os.environ):
            super()._execute_child(args, *more)  # type: ignore[misc]
            return
        stdin, to_stdin, from_stdout, stdout, from_stderr, stderr = ends
        given = [end if end >= 0 else number for number, end in enumerate((stdin, stdout, stderr))]
        request = json.dumps([args[3:], str(cwd), environment]).encode()
        self._ends = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ends.connect(_forker())
        socket.send_fds(self._ends, [request], given)
        self.pid = int(self._ends.recv(64))
        self._child_created = True
        devnull = getattr(self, "_devnull", None)
        for ours, theirs in ((to_stdin, stdin), (from_stdout, stdout), (from_stderr, stderr)):
            if ours != -1 and theirs not in (-1, devnull):
                os.close(theirs)
        if devnull is not None:
            os.close(devnull)

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if self._ends is None:
            return super()._try_wait(flags)  # type: ignore[misc,no-any-return]
        if flags and not select.select([self._ends], [], [], 0)[0]:
            return 0, 0
        told = self._ends.recv(64)
        self._ends.close()
        return self.pid, int(told)

    def _internal_poll(self, _deadstate: int | None = None, **more: Any) -> int | None:
        ends = getattr(self, "_ends", None)
        if ends is None or self.returncode is not None:
            return super()._internal_poll(_deadstate, **more)  # type: ignore[misc,no-any-return]
        with self._waitpid_lock:  # type: ignore[attr-defined]
            if self.returncode is None:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def finished(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """``huying …`` to its end, whatever that is."""
    given = options.pop("input", "")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Huying[str](*words, text=True, encoding="utf-8", **pipes, **options) as process:
        out, told = process.communicate(given)
    return subprocess.CompletedProcess(process.args, process.returncode, out, told)


def read_to(process: subprocess.Popen[str], words: str, seconds: float = 90.0) -> str:
    """What it prints, up to the line with these words; fails if they do not come."""
    late = threading.Timer(seconds, process.kill)
    late.start()
    told = []
    for line in process.stdout or ():
        told.append(line)
        if words in line:
            late.cancel()
            return "".join(told)
    late.cancel()
    raise AssertionError(f"“{words}” does not come: {''.join(told)}")


def _own(environment: Any) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k.startswith(_PYTHONS_OWN) and k != _UNBUFFERED}


@functools.cache
def _forker() -> str:
    """Start the process that forks; the address of its socket. It ends when this process does."""
    address = str(Path(tempfile.mkdtemp(prefix="huying-fork-")) / "socket")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.forking", address],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    _KEPT.append(process)
    return address


_KEPT: list[subprocess.Popen[bytes]] = []


def _serve(address: str) -> None:
    """Fork for every request until standard input ends. Returns in the forked processes only."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or every process copies all of it when it ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    waiting: dict[int, socket.socket] = {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            watched: list[Any] = [listener, woken, 0]
            ready = select.select(watched, [], [])[0]
            if woken in ready:
                os.read(woken, 4096)
                _report(waiting)
            if 0 in ready:
                Path(address).unlink()
                Path(address).parent.rmdir()
                os._exit(0)
            if listener in ready:
                caller = listener.accept()[0]
                request, ends, _, _ = socket.recv_fds(caller, _LONGEST, 3)
                if pid := os.fork():
                    for end in ends:
                        os.close(end)
                    waiting[pid] = caller
                    caller.send(str(pid).encode())
                    continue
                caller.close()
                for other in waiting.values():
                    other.close()
                for end in (woken, wake):
                    signal.set_wakeup_fd(-1)
                    os.close(end)
                words, cwd, environment = json.loads(request)
                _become(words, cwd, environment, ends)
                return


def _report(waiting: dict[int, socket.socket]) -> None:
    """Tell the callers of the processes that have ended."""
    while waiting:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with waiting.pop(pid) as caller, contextlib.suppress(OSError):
            caller.send(str(status).encode())


def _become(words: list[str], cwd: str, environment: dict[str, str], ends: list[int]) -> None:
    """What a new process has from the one that started it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[0] = cwd
    sys.argv = ["-m", *words]
    at_once = bool(environment.get(_UNBUFFERED))
    sys.stdin, sys.stdout, sys.stderr = (_stream(n, n == 2 or at_once) for n in range(3))


def _stream(number: int, at_once: bool) -> IO[str]:
    """Standard input, output or error."""
    raw = io.FileIO(number, "wb" if number else "rb", closefd=False)
    buffered = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
    errors = "backslashreplace" if number == 2 else "strict"
    return io.TextIOWrapper(buffered, "utf-8", errors, line_buffering=number == 2, write_through=at_once and number > 0)


if __name__ == "__main__":
    _serve(sys.argv[1])
    runpy.run_module("voice", run_name="__main__", alter_sys=True)
