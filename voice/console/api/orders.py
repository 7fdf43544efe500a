"""Requests to the running station: roll-calls, alerts, test announcements."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from voice.console.api.common import (
    Body,
    Route,
    by,
    manager,
    refusing,
)
from voice.console.desk import Desk
from voice.station.requests import LONGEST_ALERT, AlertRequest, RollOrder, RollRequest, WithdrawRequest


class RollBody(Body):
    """A roll-call request."""

    order: RollOrder
    to: list[str] = Field(default=[], max_length=1000)
    rounds: int = Field(default=0, ge=0, le=5)


class AlertBody(Body):
    """An alert to be read on the air."""

    text: str = Field(min_length=1, max_length=LONGEST_ALERT)
    to: list[str] = Field(default=[], max_length=1000)
    near: list[str] = Field(default=[], max_length=100)
    repeat: int = Field(default=2, ge=1, le=9)
    need_ack: bool = True
    emergency: bool = False


def routes(desk: Desk) -> APIRouter:
    """Roll-call, alerts and test announcement."""
    api = APIRouter(route_class=Route)

    @api.post("/rollcall", status_code=202)
    def rollcall(body: RollBody, request: HttpRequest) -> dict[str, Any]:
        """Start, pause, resume, skip, repeat or end the roll-call of the running station."""
        order = RollRequest(body.order, tuple(body.to), body.rounds, by=by(request))
        return {"units": refusing(desk.leave)(order)}

    @api.post("/test", status_code=202)
    def test(request: HttpRequest) -> dict[str, Any]:
        """Have the running station transmit a test announcement (admins)."""
        refusing(desk.test)(manager(request))
        return {}

    @api.post("/alerts", status_code=202)
    def alerts(body: AlertBody, request: HttpRequest) -> dict[str, Any]:
        """Have the running station read an alert."""
        alert = AlertRequest(body.text, tuple(body.to), body.repeat, body.need_ack, body.emergency, by(request))
        return {"units": refusing(desk.alert)(alert, tuple(body.near))}

    @api.delete("/alerts", status_code=202)
    def withdraw(request: HttpRequest) -> dict[str, Any]:
        """Withdraw the alert the running station is reading."""
        refusing(desk.leave)(WithdrawRequest(by=by(request)))
        return {}

    return api
