"""Hamlib's dummy rig behind a real rigctld."""

from __future__ import annotations

import socket
import subprocess

from tests.helpers.waiting import until
from voice.radio.ptt import PttSettings


class Rig:
    """Hamlib's dummy rig behind a real rigctld."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["rigctld", "-m", "1", "-P", "RIG", "-T", "127.0.0.1", "-t", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert until(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def keyed(self) -> bool:
        """Asked over a connection of its own, which rigctld sometimes resets when many come and go."""
        told: list[bytes] = []

        def answers() -> bool:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 20) as s:
                    s.sendall(b"t\n")
                    told[:] = s.recv(64).split()
            except ConnectionError:
                return False
            return bool(told)

        assert until(answers), "rigctld does not answer the test"
        return told[0] == b"1"

    @property
    def settings(self) -> PttSettings:
        return PttSettings("rigctld", f"127.0.0.1:{self.port}")
