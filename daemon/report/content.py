"""What a report tells, gathered from a run on disk before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the search space.

    Attributes:
        name: The axis as the plan calls it, e.g. ``stage_x``.
        unit: Its unit, e.g. ``µm``; empty where unknown.
        low: Lower bound.
        high: Upper bound.
        points: Positions of the grid along the axis; None without a grid.
    """

    name: str
    unit: str
    low: float
    high: float
    points: int | None

    @property
    def label(self) -> str:
        """The axis with its unit, as a figure writes it."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Point:
    """One measured point.

    Attributes:
        number: Its place in the order of measuring, from 1.
        position: Where it was measured, in the order of the axes.
        value: The objective there; NaN where the measurement failed.
        error: The objective's standard deviation; NaN where unknown.
        kind: Why it was chosen, e.g. ``expected improvement``; empty where no one chose it.
        mean: What the model expected there.
        deviation: The model's uncertainty there.
        acquisition: The acquisition value there.
        times: Seconds spent per stage of the point, e.g. ``{"motion": 0.4}``.
    """

    number: int
    position: tuple[float, ...]
    value: float
    error: float = np.nan
    kind: str = ""
    mean: float = np.nan
    deviation: float = np.nan
    acquisition: float = np.nan
    times: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Components:
    """The patterns that the frames were decomposed into.

    Attributes:
        patterns: The components, (component, y, x).
        extent: Left, right, bottom and top edge of the pattern in its own coordinates.
        labels: Labels of the horizontal and the vertical axis.
        chosen: The component that the objective follows; None where it follows none.
    """

    patterns: NDArray[np.float64]
    extent: tuple[float, float, float, float]
    labels: tuple[str, str]
    chosen: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a report tells about one run.

    Attributes:
        path: The run's folder.
        title: One line that names the run.
        start: The start document.
        stop: The stop document; empty where the run is still open.
        axes: The axes of the search space; empty where the run had none.
        objective: The objective as the campaign wrote it.
        maximize: Whether large values are sought.
        points: The measured points in order.
        maps: Model maps by name, each (y, x) for two axes and (x,) for one.
        coordinates: The maps' coordinates per axis, in the order of ``axes``.
        components: The frames' components, or None.
        grid_points: Positions of the full grid, or None.
        grid_seconds: Estimated instrument time of the full grid, s, or None.
        seconds: Instrument time of the run, s.
    """

    path: Path
    title: str
    start: Mapping[str, Any]
    stop: Mapping[str, Any]
    axes: tuple[Axis, ...]
    objective: str
    maximize: bool
    points: tuple[Point, ...]
    maps: Mapping[str, NDArray[np.float64]]
    coordinates: tuple[NDArray[np.float64], ...]
    components: Components | None
    grid_points: int | None
    grid_seconds: float | None
    seconds: float

    @property
    def best(self) -> Point | None:
        """The measured point with the best value; None where nothing was measured."""
        finite = [point for point in self.points if np.isfinite(point.value)]
        if not finite:
            return None
        return max(finite, key=lambda point: point.value if self.maximize else -point.value)
