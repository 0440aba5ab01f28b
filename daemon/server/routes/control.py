"""`/plan`: pause, resume, stop, abort and halt what runs."""

from __future__ import annotations

from pydantic import Field, StrictBool

from daemon.base import StrictModel
from daemon.server.models import Done
from daemon.server.routing import make_router, route
from daemon.server.state import Queue

router = make_router("plan")


class Pause(StrictModel):
    """How to pause."""

    defer: StrictBool = False
    """Whether to wait for the next checkpoint."""


class Abort(StrictModel):
    """Why to abort."""

    reason: str = Field(default="", max_length=1000)
    """It is kept in the run."""


@router.post("/plan/pause", **route("write:plan:control", 409, 422))
async def pause(queue: Queue, how: Pause | None = None) -> Done:
    """Pause the plan at once, or at the next checkpoint."""
    await queue.pause(defer=how is not None and how.defer)
    return Done()


@router.post("/plan/resume", **route("write:plan:control", 409))
async def resume(queue: Queue) -> Done:
    """Take a paused plan on."""
    await queue.resume()
    return Done()


@router.post("/plan/stop", **route("write:plan:control", 409))
async def stop(queue: Queue) -> Done:
    """End the plan and count it as a success."""
    await queue.plan_stop()
    return Done()


@router.post("/plan/abort", **route("write:plan:control", 409, 422, locked=False))
async def abort(queue: Queue, why: Abort | None = None) -> Done:
    """End the plan and mark its run as aborted; the queue stops. The control lock keeps nobody from it."""
    await queue.abort("" if why is None else why.reason)
    return Done()


@router.post("/plan/halt", **route("write:plan:control", 409, locked=False))
async def halt(queue: Queue) -> Done:
    """End the plan without letting it clean up; motors are stopped and the shutter closed all the same.

    The control lock keeps nobody from it: whoever may control plans must be able to end what goes wrong.
    """
    await queue.halt()
    return Done()
