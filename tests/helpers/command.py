"""The command ``huying`` as a user types it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.helpers.forking import Huying


def huying(*args: str | Path, stdin: bytes | None = None, code: int = 0, **env: str) -> str:
    """Run ``huying …``; its standard output. Standard error is shown when the exit status is another one."""
    environment = {**os.environ, "COLUMNS": "200", **env}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Huying[bytes](*args, env=environment, **pipes) as process:
        out, told = (b.decode("utf-8") for b in process.communicate(stdin))
    assert process.returncode == code, f"exit {process.returncode}\n{out}\n{told}"
    assert "Traceback" not in told
    return out if code in (0, 1) else told
