"""How errors are answered: `{"detail": …}`, with the fields that are wrong where there are any."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from daemon.errors import (
    ArrayNotFound,
    BeampilotError,
    EngineRefused,
    EngineUnreachable,
    ItemNotFound,
    ItemRejected,
    ItemRunning,
    LockHeld,
    QueueConflict,
    ReportFailed,
    RunNotFound,
    SliceRefused,
    StoreError,
    StoreUnavailable,
    TokenNotFound,
)
from daemon.server.models import Failure

log = logging.getLogger(__name__)

PARAMETERS = frozenset({"PlanRejected", "SettingsError", "ValidationError"})
"""Errors of the engine that are about what was sent."""
STATUSES: tuple[tuple[type[BeampilotError], int], ...] = (
    (EngineUnreachable, 503),
    (StoreUnavailable, 503),
    (ItemNotFound, 404),
    (TokenNotFound, 404),
    (RunNotFound, 404),
    (ArrayNotFound, 404),
    (SliceRefused, 422),
    (ReportFailed, 503),
    (ItemRunning, 409),
    (QueueConflict, 409),
    (ItemRejected, 422),
    (LockHeld, 423),
    (StoreError, 422),
)
"""Which status answers which error; the first that fits."""
WORDS = {
    304: "It has not changed since `If-None-Match`.",
    400: "The request cannot be read.",
    401: "The key is missing or wrong.",
    403: "The key's role lacks the scope that is needed.",
    404: "There is no such thing.",
    406: "It is not given in any of the forms that `Accept` names.",
    409: "The queue or the engine is in another state.",
    413: "The body is larger than is allowed.",
    422: "Something in the request is wrong; `detail` says which field and why.",
    423: "Somebody else holds the control lock; `detail` says who and since when.",
    429: "Too many wrong keys came from this address; `Retry-After` says how long to wait, s.",
    503: "The engine or the database cannot be reached, or cannot do it now.",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a route that needs a key: what every such one has, and `statuses`."""
    every = {401, 403, 429, 503, *statuses}
    return {status: _documented(status) for status in sorted(every)}


def _documented(status: int) -> dict[str, Any]:
    words = {"description": WORDS[status]}
    return words if status < 400 else {"model": Failure, **words}


def failed(status: int, detail: str | Sequence[dict[str, str]], headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer where something could not be done."""
    return JSONResponse({"detail": detail}, status, headers)


def status_of(error: BeampilotError) -> int:
    """The HTTP status that fits an error."""
    if isinstance(error, EngineRefused):
        return 422 if error.fields or error.kind in PARAMETERS else 409
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def add_handlers(app: FastAPI) -> None:
    """Have an app answer errors so."""
    app.add_exception_handler(BeampilotError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BeampilotError)  # noqa: S101 - that is what it is registered for
    status = status_of(error)
    if status == 500:
        log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    if isinstance(error, EngineRefused) and error.fields:
        return failed(status, [_under_parameters(each) for each in error.fields])
    return failed(status, str(error))


def _under_parameters(problem: dict[str, str]) -> dict[str, str]:
    return {"field": f"parameters.{problem['field']}", "message": problem["message"]}


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - that is what it is registered for
    return failed(422, [_problem(each) for each in error.errors()])


def _problem(error: dict[str, Any]) -> dict[str, str]:
    place = [str(part) for part in error["loc"]]
    if len(place) > 1 and place[0] == "body":
        place = place[1:]
    return {"field": ".".join(place), "message": str(error["msg"])}
