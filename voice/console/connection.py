"""A browser's connection that says what it wants in time, or is closed: half a request holds nothing for long.

h11 reads the requests and not httptools: of a request that offers to go on in HTTP/2 (``Upgrade: h2c``, as every Java
client does on clear text) httptools throws the body away, and a recorder's upload would arrive empty.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""From the connection, or the first byte of a request, to the end of its headers."""


class PromptProtocol(H11Protocol):
    """Uvicorn's protocol with a time limit for headers, which it lacks itself."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request."""
        if self._limit is None and self.conn.their_state is h11.IDLE:
            self._start()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:  # all headers are there
            self._stop()

    def _start(self) -> None:
        self._limit = self.loop.call_later(HEAD_S, self.transport.abort)

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
