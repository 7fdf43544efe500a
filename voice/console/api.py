"""``/api/v1``: the journal for other systems, and orders to the running station."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi import Path as UrlPath
from fastapi import Request as HttpRequest
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from voice.console.access import LOCAL
from voice.console.desk import LONGEST_SPEECH, Desk
from voice.console.waveform import waveform_svg
from voice.errors import HuyingError
from voice.journal.export import export
from voice.journal.incidents import incidents
from voice.journal.lines import Line, lines
from voice.journal.rolls import columns, figures
from voice.journal.search import search
from voice.journal.sheet import write_html, write_xlsx
from voice.net.roster_table import RosterChanged, roster_file
from voice.station.recorders import Spool
from voice.station.requests import LONGEST_ALERT, Order, Request, RollOrder, Withdrawal
from voice.station.status import status_file
from voice.talk.by_hand import Result

P = ParamSpec("P")
R = TypeVar("R")

HIGHEST = 2**53
"""Number of an event, at most."""

MOST = 5000
"""Events in one answer."""

WAIT_S = 30.0
"""A long poll waits so long at most."""

Sha256 = Annotated[str, "64 hexadecimal digits"]
Wall = Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Refusal(BaseModel):
    """Why something was not done."""

    detail: Any
    """Words for people, or a list of what is wrong with the request."""


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "Log in, or send a token", "content": {"text/plain": {}}},
    403: {"description": "Not for this role", "model": Refusal},
    422: {"description": "Not a request that can be carried out", "model": Refusal},
}
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is none", "model": Refusal}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "Changed meanwhile", "model": Refusal}}


def _gives(*kinds: str, missing: bool = False) -> dict[str, Any]:
    """Arguments of a route whose answer is a file of these content types."""
    answers: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in kinds}}}
    return {"response_class": Response, "responses": answers | (MISSING if missing else {})}


class RollBody(_Body):
    """An order to the roll-call."""

    order: RollOrder
    to: list[str] = Field(default=[], max_length=1000)
    rounds: int = Field(default=0, ge=0, le=5)


class AlertBody(_Body):
    """An alert to be read out."""

    text: str = Field(min_length=1, max_length=LONGEST_ALERT)
    to: list[str] = Field(default=[], max_length=1000)
    near: list[str] = Field(default=[], max_length=100)
    repeat: int = Field(default=2, ge=1, le=9)
    need_ack: bool = True
    emergency: bool = False


class CorrectionBody(_Body):
    """What an exchange really came to."""

    seq: int = Field(ge=1, le=HIGHEST)
    unit: str = Field(max_length=80)
    meaning: str = Field(max_length=40)
    note: str = Field(default="", max_length=500)


class ResultBody(_Body):
    """What one unit did on a net."""

    unit: str = Field(max_length=80)
    result: Result
    meaning: str = Field(default="", max_length=40)


class NetBody(_Body):
    """A net that nobody recorded."""

    began: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d")
    results: list[ResultBody] = Field(min_length=1, max_length=5000)
    note: str = Field(default="", max_length=500)


class RosterBody(_Body):
    """The whole roster."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the version that was read."""
    rows: list[dict[str, Annotated[str, Field(max_length=500)]]] = Field(max_length=20_000)


class ConfirmationBody(_Body):
    """What was said in the over of an event; ``null``: as logged."""

    seq: int = Field(ge=1, le=HIGHEST)
    said: str | None = Field(default=None, max_length=500)


def _refusing(act: Callable[P, R]) -> Callable[P, R]:
    """HuyingError becomes 422 with its message, RosterChanged 409."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except RosterChanged as e:
            raise HTTPException(409, str(e)) from e
        except HuyingError as e:
            raise HTTPException(422, str(e)) from e

    return run


def _by(request: HttpRequest) -> str:
    """Who asks, for the journal."""
    user = getattr(request.state, "user", None)
    return user.name if user else LOCAL.name


def _manager(request: HttpRequest) -> str:
    """Who asks, if he may manage. Raises 403."""
    user = getattr(request.state, "user", None)
    if user is not None and not user.may_manage:
        raise HTTPException(403, "only an admin may do this")
    return _by(request)


def router(desk: Desk) -> APIRouter:  # noqa: C901
    """All routes."""
    api = APIRouter(prefix="/api/v1", responses=REFUSALS)
    feed = desk.feed

    @api.get("/health")
    def health() -> dict[str, Any]:
        """Is the journal readable, and does a station log into it?"""
        return {
            "ok": not feed.fault,
            "fault": feed.fault,
            "events": len(feed.lines),
            "seq": feed.seq,
            "listening": feed.board.listening,
            "free_mb": round(shutil.disk_usage(Path.cwd()).free / 1e6),
        }

    @api.get("/station")
    def station() -> dict[str, Any] | None:
        """What the running station is doing this moment; null if none runs."""
        now = status_file(desk.requests).read()
        return None if now is None else asdict(now)

    @api.get("/units")
    def units() -> list[dict[str, Any]]:
        """The roster."""
        return [
            {
                "id": u.id,
                "name": u.name,
                "call_signs": u.call_signs,
                "group": u.group,
                "location": u.location,
                "officer": u.officer,
                "neighbours": u.neighbours,
                "ani": u.ani,
            }
            for u in desk.net.units
        ]

    @api.get("/roster")
    def roster() -> dict[str, Any]:
        """The roster's file as a table, and its hash: send it back with a change."""
        table = _refusing(lambda: desk.roster)()
        return {"sha256": table.sha256, "rows": table.rows}

    @api.put("/roster", responses=CONFLICT)
    def save(body: RosterBody, request: HttpRequest) -> dict[str, Any]:
        """Replace the roster (admins). 409 if it was changed meanwhile; with mistakes nothing is saved."""
        table, problems = _refusing(desk.save_roster)(body.rows, body.sha256, _manager(request))
        return {"sha256": table.sha256, "saved": table.sha256 != body.sha256, "problems": [str(p) for p in problems]}

    @api.get("/readings")
    def readings(text: Annotated[str, Query(min_length=1, max_length=60)], unit: str = "") -> dict[str, Any]:
        """How a call sign is read, and others that sound like it. ``unit``: whose it is."""
        said, near = _refusing(desk.reading)(text, unit)
        return {"reading": said, "alike": [{"call_sign": t, "distance": d} for t, d in near]}

    @api.get("/speech", **_gives("audio/wav"))
    def speech(text: Annotated[str, Query(min_length=1, max_length=LONGEST_SPEECH)]) -> Response:
        """The net's voice says a text, WAV."""
        return Response(_refusing(desk.speech)(text), media_type="audio/wav")

    @api.get("/channels")
    def channels() -> list[dict[str, Any]]:
        """The channels that are listened to, and whether somebody is logging them."""
        return [
            {"channel": c, "listening": feed.board_of(c).listening, "source": feed.board_of(c).source}
            for c in feed.channels
        ]

    @api.get("/board")
    def board(channel: str | None = None) -> dict[str, Any]:
        """The tiles as they stand, of the first channel or of a named one."""
        b = feed.board if channel is None else feed.board_of(channel)
        tiles = [
            {"unit": t.unit, "state": t.state, "since": t.since, "meaning": t.meaning, "latency_s": t.latency_s}
            for t in b.tiles.values()
        ]
        count = b.attendance
        return {
            "seq": b.seq, "listening": b.listening, "source": b.source, "running": b.running, "tiles": tiles,
            "attendance": count.counts(), "missing": count.silent, "unclear": count.unclear, "overdue": b.overdue,
        }  # fmt: skip

    @api.get("/events")
    def events(
        after: Annotated[int, Query(ge=0, le=HIGHEST)] = 0,
        kind: str | None = None,
        unit: str | None = None,
        since: Wall = None,
        until: Wall = None,
        q: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 500,
    ) -> list[Line]:
        """Events in order, as ``huying journal show --json`` gives them: the first ones, or of those with ``q`` in them
        the latest."""
        begin, end = _refusing(desk.utc)(since), _refusing(desk.utc)(until)

        def wanted(x: Line) -> bool:
            return kind in (None, x["type"]) and unit in (None, x["unit"])

        if not q:
            found = lines(feed.journal.events(after=after, since=begin, until=end))
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
        after: Annotated[int, Query(ge=0, le=HIGHEST)], seconds: Annotated[float, Query(ge=0, le=WAIT_S)] = 20
    ) -> list[Line]:
        """The next events after a number, a thousand at most; waits for one if there is none."""
        await asyncio.to_thread(feed.wait, after, seconds)
        return await asyncio.to_thread(feed.following, after)

    @api.get("/events/stream", **_gives("text/event-stream"))
    async def stream(
        after: Annotated[int | None, Query(ge=0, le=HIGHEST)] = None,
        last_event_id: Annotated[int | None, Header(ge=0, le=HIGHEST)] = None,
    ) -> StreamingResponse:
        """Server-sent events: one for each event of the journal, ``id`` its number. A client that lost the connection
        goes on after the ``Last-Event-ID`` that it has."""
        begin = after if last_event_id is None else last_event_id

        async def send() -> AsyncIterator[str]:
            seq = feed.seq if begin is None else begin
            yield "retry: 1000\n\n"
            while True:
                if not await asyncio.to_thread(feed.wait, seq, 10.0):
                    yield ": alive\n\n"
                for line in await asyncio.to_thread(feed.following, seq):
                    seq = line["seq"]
                    yield f"id: {seq}\nevent: {line['type']}\ndata: {json.dumps(line, ensure_ascii=False)}\n\n"

        return StreamingResponse(send(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @api.get("/events/{seq}/candidates")
    def event_candidates(seq: Annotated[int, UrlPath(ge=1, le=HIGHEST)]) -> list[dict[str, Any]]:
        """What the over of an event may have been: call signs and phrases, the likeliest first."""
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
            for c in _refusing(desk.candidates)(seq)
        ]

    @api.get("/clips/{sha256}", **_gives("audio/flac", missing=True))
    def clip(sha256: Sha256) -> FileResponse:
        """The sound of an over, FLAC."""
        try:
            path = feed.journal.clips.path(sha256)
        except HuyingError as e:
            raise HTTPException(404, str(e)) from e
        if not path.is_file():
            raise HTTPException(404, "the clip is missing")
        return FileResponse(path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=86400"})

    @api.get("/clips/{sha256}/waveform.svg", **_gives("image/svg+xml", missing=True))
    def waveform(sha256: Sha256) -> Response:
        """The clip as a picture: its envelope over its spectrogram."""
        try:
            picture = waveform_svg(feed.journal.clips.get(sha256))
        except HuyingError as e:
            raise HTTPException(404, str(e)) from e
        return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "private, max-age=86400"})

    @api.get("/rolls")
    def rolls(since: Wall = None, until: Wall = None) -> dict[str, Any]:
        """Attendance by unit, and every exchange."""
        sheet = _refusing(desk.sheet)(since, until)
        return {
            "units": [
                {
                    "unit": r.unit,
                    "name": desk.net.name_of(r.unit),
                    "calls": r.calls,
                    "answered": r.answered,
                    "late": r.late,
                    "relayed": r.relayed,
                    "silent": r.silent,
                    "unclear": r.unclear,
                    "median_s": r.median_s,
                }
                for r in figures(sheet)
            ],
            "rolls": [
                {
                    "began": c.began,
                    "kind": c.occasion.kind,
                    "words": c.occasion.words,
                    **c.attendance.counts(),
                    "standings": dict(c.attendance.standings),
                }
                for c in columns(sheet)
            ],
            "sessions": [
                {
                    "began": s.began,
                    "source": s.source,
                    "calls": [
                        {
                            "unit": c.unit,
                            "wall": c.wall,
                            "result": c.result,
                            "meaning": c.meaning,
                            "latency_s": c.latency_s,
                        }
                        for c in s.calls
                    ],
                }
                for s in sheet
            ],
        }

    @api.get("/incidents")
    def all_incidents(since: Wall = None, until: Wall = None) -> list[dict[str, Any]]:
        """Reports, and how fast units set out and arrived."""
        found = incidents(feed.journal.events(since=_refusing(desk.utc)(since), until=_refusing(desk.utc)(until)))
        return [
            {
                "seq": i.seq,
                "wall": i.wall,
                "unit": i.unit,
                "text": i.text,
                "on_the_way": i.on_the_way,
                "arrived": i.arrived,
            }
            for i in found
        ]

    @api.get("/exports/{name}", **_gives("*/*"))
    def exports(
        name: Literal[
            "roll.html", "roll.xlsx", "events.csv", "events.jsonl", "events.xlsx", "roster.csv", "roster.xlsx"
        ],
        since: Wall = None,
        until: Wall = None,
    ) -> FileResponse:
        """The roll sheet, the events or the roster as a file."""
        from starlette.background import BackgroundTask

        folder = Path(tempfile.mkdtemp(prefix="huying-export-"))
        path = folder / name
        if name.startswith("roster"):
            path.write_bytes(_refusing(roster_file)(desk.roster.path, path.suffix))
        elif name.startswith("roll"):
            sheet = _refusing(desk.sheet)(since, until)
            (write_html if name.endswith("html") else write_xlsx)(path, sheet, desk.heading)
        else:
            found = lines(feed.journal.events(since=_refusing(desk.utc)(since), until=_refusing(desk.utc)(until)))
            export(path, path.suffix[1:], found)
        return FileResponse(path, filename=name, background=BackgroundTask(shutil.rmtree, folder, True))

    @api.post("/rollcall", status_code=202)
    def rollcall(body: RollBody, request: HttpRequest) -> dict[str, Any]:
        """Start, pause, resume, skip, repeat or end the roll-call of the running station."""
        order = Order(body.order, tuple(body.to), body.rounds, by=_by(request))
        return {"units": _refusing(desk.leave)(order)}

    @api.post("/nets", status_code=201)
    def enter_net(body: NetBody, request: HttpRequest) -> dict[str, int]:
        """Log a net that nobody recorded."""
        results = [(r.unit, r.result, r.meaning) for r in body.results]
        return {"seq": _refusing(desk.enter_net)(body.began, results, _by(request), body.note)}

    @api.post("/test", status_code=202)
    def test(request: HttpRequest) -> dict[str, Any]:
        """Have the running station transmit a test announcement (admins)."""
        _refusing(desk.test)(_manager(request))
        return {}

    @api.post("/alerts", status_code=202)
    def alerts(body: AlertBody, request: HttpRequest) -> dict[str, Any]:
        """Have the running station read an alert."""
        alert = Request(body.text, tuple(body.to), body.repeat, body.need_ack, body.emergency, _by(request))
        return {"units": _refusing(desk.alert)(alert, tuple(body.near))}

    @api.delete("/alerts", status_code=202)
    def withdraw(request: HttpRequest) -> dict[str, Any]:
        """Have the running station end the alert that it reads."""
        _refusing(desk.leave)(Withdrawal(by=_by(request)))
        return {}

    @api.post("/corrections", status_code=201)
    def corrections(body: CorrectionBody, request: HttpRequest) -> dict[str, int]:
        """Set right what an exchange came to. The original event stays."""
        return {"seq": _refusing(desk.correct)(body.seq, body.unit, body.meaning, _by(request), body.note)}

    @api.post("/confirmations", status_code=201)
    def confirmations(body: ConfirmationBody, request: HttpRequest) -> dict[str, int]:
        """Say what was said in an over."""
        return {"seq": _refusing(desk.confirm)(body.seq, body.said, _by(request))}

    @api.get("/metrics", **_gives("text/plain"))
    def metrics() -> Response:
        """For Prometheus."""
        told = desk.metrics.exposition(feed, len(Spool(desk.requests).waiting()))
        return Response(told, media_type="text/plain; version=0.0.4")

    return api
