"""`/status` and `/healthz`."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

from daemon.server.metrics import MEDIA_TYPE, metrics
from daemon.server.models import Health, ServerStatus
from daemon.server.openapi import OPEN
from daemon.server.routing import make_router, route
from daemon.server.state import Queue
from daemon.server.summary import health

router = make_router("status")


@router.get("/status", **route("read:status"))
async def get_status(queue: Queue) -> ServerStatus:
    """Everything at a glance."""
    return await queue.status()


@router.get(
    "/healthz",
    responses={503: {"model": Health, "description": "Something is wrong; `problems` says what."}},
    openapi_extra=OPEN,
)
async def get_health(queue: Queue, response: Response) -> Health:
    """Whether engine and analyst live and do their work; asks for no key."""
    found = health(queue.watch)
    if not found.healthy:
        response.status_code = 503
    return found


@router.get("/metrics", response_class=PlainTextResponse, **route("admin:metrics"))
async def get_metrics(request: Request, queue: Queue) -> PlainTextResponse:
    """The daemon's figures in Prometheus' text format."""
    text = metrics(queue, await queue.status(), request.app.state.requests)
    return PlainTextResponse(text, media_type=MEDIA_TYPE)
