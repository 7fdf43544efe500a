"""Units: roster, readings, and the net's voice."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from voice.console.api.common import (
    CONFLICT,
    Body,
    Route,
    gives,
    manager,
    refusing,
)
from voice.console.desk import LONGEST_SPEECH, Desk


class RosterBody(Body):
    """The whole roster."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the version it was edited from."""
    rows: list[dict[str, Annotated[str, Field(max_length=500)]]] = Field(max_length=20_000)


def routes(desk: Desk) -> APIRouter:
    """Units, roster, readings and speech."""
    api = APIRouter(route_class=Route)

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
        """The roster as a table, with its SHA-256, to be sent back with a change."""
        table = refusing(lambda: desk.roster)()
        return {"sha256": table.sha256, "rows": table.rows}

    @api.put("/roster", responses=CONFLICT)
    def save(body: RosterBody, request: HttpRequest) -> dict[str, Any]:
        """Replace the roster (admins). 409 if it has changed since it was read; a roster with errors is not saved."""
        table, problems = refusing(desk.save_roster)(body.rows, body.sha256, manager(request))
        return {"sha256": table.sha256, "saved": table.sha256 != body.sha256, "problems": [str(p) for p in problems]}

    @api.get("/readings")
    def readings(text: Annotated[str, Query(min_length=1, max_length=60)], unit: str = "") -> dict[str, Any]:
        """Reading of a call sign, and similar-sounding ones on the roster. ``unit``: its owner, not compared."""
        said, near = refusing(desk.reading)(text, unit)
        return {"reading": said, "alike": [{"call_sign": t, "distance": d} for t, d in near]}

    @api.get("/speech", **gives("audio/wav"))
    def speech(text: Annotated[str, Query(min_length=1, max_length=LONGEST_SPEECH)]) -> Response:
        """A text in the net's voice, WAV."""
        return Response(refusing(desk.speech)(text), media_type="audio/wav")

    return api
