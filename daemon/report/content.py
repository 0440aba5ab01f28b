"""What a report tells, gathered from a run on disk before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.campaign import Axis, Point, best_of
from daemon.online_stack import OnlineStack
from daemon.online_survey import OnlineSurvey


@dataclass(frozen=True, slots=True)
class Components:
    """The patterns that the frames were decomposed into.

    Attributes:
        patterns: The components, (component, y, x).
        extent: Left, right, bottom and top edge of the pattern in its own coordinates.
        labels: Labels of the horizontal and the vertical axis.
        horizontal: Coordinates of the columns, for patterns of a single row, which are drawn as curves.
        chosen: The component that the objective follows; None where it follows none or several.
    """

    patterns: NDArray[np.float64]
    extent: tuple[float, float, float, float]
    labels: tuple[str, str]
    horizontal: NDArray[np.float64]
    chosen: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a report tells about one run.

    Attributes:
        path: The run's folder.
        start: The start document.
        stop: The stop document; empty where the run is still open.
        axes: The axes of the search space; empty where the run had none.
        objective: The objective as the campaign wrote it; empty where it had none.
        maximize: Whether large values are sought.
        points: The measured points in order.
        maps: Model maps by name, each (y, x) for two axes and (x,) for one; empty without a grid.
        coordinates: The maps' coordinates per axis, in the order of ``axes``.
        components: The frames' components, or None.
        stack: What its stack was unmixed into, or None.
        survey: What was counted in an area, or None.
        grid_points: Positions of the full grid, or None.
        grid_seconds: Estimated instrument time of the full grid, s, or None.
        seconds: Instrument time of the run, s.
        versions: Versions of the programs that wrote the run.
    """

    path: Path
    start: Mapping[str, Any]
    stop: Mapping[str, Any]
    axes: tuple[Axis, ...]
    objective: str
    maximize: bool
    points: tuple[Point, ...]
    maps: Mapping[str, NDArray[np.float64]]
    coordinates: tuple[NDArray[np.float64], ...]
    components: Components | None
    stack: OnlineStack | None
    survey: OnlineSurvey | None
    grid_points: int | None
    grid_seconds: float | None
    seconds: float
    versions: Mapping[str, str]

    @property
    def chosen(self) -> bool:
        """Whether anybody chose the points one by one, so that there are reasons to tell."""
        return any(point.choice for point in self.points)

    @property
    def best(self) -> Point | None:
        """The measured point with the best value; None where nothing was measured."""
        return best_of(self.points, self.maximize)
