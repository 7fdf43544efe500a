"""HTTP connections with a time limit for requests: an incomplete request does not hold resources.

Requests are parsed by h11, not httptools: for a request offering an upgrade to HTTP/2 (``Upgrade: h2c``, as Java
clients send over plain HTTP) httptools discards the body, and a recorder's upload would arrive empty.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""From connection, or first byte of a request, to the end of its headers."""


class PromptProtocol(H11Protocol):
    """Uvicorn's protocol with the time limit for headers that it lacks."""

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
