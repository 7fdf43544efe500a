"""Shared by the routes: limits, errors, and the requesting user."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import HTTPException, Query, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, model_validator

from voice.console.users import LOCAL
from voice.errors import HuyingError
from voice.journal.codec import fit
from voice.net.roster_table import RosterChanged

P = ParamSpec("P")
R = TypeVar("R")

HIGHEST = 2**53
"""Largest event number."""

MOST = 5000
"""Most events in one response."""

WAIT_S = 30.0
"""Longest wait of a long poll."""

Sha256 = Annotated[str, "64 hexadecimal digits"]
WallTime = Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _fit(cls, raw: Any) -> Any:
        return fit(raw)


class Route(APIRoute):
    """Validation errors do not echo the request: parts of it may not be representable."""

    def get_route_handler(self) -> Callable[[HttpRequest], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: HttpRequest) -> Response:
            try:
                return await inner(request)
            except RequestValidationError as e:
                told = [{"type": x["type"], "loc": x["loc"], "msg": x["msg"]} for x in e.errors()]
                raise RequestValidationError(fit(told)) from e

        return handle


class Refusal(BaseModel):
    """Reason for a refusal."""

    detail: Any
    """Message for people, or a list of errors in the request."""


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "Log in, or send a token", "content": {"text/plain": {}}},
    403: {"description": "Not for this role", "model": Refusal},
    422: {"description": "Not a request that can be carried out", "model": Refusal},
}
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is none", "model": Refusal}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "Changed meanwhile", "model": Refusal}}


def gives(*kinds: str, missing: bool = False) -> dict[str, Any]:
    """Route arguments for a file response of these content types."""
    answers: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in kinds}}}
    return {"response_class": Response, "responses": answers | (MISSING if missing else {})}


def refusing(act: Callable[P, R]) -> Callable[P, R]:
    """HuyingError becomes 422 with its message, RosterChanged 409."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except RosterChanged as e:
            raise HTTPException(409, str(e)) from e
        except HuyingError as e:
            raise HTTPException(422, str(e)) from e

    return run


def by(request: HttpRequest) -> str:
    """Requesting user, for the journal."""
    user = getattr(request.state, "user", None)
    return user.name if user else LOCAL.name


def manager(request: HttpRequest) -> str:
    """Requesting user if permitted to manage. Raises 403."""
    user = getattr(request.state, "user", None)
    if user is not None and not user.may_manage:
        raise HTTPException(403, "only an admin may do this")
    return by(request)
