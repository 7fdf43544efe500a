"""The command ``huying`` as a user types it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.places import ROOT


def huying(*args: str | Path, stdin: bytes | None = None, code: int = 0, **env: str) -> str:
    """Run ``huying …``; its standard output. Standard error is shown when the exit status is another one."""
    done = subprocess.run(
        [sys.executable, "-m", "voice", *map(str, args)],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **env},
    )
    err = done.stderr.decode("utf-8")
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout.decode('utf-8')}\n{err}"
    assert "Traceback" not in err
    return done.stdout.decode("utf-8") if code in (0, 1) else err
