"""``huying-start.exe`` of Windows has no console window and no standard streams; here they are taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.helpers.places import ROOT
from tests.helpers.waiting import until
from voice.bench.speed import free_port

WITHOUT_WINDOW = """
import sys
sys.stdin = sys.stdout = sys.stderr = None
from voice.cli import main
from voice.cli.start import with_streams
with_streams()
main(["start", "--no-station", "--no-browser", "--port", sys.argv[1]])
"""


def test_a_double_click_starts_it_without_a_console_window(tmp_path: Path) -> None:
    """What would be printed goes into a file of the user's folder, whose name is Chinese and has a blank."""
    home, port = tmp_path / "用户 王", free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_WINDOW, str(port)],
        cwd=tmp_path,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "NICEGUI"))},
            "HUYING_HOME": str(home),
            "HUYING_LANGUAGE": "zh",
            "PYTHONPATH": str(ROOT),
        },
    )
    try:
        assert until(lambda: _opens(port) or process.poll() is not None, 150)
        assert process.poll() is None, (home / "start.log").read_text("utf-8")
        assert "控制台" in (home / "start.log").read_text("utf-8")
    finally:
        process.terminate()
        process.wait()


def _opens(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
