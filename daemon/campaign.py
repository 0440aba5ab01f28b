"""What a campaign consists of, as everyone who shows one to people sees it: axes, points and suggestions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from daemon.wording import number


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
class Choice:
    """Where to measure, and why.

    Attributes:
        number: The point that it is about, from 1.
        position: The position, in the order of the axes.
        kind: How it was chosen, e.g. ``expected improvement``; empty where nobody chose.
        mean: What the model expects there; NaN without a model.
        deviation: The model's uncertainty there.
        acquisition: The acquisition value there.
    """

    number: int
    position: tuple[float, ...]
    kind: str = ""
    mean: float = math.nan
    deviation: float = math.nan
    acquisition: float = math.nan

    @property
    def improvement(self) -> float:
        """The expected improvement, in the objective's unit; NaN where another criterion chose.

        Acquisition values of improvements are logarithms, because the improvements themselves underflow.
        """
        return math.exp(min(self.acquisition, 700.0)) if self.kind == "expected improvement" else math.nan


@dataclass(frozen=True, slots=True)
class Point:
    """One measured point.

    Attributes:
        number: Its place in the order of measuring, from 1.
        position: Where it was measured, in the order of the axes.
        value: The objective there; NaN where the measurement failed.
        error: The objective's standard deviation; NaN where unknown.
        choice: Why it was measured; None where nobody chose.
        times: Seconds spent per stage of the point, e.g. ``{"motion": 0.4}``.
    """

    number: int
    position: tuple[float, ...]
    value: float
    error: float = math.nan
    choice: Choice | None = None
    times: Mapping[str, float] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Why it was measured, in words; empty where nobody chose."""
        return self.choice.kind if self.choice else ""

    @property
    def initial(self) -> bool:
        """Whether it belongs to the initial design."""
        return self.kind.startswith("initial")


def best_of(points: Sequence[Point], maximize: bool = True) -> Point | None:
    """The point with the best value; None where nothing was measured successfully."""
    finite = [point for point in points if math.isfinite(point.value)]
    return max(finite, key=lambda point: point.value if maximize else -point.value, default=None)


def position_text(axes: Sequence[Axis], position: Sequence[float]) -> str:
    """Write a position with its units: ``stage_x = 85 µm, stage_y = 120 µm``."""
    named = zip(axes, position, strict=True)
    return ", ".join(f"{axis.name} = {number(value)} {axis.unit}".rstrip() for axis, value in named)


def grid_points(axes: Sequence[Axis]) -> int | None:
    """Positions of the full grid; None where an axis has none."""
    counts = [axis.points for axis in axes]
    return math.prod(count for count in counts if count) if counts and all(counts) else None
