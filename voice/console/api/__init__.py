"""``/api/v1``: the journal for other systems, and requests to the running station; one file per noun."""

from __future__ import annotations

from fastapi import APIRouter

from voice.console.api import by_hand, clips, events, orders, roster, sheets, standing
from voice.console.api.common import REFUSALS
from voice.console.desk import Desk

NOUNS = (standing, roster, events, clips, sheets, orders, by_hand)


def router(desk: Desk) -> APIRouter:
    """All routes."""
    api = APIRouter(prefix="/api/v1", responses=REFUSALS)
    for noun in NOUNS:
        api.include_router(noun.routes(desk))
    return api
