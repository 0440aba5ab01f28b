"""`/status` and `/healthz`."""

from __future__ import annotations

from fastapi import Response

from daemon.server.models import Health, ServerStatus
from daemon.server.routing import make_router, route
from daemon.server.state import Queue
from daemon.server.summary import health

router = make_router("status")


@router.get("/status", **route("read:status"))
async def get_status(queue: Queue) -> ServerStatus:
    """Everything at a glance."""
    return await queue.status()


@router.get("/healthz", responses={503: {"model": Health, "description": "Something is wrong; `problems` says what."}})
async def get_health(queue: Queue, response: Response) -> Health:
    """Whether engine and analyst live and do their work; asks for no key."""
    found = health(queue.watch)
    if not found.healthy:
        response.status_code = 503
    return found
