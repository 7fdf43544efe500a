"""A console as a process of its own, on this machine's loopback, for tests that speak HTTP to it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.helpers.forking import Huying, finished
from tests.helpers.waiting import until
from voice.journal.store import Journal

PASSWORD = "correct horse"


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass
class Served:
    """``huying serve``; its accounts lie in ``home``."""

    home: Path
    journal: Path
    words: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    users: Mapping[str, str] = field(default_factory=dict)
    """Name → role, added before it starts."""

    def __post_init__(self) -> None:
        self.port = self.port or free_port(self.host)
        self.home.mkdir(parents=True, exist_ok=True)
        self.requests = self.home / "requests"
        Journal(str(self.journal)).close()
        for name, role in self.users.items():
            self.huying("users", "add", name, "--role", role, "--password-stdin", stdin=PASSWORD + "\n")
        self.told = self.home / "told.txt"
        words = ("serve", "--journal", str(self.journal), "--port", str(self.port), "--host", self.host,
                 "--requests", str(self.requests), *self.words)  # fmt: skip
        with self.told.open("w") as out:
            self.process = Huying[bytes](*words, env=self.env, stdout=out, stderr=subprocess.STDOUT)
        assert until(lambda: self._answers() or self.process.poll() is not None) and self._answers(), (
            "the console did not start: " + self.told.read_text()
        )

    def _answers(self) -> bool:
        try:
            httpx.get(f"{self.url}/api/v1/health", timeout=20)
        except httpx.HTTPError:
            return False
        return True

    @property
    def env(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        return {**clean, "HUYING_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def huying(self, *words: str, stdin: str = "") -> str:
        """A command with the same accounts; what it printed."""
        done = finished(*words, env=self.env, input=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request on a connection of its own."""
        return httpx.request(method, self.url + path, timeout=60, **more)

    def log_in(self, name: str, password: str = PASSWORD) -> dict[str, str]:
        """The header of a session."""
        done = self.ask("POST", "/login", data={"name": name, "password": password})
        assert done.status_code == 303, done.text
        found = re.match("[^;]+", done.headers["set-cookie"])
        assert found
        return {"Cookie": found.group()}

    def token(self, name: str) -> dict[str, str]:
        """The header of a token."""
        return {"Authorization": "Bearer " + self.huying("users", "token", name).strip()}

    def memory(self) -> int:
        """Bytes of the process that are in memory."""
        import psutil

        size: int = psutil.Process(self.process.pid).memory_info().rss
        return size

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
