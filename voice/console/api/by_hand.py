"""Manual entries in the log: corrections, confirmations, what undoes them, nets that were not recorded."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from voice.console.api.common import (
    HIGHEST,
    Body,
    Route,
    by,
    refusing,
)
from voice.console.desk import Desk
from voice.talk.by_hand import Result


class CorrectionBody(Body):
    """Actual result of an exchange."""

    seq: int = Field(ge=1, le=HIGHEST)
    unit: str = Field(max_length=80)
    meaning: str = Field(max_length=40)
    note: str = Field(default="", max_length=500)


class ResultBody(Body):
    """Result of one unit on a net."""

    unit: str = Field(max_length=80)
    result: Result
    meaning: str = Field(default="", max_length=40)


class NetBody(Body):
    """A net that was not recorded."""

    began: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d")
    results: list[ResultBody] = Field(min_length=1, max_length=5000)
    note: str = Field(default="", max_length=500)


class ConfirmationBody(Body):
    """Transcript of an event's over; ``null``: as logged."""

    seq: int = Field(ge=1, le=HIGHEST)
    said: str | None = Field(default=None, max_length=500)


class UndoBody(Body):
    """A correction, confirmation or acknowledgement to be withdrawn."""

    seq: int = Field(ge=1, le=HIGHEST)
    note: str = Field(default="", max_length=500)


def routes(desk: Desk) -> APIRouter:
    """Corrections, confirmations, their undoing, and manual nets."""
    api = APIRouter(route_class=Route)

    @api.post("/corrections", status_code=201)
    def corrections(body: CorrectionBody, request: HttpRequest) -> dict[str, int]:
        """Correct the result of an exchange. The original event is kept."""
        return {"seq": refusing(desk.correct)(body.seq, body.unit, body.meaning, by(request), body.note)}

    @api.post("/confirmations", status_code=201)
    def confirmations(body: ConfirmationBody, request: HttpRequest) -> dict[str, int]:
        """Confirm or transcribe an over. ``correction``: number of the correction, if the words mean something else."""
        seq, corrected = refusing(desk.transcribe)(body.seq, body.said, by(request))
        return {"seq": seq} if corrected is None else {"seq": seq, "correction": corrected}

    @api.post("/undo", status_code=201)
    def undo(body: UndoBody, request: HttpRequest) -> dict[str, int]:
        """Withdraw a correction, confirmation or acknowledgement, by its number. All events are kept."""
        return {"seq": refusing(desk.undo)(body.seq, by(request), body.note)}

    @api.post("/nets", status_code=201)
    def enter_net(body: NetBody, request: HttpRequest) -> dict[str, int]:
        """Enter a net that was not recorded."""
        results = [(r.unit, r.result, r.meaning) for r in body.results]
        return {"seq": refusing(desk.enter_net)(body.began, results, by(request), body.note)}

    return api
