"""`/plans` and `/devices`: what the engine can do, and with what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import HTTPException, Path, Request, Response
from pydantic import Field

from daemon.server.models import Answer
from daemon.server.routing import listing, make_router, route
from daemon.server.state import Queue

router = make_router("engine")


class PlanAnswer(Answer):
    """A plan."""

    name: str
    """By which it is queued."""
    description: str
    """What it does."""
    parameters: dict[str, Any] = Field(alias="schema", serialization_alias="schema")
    """JSON schema of its parameters."""
    defaults: dict[str, Any]
    """Parameters of the daemon's settings, for what is not given."""


class PlansAnswer(Answer):
    """The plans."""

    plans: list[PlanAnswer]
    """In the engine's order."""
    plans_uid: str
    """Changes when they do."""


class AxisAnswer(Answer):
    """An axis of a device."""

    name: str
    """Its data key."""
    units: str | None = None
    """Of its positions."""
    low: float | None = None
    """Lower limit."""
    high: float | None = None
    """Upper limit."""
    position: float | None = None
    """Where it is now."""


class ReadingAnswer(Answer):
    """What a device reads now."""

    name: str
    """Its data key."""
    value: float | str
    """A number or a word."""
    units: str | None = None
    """Of a number."""


class DeviceAnswer(Answer):
    """A device."""

    name: str
    """By which plans name it."""
    kind: str
    """camera, detector, shutter, monitor, stage or device."""
    class_name: str = Field(alias="class", serialization_alias="class")
    """Its Python class."""
    axes: list[AxisAnswer]
    """What it moves."""
    readings: list[ReadingAnswer] = Field(default_factory=list)
    """What a shutter or a monitor says now; empty for all others, and where it cannot be read."""


class DevicesAnswer(Answer):
    """The devices."""

    devices: list[DeviceAnswer]
    """In the engine's order."""
    devices_uid: str
    """Changes when they do, not when they move."""


@router.get("/plans", response_model=PlansAnswer, **route("read:resources", 304))
async def get_plans(request: Request, queue: Queue) -> Response:
    """The plans, with the schemas of their parameters; with an ETag."""
    plans = await queue.plans()
    found = [PlanAnswer.model_validate(plan) for plan in plans.values()]
    return listing(request, PlansAnswer(plans=found, plans_uid=queue.uids.plans_uid))


@router.get("/plans/{name}", **route("read:resources", 404, 422))
async def get_plan(name: Annotated[str, Path(max_length=255)], queue: Queue) -> PlanAnswer:
    """One plan."""
    plans = await queue.plans()
    if name not in plans:
        raise HTTPException(404, f"there is no plan {name!r}; there are: {', '.join(plans)}")
    return PlanAnswer.model_validate(plans[name])


@router.get("/devices", response_model=DevicesAnswer, **route("read:resources", 304))
async def get_devices(request: Request, queue: Queue) -> Response:
    """The devices, with limits and positions of their axes; with an ETag."""
    found = [DeviceAnswer.model_validate(device) for device in await queue.devices()]
    return listing(request, DevicesAnswer(devices=found, devices_uid=queue.uids.devices_uid))
