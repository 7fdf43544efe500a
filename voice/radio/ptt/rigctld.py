"""A running rigctld (Hamlib) over TCP: ``T 1`` and ``T 0``.

The connection is kept (opening it anew pulses the lines of some rigs, Hamlib#1343). When the process dies
rigctld keeps the rig keyed: the keeper unkeys on its way out, and after a kill of the keeper itself the
station opens a new one, whose first word is ``T 0``.
"""

from __future__ import annotations

import contextlib
import socket

from voice.radio.ptt import PttError, PttSettings

PORT = 4532
TIMEOUT_S = 2.0


class RigctldPtt:
    """Keys through Hamlib; connects again once when the connection was lost."""

    def __init__(self, settings: PttSettings) -> None:
        host, _, port = (settings.device or "127.0.0.1").partition(":")
        if port and not port.isdigit():
            raise PttError(f"ptt rigctld: “{settings.device}”; write host or host:port, e.g. 127.0.0.1:{PORT}")
        self._address = (host, int(port or PORT))
        self._carrier, self._carrier_inverted = settings.carrier, settings.carrier_inverted
        self._socket: socket.socket | None = None
        self.unkey()

    def key(self) -> None:
        self._command("T 1")

    def unkey(self) -> None:
        self._command("T 0")

    def close(self) -> None:
        try:
            self.unkey()
        finally:
            self._drop()

    def busy(self) -> bool:
        """Carrier detect of the rig (``get_dcd``). Raises PttError where the rig has none."""
        if not self._carrier:
            return False
        return (self._command("\\get_dcd").strip() == "1") != self._carrier_inverted

    def _command(self, text: str) -> str:
        for last in (False, True):
            try:
                return self._once(text)
            except OSError as e:
                self._drop()
                if last:
                    name = "{}:{}".format(*self._address)
                    raise PttError(
                        f"rigctld at {name} does not answer ({e}); start it, e.g. rigctld -m MODEL -r DEVICE"
                    ) from e
        raise AssertionError

    def _once(self, text: str) -> str:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, TIMEOUT_S)
            self._socket.settimeout(TIMEOUT_S)
        self._socket.sendall(text.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            got = self._socket.recv(256)
            if not got:
                raise ConnectionError("it closed the connection")
            answer += got
        line = answer.decode("ascii", "replace").strip()
        if line.startswith("RPRT") and line != "RPRT 0":
            raise PttError(f"rigctld refuses “{text}” ({line}); does the rig have PTT, and is it set up for it?")
        return line

    def _drop(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None
