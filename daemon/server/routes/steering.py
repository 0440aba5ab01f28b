"""`/plan/points` and `/plan/exclusions`: what an operator asks of the campaign that runs."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException
from pydantic import Field

from daemon.base import StrictModel
from daemon.errors import EngineRefused
from daemon.server.models import Answer
from daemon.server.plain_json import PlainObject
from daemon.server.problems import status_of
from daemon.server.routing import make_router, route
from daemon.server.state import Queue

router = make_router("plan")


class WantedPoint(StrictModel):
    """A point that is to be measured next."""

    position: dict[str, float] = Field(min_length=1, max_length=16, examples=[{"stage_x": 85.0, "stage_y": 120.0}])
    """A number per axis, in its unit; on a grid, the nearest of its positions is taken."""


class PointAnswer(Answer):
    """The point that will be measured."""

    position: dict[str, float]
    """A number per axis."""


class LeftOut(StrictModel):
    """A region that is to be left out."""

    region: PlainObject = Field(examples=[{"kind": "box", "limits": {"stage_x": [0, 20], "stage_y": [0, 20]}}])
    """A box, a circle or a polygon, as `forbidden` of a plan has them."""


class RegionAnswer(Answer):
    """The region that is left out from now on."""

    region: dict[str, Any]
    """A box, a circle or a polygon, as `forbidden` of a plan has them."""


@router.post("/plan/points", status_code=201, **route("write:plan:control", 409, 422))
async def measure(wanted: WantedPoint, queue: Queue) -> PointAnswer:
    """Have the autonomous scan that runs measure a position as soon as none is suggested already."""
    try:
        return PointAnswer(position=await queue.measure(wanted.position))
    except EngineRefused as error:
        raise _refused(error) from None


@router.post("/plan/exclusions", status_code=201, **route("write:plan:control", 409, 422))
async def exclude(left_out: LeftOut, queue: Queue) -> RegionAnswer:
    """Have the autonomous scan that runs measure nothing more in a region, but the point that is under way."""
    try:
        return RegionAnswer(region=await queue.exclude(left_out.region))
    except EngineRefused as error:
        raise _refused(error) from None


def _refused(error: EngineRefused) -> HTTPException:
    """The fields are those of the request, not of a plan's parameters."""
    return HTTPException(status_of(error), error.fields or str(error))
