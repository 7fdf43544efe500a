"""What can be tried of Windows elsewhere: calls that it lacks, encodings, files that are open."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.places import ROOT
from tests.helpers.said import Source, sources

POSIX_MODULES = {"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog"}
POSIX_CALLS = {"fork", "forkpty", "setsid", "killpg", "getuid", "geteuid", "getpgid", "mkfifo", "wait4", "statvfs"}
POSIX_SIGNALS = {"SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGSTOP", "SIGCONT"}
FORKS = {"speech/synthesis_worker.py"}
"""The espeak-ng worker; Windows speaks through SAPI5 in the same process (tests/unit/test_sapi5.py)."""


def modules() -> Iterator[tuple[str, Source]]:
    """All modules but the benches, which are for developers' machines."""
    for source in sources():
        name = source.path.relative_to(ROOT / "voice").as_posix()
        if not name.startswith("bench/"):
            yield name, source


def guarded(tree: ast.Module) -> set[int]:
    """Lines within a ``try`` or a ``with suppress(…)``."""
    return {
        node.lineno
        for holder in ast.walk(tree)
        if isinstance(holder, ast.Try | ast.With)
        for node in ast.walk(holder)
        if hasattr(node, "lineno")
    }


def test_nothing_that_windows_lacks_is_imported_or_called() -> None:
    wrong = []
    for name, source in modules():
        safe = guarded(source.tree)
        for node in ast.walk(source.tree):
            place = f"{name}:{getattr(node, 'lineno', 0)}"
            match node:
                case ast.Import(names=names) if {n.name for n in names} & POSIX_MODULES and node.lineno not in safe:
                    wrong.append(place)
                case ast.ImportFrom(module=str(module)) if module in POSIX_MODULES:
                    wrong.append(place)
                case ast.Attribute(value=ast.Name(id="os"), attr=attr) if attr in POSIX_CALLS and name not in FORKS:
                    wrong.append(place)
                case ast.Attribute(value=ast.Name(id="signal"), attr=attr) if attr in POSIX_SIGNALS:
                    wrong.append(place)
                case ast.Attribute(attr="AF_UNIX" | "add_signal_handler" | "nice") if node.lineno not in safe:
                    wrong.append(place)
    assert wrong == []


def test_every_text_names_its_encoding() -> None:
    """On a Chinese Windows the default is cp936: a roster or answer of ours would be read wrong."""
    wrong = []
    for name, source in modules():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            named = {k.arg for k in node.keywords}
            values = {k.arg: k.value for k in node.keywords}
            match node.func:
                case ast.Attribute(attr="read_text") if not node.args and "encoding" not in named:
                    wrong.append(f"{name}:{node.lineno}")
                case ast.Attribute(attr="write_text") if len(node.args) < 2 and "encoding" not in named:
                    wrong.append(f"{name}:{node.lineno}")
                case ast.Attribute(attr="Popen" | "run" | "check_output") if "text" in named:
                    if not named & {"encoding", "errors"}:
                        wrong.append(f"{name}:{node.lineno}")
                case ast.Name(id="open") | ast.Attribute(attr="open", value=ast.Name(id="path" | "part" | "file")):
                    given = [v for v in (*node.args, values.get("mode")) if v is not None]
                    words = [n.value for v in given for n in ast.walk(v) if isinstance(n, ast.Constant)]
                    binary = any(isinstance(w, str) and "b" in w for w in words)
                    if not binary and "encoding" not in named:
                        wrong.append(f"{name}:{node.lineno}")
    assert wrong == []


def test_a_file_is_flushed_through_a_handle_that_may_write() -> None:
    """Windows refuses to flush a file that is open for reading (EBADF): no roster and no backup could be saved."""
    for name, source in modules():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.With) and "os.fsync" in ast.unparse(node):
                assert "open('rb')" not in ast.unparse(node.items[0]), f"{name}:{node.lineno}"


def test_file_names_hold_no_colon() -> None:
    """A time in a file name is written without colons."""
    for name, source in modules():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("with_name", "with_suffix"):
                assert "isoformat" not in ast.unparse(node), f"{name}:{node.lineno}"


def test_the_keeper_of_the_ptt_speaks_utf8(tmp_path: Path) -> None:
    """A port with a Chinese name that is not there: the keeper's fault arrives whole though the system is cp936."""
    settings = '{"kind": "serial", "device": "串口一", "line": "RTS"}'
    done = subprocess.run(
        [sys.executable, "-m", "voice.radio.ptt.keeper", settings],
        input=b"", capture_output=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "串口一" in done.stdout.decode("utf-8")
