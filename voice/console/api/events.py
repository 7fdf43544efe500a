"""Events: queries, long polls and server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi import Path as UrlPath
from fastapi import Request as HttpRequest
from fastapi.responses import StreamingResponse

from voice.console.access import LOOK_S, STREAMS
from voice.console.api.common import (
    HIGHEST,
    MOST,
    WAIT_S,
    WallTime,
    by,
    gives,
    refusing,
)
from voice.console.desk import Desk
from voice.journal.lines import Line, lines
from voice.journal.search import search
from voice.journal.settled import settled_in


class StreamSlots:
    """Streams and long polls per user, STREAMS at most."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def check(self, request: HttpRequest) -> None:
        """Raises 429 if the user has none left."""
        if self._taken[by(request)] >= STREAMS:
            raise HTTPException(429, f"{STREAMS} streams of one user at once; close some")

    @contextlib.contextmanager
    def taken(self, request: HttpRequest) -> Iterator[None]:
        """Occupies one of the user's slots."""
        name = by(request)
        self._taken[name] += 1
        try:
            yield
        finally:
            self._taken[name] -= 1


def routes(desk: Desk) -> APIRouter:
    """Events, event streams and candidates."""
    api = APIRouter()
    feed = desk.feed
    places = StreamSlots()

    async def following(seq: int) -> list[Line]:
        kept = feed.recent(seq)
        return await asyncio.to_thread(feed.following, seq) if kept is None else kept

    @api.get("/events")
    def events(
        after: Annotated[int, Query(ge=0, le=HIGHEST)] = 0,
        kind: str | None = None,
        unit: str | None = None,
        since: WallTime = None,
        until: WallTime = None,
        q: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 500,
    ) -> list[Line]:
        """Events in order, in the format of ``huying journal show --json``: the first ``limit``; with ``q`` the latest
        ``limit`` that contain it."""
        begin, end = refusing(desk.utc)(since), refusing(desk.utc)(until)

        def wanted(x: Line) -> bool:
            return kind in (None, x["type"]) and unit in (None, x["unit"])

        if not q:
            found = lines(feed.journal.events(after=after, since=begin, until=end), settled_in(feed.journal))
            return list(islice(filter(wanted, found), limit))
        plain = not after and begin is end is kind is unit is None
        hits = search(feed.journal, q, desk.net, limit if plain else MOST)
        return [
            x
            for x in hits
            if wanted(x)
            and x["seq"] > after
            and (begin is None or x["wall"] >= begin)
            and (end is None or x["wall"] < end)
        ][-limit:]

    @api.get("/events/wait")
    async def wait(
        request: HttpRequest,
        after: Annotated[int, Query(ge=0, le=HIGHEST)],
        seconds: Annotated[float, Query(ge=0, le=WAIT_S)] = 20,
    ) -> list[Line]:
        """Up to 1000 events after a sequence number; waits up to ``seconds`` if there are none yet."""
        places.check(request)
        with places.taken(request):
            await feed.arrived(after, seconds)
            return await following(after)

    @api.get("/events/stream", **gives("text/event-stream"))
    async def stream(
        request: HttpRequest,
        after: Annotated[int | None, Query(ge=0, le=HIGHEST)] = None,
        last_event_id: Annotated[int | None, Header(ge=0, le=HIGHEST)] = None,
    ) -> StreamingResponse:
        """Server-sent events, one per event of the journal; ``id`` is its sequence number. A client that reconnects
        resumes after its ``Last-Event-ID``."""
        begin = after if last_event_id is None else last_event_id

        may: Callable[[], bool] = getattr(request.state, "may", None) or (lambda: True)

        async def send() -> AsyncIterator[str]:
            seq = feed.seq if begin is None else begin
            quiet = 0
            with places.taken(request):
                yield "retry: 1000\n\n"
                while may() and not feed.closed:
                    if await feed.arrived(seq, LOOK_S):
                        for line in await following(seq):
                            seq = line["seq"]
                            told = json.dumps(line, ensure_ascii=False)
                            yield f"id: {seq}\nevent: {line['type']}\ndata: {told}\n\n"
                    elif (quiet := quiet + 1) % 10 == 0:
                        yield ": alive\n\n"

        places.check(request)
        return StreamingResponse(send(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @api.get("/events/{seq}/candidates")
    def event_candidates(seq: Annotated[int, UrlPath(ge=1, le=HIGHEST)]) -> list[dict[str, Any]]:
        """Candidates for an event's over: call signs and phrases, most likely first."""
        return [
            {
                "kind": c.entry.kind,
                "key": c.entry.key,
                "text": c.entry.text,
                "score": c.score,
                "start": c.start,
                "end": c.end,
                "meaning": desk.meaning_of(c.entry.text) if c.entry.kind == "phrase" else "",
            }
            for c in refusing(desk.candidates)(seq)
        ]

    return api
