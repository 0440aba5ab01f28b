"""What an operator asks of the campaign that runs: a point by hand, and regions to leave out."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from daemon.agent import Agent
from daemon.errors import PlanRejected
from daemon.plans.models import AutonomousScan, Region

log = logging.getLogger(__name__)

_REGION: TypeAdapter[Region] = TypeAdapter(Region)


class Steering:
    """Checks what an operator asks for, and hands it on to the agent.

    Args:
        agent: of the campaign.
        parameters: of the campaign.

    Attributes:
        excluded: regions that were left out since it began, as `forbidden` of a plan has them.
    """

    def __init__(self, agent: Agent, parameters: AutonomousScan) -> None:
        self._agent = agent
        self._parameters = parameters
        self.excluded: list[dict[str, Any]] = []

    def wish(self, position: Mapping[str, Any]) -> dict[str, float]:
        """Has a position measured as soon as none is suggested already.

        Args:
            position: a number per axis; on a grid, the nearest of its positions is taken.

        Returns:
            The position that will be measured.

        Raises:
            PlanRejected: when it does not lie in the search space; the text names the axis.
        """
        import numpy as np

        wrong = self._wrong_axes(position)
        if wrong:
            raise PlanRejected("\n".join(wrong))
        space = self._space(self.excluded)
        place = space.to_array({axis: float(value) for axis, value in position.items()})
        nearest = int(space.nearest(place)[0])
        if space.grid is not None and nearest >= 0:
            place = space.candidates[nearest]
        elif space.is_forbidden(np.array([place]))[0] or space.grid is not None:
            raise PlanRejected("position: nothing may be measured there")
        wanted = space.to_dict_position(place)
        self._agent.wish(wanted)
        log.info("an operator asked for the point %s", wanted)
        return wanted

    def exclude(self, region: object) -> dict[str, Any]:
        """Has nothing more measured in a region, but the point that is under way.

        Args:
            region: its description, as `forbidden` of a plan has them.

        Returns:
            The description, complete.

        Raises:
            PlanRejected: when it makes no sense, or leaves nothing to measure; the text names the field.
        """
        import numpy as np

        from analysis.optimization.regions import region as made

        try:
            described = _REGION.validate_python(region).model_dump(mode="json")
        except ValidationError as error:
            raise PlanRejected("\n".join(_problems(error))) from None
        space = self._space([*self.excluded, described])
        inside = made(described)
        columns = list(space.axes)

        def contains(position: Mapping[str, float]) -> bool:
            return bool(inside.contains({axis: np.array([position[axis]]) for axis in columns})[0])

        self.excluded.append(described)
        self._agent.exclude(described, contains)
        log.info("an operator excluded the region %s", described)
        return described

    def facts(self) -> dict[str, Any]:
        """What was asked for, as plain types: `wished` positions not suggested yet, and `excluded` regions."""
        return {"wished": [dict(wish) for wish in self._agent.wished], "excluded": list(self.excluded)}

    def _wrong_axes(self, position: Mapping[str, Any]) -> list[str]:
        axes = self._parameters.axes
        wrong = [f"position.{axis}: is no axis of this scan" for axis in position if axis not in axes]
        for axis, span in axes.items():
            value = position.get(axis)
            if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
                wrong.append(f"position.{axis}: give a number")
            elif not span.low <= value <= span.high:
                wrong.append(f"position.{axis}: {value:g} lies outside {span.low:g} to {span.high:g}")
        return wrong

    def _space(self, excluded: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - analysis.optimization is imported late
        """The search space without the regions that were left out.

        Raises:
            PlanRejected: when nothing is left.
        """
        from analysis.optimization import OptimizationError, SearchSpace

        axes = self._parameters.axes
        grid = {name: axis.points for name, axis in axes.items() if axis.points is not None}
        forbidden = [region.model_dump() for region in self._parameters.forbidden]
        try:
            return SearchSpace(
                bounds={name: (axis.low, axis.high) for name, axis in axes.items()},
                grid=grid or None,
                forbidden=[*forbidden, *excluded],
            )
        except OptimizationError as error:
            raise PlanRejected(f"region: {error}") from error


def _problems(error: ValidationError) -> list[str]:
    found = []
    for each in error.errors():
        place = ".".join(str(part) for part in each["loc"] if part not in ("box", "circle", "polygon"))
        found.append(f"region.{place}: {each['msg']}" if place else f"region: {each['msg']}")
    return found
