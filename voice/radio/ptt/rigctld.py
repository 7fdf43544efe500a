"""A running rigctld (Hamlib) over TCP: ``T 1`` and ``T 0``.

The connection is kept open (reconnecting pulses the lines of some rigs, Hamlib#1343). If the process dies, rigctld
keeps the rig keyed: the keeper unkeys on exit, and if the keeper itself is killed the station starts a new one, which
first sends ``T 0``.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time

from voice.radio.ptt import KEY_S, PttError, PttSettings

PORT = 4532
LONGEST = 64
"""Longest answer, bytes."""

DONE = r"(?:set_ptt: \d\s+)?RPRT 0"
DCD = r"(?:get_dcd:\s+)?(?:DCD: )?[01](?:\s+RPRT 0)?"
"""Forms of answers: plain, extended (``+``), and from servers that end every answer with a report."""


class RigctldPtt:
    """Keys through Hamlib; reconnects once if the connection was lost."""

    def __init__(self, settings: PttSettings) -> None:
        host, _, port = (settings.device or "127.0.0.1").partition(":")
        if port and not (port.isdecimal() and int(port) <= 65535):
            raise PttError(f"ptt rigctld: “{settings.device}”; write host or host:port, e.g. 127.0.0.1:{PORT}")
        self._address = (host, int(port or PORT))
        self._carrier, self._carrier_inverted = settings.carrier, settings.carrier_inverted
        self._answer_s = settings.answer_s
        self._socket: socket.socket | None = None
        self.unkey()

    def key(self) -> None:
        self._command("T 1", within=max(KEY_S, self._answer_s))

    def unkey(self) -> None:
        self._command("T 0")

    def close(self) -> None:
        try:
            self.unkey()
        finally:
            self._drop()

    def busy(self) -> bool:
        """Carrier detect of the rig (``get_dcd``). Raises PttError if the rig has none."""
        if not self._carrier:
            return False
        answer = re.sub(r"RPRT 0|\D", "", self._command("\\get_dcd", DCD))
        return (answer == "1") != self._carrier_inverted

    def _command(self, text: str, wanted: str = DONE, within: float = 0.0) -> str:
        """``wanted``: pattern of the expected answer; ``within`` seconds, or the usual timeout."""
        within = within or self._answer_s
        for last in (False, True):
            try:
                return self._once(text, wanted, within)
            except OSError as e:
                self._drop()
                name = "{}:{}".format(*self._address)
                if isinstance(e, TimeoutError):  # connected, but no answer: retrying would only take as long again
                    raise PttError(
                        f"rigctld at {name} has not answered “{text}” within {within:g} s; of a slow rig raise the "
                        "limit: [station] ptt_answer_s"
                    ) from e
                if last:
                    raise PttError(
                        f"rigctld at {name} does not answer ({e}); start it, e.g. rigctld -m MODEL -r DEVICE"
                    ) from e
        raise AssertionError

    def _once(self, text: str, wanted: str, within: float) -> str:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._answer_s)
        self._rest()
        ends = time.monotonic() + within
        self._socket.settimeout(within)
        self._socket.sendall(text.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n") or re.fullmatch(rb"(?:get_dcd|set_ptt): ?\d?\s+", answer):
            self._socket.settimeout(max(0.01, ends - time.monotonic()))
            got = self._socket.recv(256)
            if not got:
                raise ConnectionError("it closed the connection")
            answer += got
            if len(answer) > LONGEST or time.monotonic() >= ends:  # the answer trickles in, or never stops
                raise ConnectionError("it does not come to the end of its answer")
        line = answer.decode("ascii", "replace").strip()
        if not re.fullmatch(wanted, line):
            self._drop()  # any further output is not the answer to the next command
        if re.fullmatch(r"(?:\w+:.*\s+)?RPRT -\d+", line):
            raise PttError(f"rigctld refuses “{text}” ({line}); does the rig have PTT, and is it set up for it?")
        if not re.fullmatch(wanted, line):
            raise ConnectionError(f"it answers “{line[:40]}”")
        return line

    def _rest(self) -> None:
        """A report left over from the previous answer: not the answer to the next command."""
        assert self._socket is not None
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            if not self._socket.recv(256):
                raise ConnectionError("it closed the connection")

    def _drop(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None
