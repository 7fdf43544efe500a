"""A browser's connection that says what it wants in time, or is closed: half a request holds nothing for long."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""From the connection, or the first byte of a request, to the end of its headers."""


class PromptProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with a time limit for headers, which it lacks itself."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if self._limit is None:
            self._start()

    def on_headers_complete(self) -> None:
        """All headers are there."""
        self._stop()
        super().on_headers_complete()

    def _start(self) -> None:
        self._limit = self.loop.call_later(HEAD_S, self.transport.abort)

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
