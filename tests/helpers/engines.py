"""The real engines that tests start for themselves: PostgreSQL and NATS, on loopback, in folders of their own."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.waiting import until

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class Postgres:
    """A PostgreSQL server on loopback, or a standby that follows one. Its files outlive its processes, not the
    machine."""

    def __init__(self, place: Path, port: int, follows: Postgres | None = None) -> None:
        self.place, self.port = place, port
        self.standbys: list[Postgres] = []
        self._names = itertools.count(1)
        self._binaries = POSTGRES[-1].parent
        self._run = ["runuser", "-u", "postgres", "--"] if os.name == "posix" and os.geteuid() == 0 else []
        place.mkdir()
        if self._run:
            shutil.chown(place, "postgres")
        if follows is None:
            self.tool("initdb", "-D", place / "data", "-A", "trust", "-U", "huying", "--no-sync")
        else:
            self.tool(
                "pg_basebackup", "-h", "127.0.0.1", "-p", str(follows.port), "-U", "huying", "-R", "-D", place / "data"
            )
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql+pg8000://huying@127.0.0.1:{self.port}/postgres"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"huying_{next(self._names)}"
        self.tool("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "huying", name)
        return self.url.removesuffix("postgres") + name

    def tool(self, name: str, *words: str | Path, given: bytes | None = None) -> bytes:
        """Run one of PostgreSQL's own programs; what it printed."""
        command = [*self._run, self._binaries / name, *words]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    def start(self) -> None:
        options = f"-k {self.place} -c listen_addresses=127.0.0.1 -p {self.port} -c fsync=off"
        self.tool("pg_ctl", "-D", self.place / "data", "-o", options, "-w", "start", "-l", self.place / "log")

    def stop(self, how: str = "fast") -> None:
        """``immediate`` leaves everything as a crash would."""
        self.tool("pg_ctl", "-D", self.place / "data", "-m", how, "-w", "stop")

    def standby(self) -> Postgres:
        """A second server that follows this one."""
        other = Postgres(self.place.with_name(f"{self.place.name}-standby"), free_port(), self)
        self.standbys.append(other)
        return other

    def promote(self) -> None:
        """From now on it follows nobody and is written to."""
        self.tool("pg_ctl", "-D", self.place / "data", "-w", "promote")


@contextlib.contextmanager
def _postgres() -> Iterator[Postgres]:
    if not POSTGRES:
        pytest.skip("no PostgreSQL server is installed")
    folder = Path(tempfile.mkdtemp(prefix="huying-pg-", dir="/tmp"))  # the user “postgres” must reach it
    folder.chmod(0o755)
    server = Postgres(folder / "1", free_port())
    try:
        yield server
    finally:
        for one in (server, *server.standbys):
            with contextlib.suppress(subprocess.CalledProcessError):  # the test has stopped it
                one.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server of the test's own, which it may stop."""
    with _postgres() as server:
        yield server


@pytest.fixture(scope="session")
def shared_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests that leave it as it is."""
    with _postgres() as server:
        yield server


@pytest.fixture
def postgres(shared_postgres: Postgres) -> str:
    """The address of a database of the test's own."""
    return shared_postgres.database()


def free_port() -> int:
    """One that nobody listens to."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Nats:
    """A JetStream server that can be killed and comes back on the same port with what it had."""

    def __init__(self, place: Path, configuration: str = "") -> None:
        self.port = free_port()
        self.store = place / "js"
        self._file = place / "nats.conf"
        self._file.write_text(
            f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{self.store}" }}\n' + configuration, "utf-8"
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
        assert until(self._listens), "nats-server does not start"

    def _listens(self) -> bool:
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

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
    words = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        f"-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout {key} -out {certificate}"
    )
    subprocess.run(words.split(), check=True, capture_output=True)
    return key, certificate


def nats_in(place: Path, configuration: str = "") -> Nats:
    """Start one, or skip the test."""
    if not shutil.which("nats-server"):
        pytest.skip("nats-server is not installed (Debian: apt install nats-server)")
    pytest.importorskip("nats")
    folder = place / f"nats-{time.monotonic_ns()}"
    folder.mkdir()
    return Nats(folder, configuration)
