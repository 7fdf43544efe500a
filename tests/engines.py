"""The real engines that tests start for themselves: PostgreSQL and NATS, on loopback, in folders of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL server of its own on a socket in the test's folder."""
    if not POSTGRES:
        pytest.skip("no PostgreSQL server is installed")
    binaries = POSTGRES[-1].parent
    place = Path("/tmp") / f"huying-pg-{os.getpid()}"
    place.mkdir()
    port = free_port()
    run = ["runuser", "-u", "postgres", "--"] if os.name == "posix" and os.geteuid() == 0 else []
    try:
        if run:
            shutil.chown(place, "postgres")
        subprocess.run([*run, binaries / "initdb", "-D", place / "data", "-A", "trust", "-U", "huying"],
                       check=True, capture_output=True)  # fmt: skip
        options = f"-k {place} -c listen_addresses=127.0.0.1 -p {port}"
        subprocess.run([*run, binaries / "pg_ctl", "-D", place / "data", "-o", options, "-w", "start", "-l",
                        place / "log"], check=True, capture_output=True)  # fmt: skip
        yield f"postgresql+pg8000://huying@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*run, binaries / "pg_ctl", "-D", place / "data", "-m", "immediate", "stop"],
                       capture_output=True, check=False)  # fmt: skip
        shutil.rmtree(place, ignore_errors=True)


def eventually(done: Callable[[], bool], seconds: float) -> bool:
    """Whether it is done within so many seconds."""
    ends = time.monotonic() + seconds
    while not (reached := done()) and time.monotonic() < ends:
        time.sleep(0.3)
    return reached


def free_port() -> int:
    """One that nobody listens to."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Nats:
    """A JetStream server that can be killed and comes back on the same port with what it had."""

    def __init__(self, place: Path, configuration: str = "") -> None:
        self.port = free_port()
        self._file = place / "nats.conf"
        self._file.write_text(
            f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{place / "js"}" }}\n' + configuration, "utf-8"
        )
        self.start()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def as_user(self, user: str, password: str) -> str:
        return f"nats://{user}:{password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["nats-server", "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise RuntimeError("nats-server does not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    """A NATS server without users."""
    server = nats_in(tmp_path)
    yield server
    server.kill()


def certified(place: Path) -> tuple[Path, Path]:
    """A key and a certificate for this machine that signs itself; skips the test without OpenSSL."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = place / "key.pem", place / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


def nats_in(place: Path, configuration: str = "") -> Nats:
    """Start one, or skip the test."""
    if not shutil.which("nats-server"):
        pytest.skip("nats-server is not installed (Debian: apt install nats-server)")
    pytest.importorskip("nats")
    folder = place / f"nats-{time.monotonic_ns()}"
    folder.mkdir()
    return Nats(folder, configuration)
