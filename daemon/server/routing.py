"""What all routes under `/api/v1` have in common: scopes before bodies, documented answers, listings with an ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import to_json

from daemon.server.access import Needs, Principal
from daemon.server.problems import responses

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A route whose scopes and locks are checked before its body is read, which FastAPI's own does first."""

    def get_route_handler(self) -> Handler:
        """The handler, with the checks before it."""
        handler = super().get_route_handler()
        needed = list(_needed(self.dependant))

        async def guarded(request: Request) -> Response:
            for need in needed:
                await need(request)
            return await handler(request)

        return guarded


def _needed(dependant: Dependant) -> list[Needs]:
    found = [dependant.call] if isinstance(dependant.call, Needs) else []
    return [*found, *(need for below in dependant.dependencies for need in _needed(below))]


def make_router(tag: str) -> APIRouter:
    """A router for one resource."""
    return APIRouter(tags=[tag], route_class=GuardedRoute)


def route(scope: str, *statuses: int, locked: bool | None = None) -> dict[str, Any]:
    """Options of a route: the scope that it needs, and its documented answers.

    Args:
        scope: that whoever asks must have.
        statuses: answers beside those that every route has.
        locked: whether the control lock holds it back; by default, if it writes.
    """
    need = Needs(scope, locked)
    writes = scope.startswith(("write:", "admin:")) or need.locked
    more = {*statuses, *((400, 413) if writes else ()), *((423,) if need.locked else ())}
    return {
        "dependencies": [Depends(need)],
        "responses": responses(*more),
        "openapi_extra": {"x-scope": scope, "x-locked": need.locked},
    }


def _principal(request: Request) -> Principal:
    from daemon.server.access import principal_of

    return principal_of(request)


Asker = Annotated[Principal, Depends(_principal)]
"""Whoever asks."""


def listing(request: Request, answer: BaseModel) -> Response:
    """A listing with an ETag, or 304 where whoever asks has it already."""
    body = answer.model_dump_json(by_alias=True).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match", "")
    if tag in {each.strip().removeprefix("W/") for each in known.split(",")} or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


class PlainJSON(JSONResponse):
    """JSON without NaN, which JSON does not have: what is not finite becomes null."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
        """The body."""
        return to_json(content, inf_nan_mode="null", fallback=str)


def plain(content: object) -> Response:
    """An answer from plain types, documents for instance, past the models that document it."""
    return PlainJSON(content)
