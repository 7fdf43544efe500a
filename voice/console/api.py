"""``/api/v1``: the journal for other systems, and orders to the running station."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

import soundfile as sf
from fastapi import APIRouter, HTTPException, Query, Response
from fastapi import Path as UrlPath
from fastapi import Request as HttpRequest
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from voice.audio.pcm import RATE
from voice.console.access import LOCAL
from voice.console.feed import Feed
from voice.console.metrics import Metrics
from voice.console.waveform import waveform_svg
from voice.errors import HuyingError, Problem
from voice.grammar.check import alike
from voice.grammar.lexicon import plain
from voice.grammar.readings import CannotBeRead
from voice.grammar.templates import MEANINGS
from voice.journal.confirming import confirmation, over_of
from voice.journal.export import export
from voice.journal.incidents import incidents
from voice.journal.lines import Line, lines
from voice.journal.rolls import Session, figures, sessions_between
from voice.journal.search import search
from voice.journal.sheet import Heading, write_html, write_xlsx
from voice.journal.store import Journal
from voice.journal.wording import utc
from voice.net.facts import Corrected, NetEdited, NetEntered
from voice.net.loading import Net, check_net
from voice.net.roster_table import RosterTable, Row, read_roster_table, roster_file, save_roster_table
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.candidates import Candidate, candidates
from voice.station.inbox import Order, Request, RollOrder, Saying, Wish, checked, put, with_neighbours
from voice.station.listener import Ear, open_ear
from voice.station.speaker import Speaker
from voice.station.status import status_file

P = ParamSpec("P")
R = TypeVar("R")

HIGHEST = 2**53
"""Number of an event, at most."""

MOST = 5000
"""Events in one answer."""

WAIT_S = 30.0
"""A long poll waits so long at most."""

ENTERED = ("answered", "late", "silent", "unclear")
"""Results of a net that is entered by hand."""

LONGEST_SPEECH = 300
TEST_WORDS = "测试发射,测试发射"
CHANGED = "somebody else has changed the roster meanwhile; load it again 名册已被别人修改, 请重新载入"

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


def _gives(*kinds: str, missing: bool = False) -> dict[str, Any]:
    """Arguments of a route whose answer is a file of these content types."""
    answers: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in kinds}}}
    return {"response_class": Response, "responses": answers | (MISSING if missing else {})}


MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is none", "model": Refusal}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "Changed meanwhile", "model": Refusal}}


class RollBody(_Body):
    """An order to the roll-call."""

    order: RollOrder
    to: list[str] = Field(default=[], max_length=1000)
    rounds: int = Field(default=0, ge=0, le=5)


class AlertBody(_Body):
    """An alert to be read out."""

    text: str = Field(min_length=1, max_length=300)
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
    result: Literal["answered", "late", "silent", "unclear"]
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


class Desk:
    """What the console can do, for pages and API alike. Raises HuyingError for what cannot be done."""

    def __init__(self, journal: Journal, net: Net, requests: Path) -> None:
        self.net, self.requests, self.metrics = net, requests, Metrics()
        self.feed = Feed(journal, self.metrics.take)
        self._saving = threading.Lock()
        self._synthesiser: Synthesiser | None = None
        self._hearing = threading.Lock()
        self._ear: Ear | None = None

    def leave(self, wish: Wish) -> tuple[str, ...]:
        """Leave a request for the station; the units it goes to."""
        units = checked(self.net, wish)
        put(self.requests, wish)
        return units

    def test(self, by: str) -> None:
        """Have the station key and say that it is a test."""
        self.leave(Saying(TEST_WORDS, by))

    def alert(self, body: AlertBody, by: str) -> tuple[str, ...]:
        """Have an alert read out."""
        to = (*body.to, *with_neighbours(self.net, tuple(body.near)))
        return self.leave(Request(body.text, to, body.repeat, body.need_ack, body.emergency, by))

    def correct(self, seq: int, unit: str, meaning: str, by: str, note: str = "") -> int:
        """Set right what an exchange came to; number of the new event."""
        if self.net.unit(unit) is None:
            raise HuyingError(f"no unit {unit!r} on the roster")
        if meaning not in MEANINGS:
            raise HuyingError(f"“{meaning}” is no meaning: {', '.join(MEANINGS)}")
        event = next(iter(self.feed.journal.events(after=seq - 1, before=seq + 1)), None) if seq >= 1 else None
        if event is None:
            raise HuyingError(f"no event {seq}")
        channel = event.fact().channel
        fact = Corrected(t=0.0, corrects=seq, unit=unit, meaning=meaning, by=by, note=note, channel=channel)
        return self.feed.journal.append([fact], datetime.now(UTC))[0].seq

    def confirm(self, seq: int, said: str | None, by: str) -> int:
        """Say what was said in the over that an event rests on; number of the new event."""
        fact = confirmation(self.feed.journal, seq, said, by)
        return self.feed.journal.append([fact], datetime.now(UTC))[0].seq

    @property
    def roster(self) -> RosterTable:
        """As the file stands now."""
        return read_roster_table(self.net.folder / self.net.settings.roster)

    def save_roster(self, rows: Sequence[Row], sha256: str, by: str) -> tuple[RosterTable, list[Problem]]:
        """Write the roster that was read as ``sha256``; with mistakes nothing is written. The journal says who."""
        if self.net.folder == sample_net():
            raise HuyingError("this is the sample net; copy its folder and name the copy with --net 示例网不能修改")
        with self._saving:
            before = self.roster
            if before.sha256 != sha256:
                raise HuyingError(CHANGED)
            table, problems = save_roster_table(before, rows)
            if problems or table.sha256 == sha256:
                return table, problems
            net, problems = check_net(self.net.folder)
            if net is not None:
                self.net = net
            note = f"{len(before.cells)} → {len(table.cells)} units"
            fact = NetEdited(t=0.0, file=table.path.name, sha256=table.sha256, replaced=sha256, by=by, note=note)
            self.feed.journal.append([fact], datetime.now(UTC))
            return table, problems

    def reading(self, text: str, own: str) -> tuple[str, list[tuple[str, float]]]:
        """How a call sign is read, and the others that sound like it. Raises HuyingError for what has no reading."""
        try:
            said = self.net.readings.read(text)
        except CannotBeRead as e:
            raise HuyingError(f"{e}; use Chinese characters, digits and letters A-Z") from e
        near = alike(tuple(place[0] for place in plain(said[0])), self.net.lexicon.entries, own)
        return " ".join(place[0] for place in said[0]), [(e.text, d) for e, d in near]

    def speech(self, text: str) -> bytes:
        """The net's voice says it: a WAV file."""
        if not text.strip() or len(text) > LONGEST_SPEECH:
            raise HuyingError(f"1 to {LONGEST_SPEECH} characters can be said")
        if self._synthesiser is None:
            self._synthesiser = Synthesiser(cache_folder() / "speech")
        out = io.BytesIO()
        try:
            sf.write(out, Speaker(self.net, self._synthesiser).say(text), RATE, format="WAV")
        except CannotBeRead as e:
            raise HuyingError(f"{e}; use Chinese characters, digits and letters A-Z") from e
        return out.getvalue()

    def candidates(self, seq: int) -> list[Candidate]:
        """What the over of an event may have been, the likeliest first. Loads the model at the first call."""
        found = over_of(self.feed.journal, seq)
        if found is None or not found[1].clip:
            raise HuyingError(f"event {seq}: no clip of its over was kept")
        pcm = self.feed.journal.clips.get(found[1].clip)
        with self._hearing:
            if self._ear is None or self._ear.net is not self.net:
                self._ear = open_ear(self.net)
            return candidates(self._ear, pcm)

    def meaning_of(self, phrase: str) -> str:
        """What a phrase means by itself; empty if it is only a part of something."""
        return next((t.meaning for t in self.net.lexicon.templates if t.pieces == (phrase,)), "")

    def close(self) -> None:
        """The console ends."""
        self.feed.close()
        if self._synthesiser is not None:
            self._synthesiser.close()

    @property
    def heading(self) -> Heading:
        """Of roll sheets."""
        return Heading.of(self.net, self.feed.journal.head)

    def enter_net(self, began: str, results: Sequence[tuple[str, str, str]], by: str, note: str = "") -> int:
        """Log a net that nobody recorded; number of the event."""
        moment = utc(began)
        if not began or moment is None or not results:
            raise HuyingError("a net entered by hand has a time and at least one unit 请填时间和至少一个单位")
        if moment > utc(datetime.now(UTC).isoformat()):  # type: ignore[operator]
            raise HuyingError(f"{began} has not come yet 时间还没到")
        for unit, result, meaning in results:
            if self.net.unit(unit) is None or result not in ENTERED or meaning not in ("", *MEANINGS):
                known = ", ".join(ENTERED)
                raise HuyingError(f"{unit!r} {result!r} {meaning!r}: a unit of the roster, one of {known}, a meaning")
        fact = NetEntered(t=0.0, began=moment, by=by, results=tuple(results), note=note)
        return self.feed.journal.append([fact], datetime.now(UTC))[0].seq

    def sheet(self, since: str | None, until: str | None) -> list[Session]:
        """Sessions of a stretch of time with their exchanges."""
        return sessions_between(self.feed.journal, utc(since), utc(until))


def _refusing(act: Callable[P, R]) -> Callable[P, R]:
    """HuyingError becomes 422 with its message."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
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


def router(desk: Desk) -> APIRouter:
    """All routes."""
    api = APIRouter(prefix="/api/v1", responses=REFUSALS)
    feed = desk.feed

    @api.get("/health")
    def health() -> dict[str, Any]:
        """Is the journal readable, and does a station log into it?"""
        return {
            "ok": not feed.fault, "fault": feed.fault, "events": len(feed.lines), "seq": feed.seq,
            "listening": feed.board.listening, "free_mb": round(shutil.disk_usage(Path.cwd()).free / 1e6),
        }  # fmt: skip

    @api.get("/station")
    def station() -> dict[str, Any] | None:
        """What the running station is doing this moment; null if none runs."""
        now = status_file(desk.requests).read()
        return None if now is None else asdict(now)

    @api.get("/units")
    def units() -> list[dict[str, Any]]:
        """The roster."""
        return [
            {"id": u.id, "name": u.name, "call_signs": u.call_signs, "group": u.group, "location": u.location,
             "officer": u.officer, "neighbours": u.neighbours, "ani": u.ani}
            for u in desk.net.units
        ]  # fmt: skip

    @api.get("/roster")
    def roster() -> dict[str, Any]:
        """The roster's file as a table, and its hash: send it back with a change."""
        table = _refusing(lambda: desk.roster)()
        return {"sha256": table.sha256, "rows": table.rows}

    @api.put("/roster", responses=CONFLICT)
    def save(body: RosterBody, request: HttpRequest) -> dict[str, Any]:
        """Replace the roster (admins). 409 if it was changed meanwhile; with mistakes nothing is saved."""
        by = _manager(request)
        if _refusing(lambda: desk.roster)().sha256 != body.sha256:
            raise HTTPException(409, CHANGED)
        table, problems = _refusing(desk.save_roster)(body.rows, body.sha256, by)
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
        return [{"channel": c, "listening": feed.board_of(c).listening, "source": feed.board_of(c).source}
                for c in feed.channels]  # fmt: skip

    @api.get("/board")
    def board(channel: str | None = None) -> dict[str, Any]:
        """The tiles as they stand, of the first channel or of a named one."""
        b = feed.board if channel is None else feed.board_of(channel)
        tiles = [
            {"unit": t.unit, "state": t.state, "since": t.since, "meaning": t.meaning, "latency_s": t.latency_s}
            for t in b.tiles.values()
        ]
        return {"seq": b.seq, "listening": b.listening, "source": b.source, "tiles": tiles, "missing": b.missing}

    @api.get("/events")
    def events(
        after: Annotated[int, Query(ge=0, le=HIGHEST)] = 0, kind: str | None = None, unit: str | None = None,
        since: Wall = None, until: Wall = None, q: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = 500,
    ) -> list[Line]:  # fmt: skip
        """Events in order, as ``huying journal show --json`` gives them."""
        begin, end = _refusing(utc)(since), _refusing(utc)(until)
        if q:
            found: Iterable[Line] = (
                x for x in search(feed.journal, q, desk.net, MOST)
                if x["seq"] > after and (begin is None or x["wall"] >= begin) and (end is None or x["wall"] < end)
            )  # fmt: skip
        else:
            found = lines(feed.journal.events(after=after, since=begin, until=end))
        return list(islice((x for x in found if kind in (None, x["type"]) and unit in (None, x["unit"])), limit))

    @api.get("/events/wait")
    async def wait(
        after: Annotated[int, Query(ge=0, le=HIGHEST)], seconds: Annotated[float, Query(ge=0, le=WAIT_S)] = 20
    ) -> list[Line]:
        """Events after a number; waits for one if there is none."""
        await asyncio.to_thread(feed.wait, after, seconds)
        return list(feed.after(after))

    @api.get("/events/stream")
    async def stream(after: Annotated[int | None, Query(ge=0, le=HIGHEST)] = None) -> StreamingResponse:
        """Server-sent events: one for each event of the journal, ``id`` its number."""

        async def send() -> AsyncIterator[str]:
            seq = feed.seq if after is None else after
            yield "retry: 1000\n\n"
            while True:
                if not await asyncio.to_thread(feed.wait, seq, 10.0):
                    yield ": alive\n\n"
                for line in feed.after(seq):
                    seq = line["seq"]
                    yield f"id: {seq}\nevent: {line['type']}\ndata: {json.dumps(line, ensure_ascii=False)}\n\n"

        return StreamingResponse(send(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @api.get("/events/{seq}/candidates")
    def event_candidates(seq: Annotated[int, UrlPath(ge=1, le=HIGHEST)]) -> list[dict[str, Any]]:
        """What the over of an event may have been: call signs and phrases, the likeliest first."""
        return [
            {"kind": c.entry.kind, "key": c.entry.key, "text": c.entry.text, "score": c.score, "start": c.start,
             "end": c.end, "meaning": desk.meaning_of(c.entry.text) if c.entry.kind == "phrase" else ""}
            for c in _refusing(desk.candidates)(seq)
        ]  # fmt: skip

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
                {"unit": r.unit, "name": desk.net.name_of(r.unit), "calls": r.calls, "answered": r.answered,
                 "late": r.late, "silent": r.silent, "unclear": r.unclear, "median_s": r.median_s}
                for r in figures(sheet)
            ],
            "sessions": [
                {"began": s.began, "source": s.source, "calls": [
                    {"unit": c.unit, "wall": c.wall, "result": c.result, "meaning": c.meaning, "latency_s": c.latency_s}
                    for c in s.calls
                ]} for s in sheet
            ],
        }  # fmt: skip

    @api.get("/incidents")
    def all_incidents(since: Wall = None, until: Wall = None) -> list[dict[str, Any]]:
        """Reports, and how fast units set out and arrived."""
        found = incidents(feed.journal.events(since=_refusing(utc)(since), until=_refusing(utc)(until)))
        return [
            {"seq": i.seq, "wall": i.wall, "unit": i.unit, "text": i.text, "on_the_way": i.on_the_way,
             "arrived": i.arrived}
            for i in found
        ]  # fmt: skip

    @api.get("/exports/{name}", **_gives("*/*"))
    def exports(
        name: Literal[
            "roll.html", "roll.xlsx", "events.csv", "events.jsonl", "events.xlsx", "roster.csv", "roster.xlsx"
        ],
        since: Wall = None, until: Wall = None,
    ) -> FileResponse:  # fmt: skip
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
            found = lines(feed.journal.events(since=_refusing(utc)(since), until=_refusing(utc)(until)))
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
        return {"units": _refusing(desk.alert)(body, _by(request))}

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
        return Response(desk.metrics.exposition(feed), media_type="text/plain; version=0.0.4")

    return api
