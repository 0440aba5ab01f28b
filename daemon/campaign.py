"""What a campaign consists of, as everyone who shows one to people sees it: axes, points and suggestions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from daemon.wording import quantity


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

    def improvement(self, best: float, maximize: bool = True) -> float:
        """The expected improvement over the best value so far, in the objective's unit; NaN without a model.

        EI = σ (u Φ(u) + φ(u)) with u = (μ − best) / σ, after Jones, Schonlau and Welch (1998), eq. 15. The acquisition
        value that chose the position may be on another scale: its logarithm, of a transformed objective.

        Args:
            best: The best value so far.
            maximize: Whether large values are sought.
        """
        gain = self.mean - best if maximize else best - self.mean
        if not self.deviation > 0.0:
            return math.nan
        u = gain / self.deviation
        cumulative = 0.5 * math.erfc(-u / math.sqrt(2.0))
        return self.deviation * (u * cumulative + math.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi))


@dataclass(frozen=True, slots=True)
class Point:
    """One measured point.

    Attributes:
        number: Its place in the order of measuring, from 1.
        position: Where it was measured, in the order of the axes.
        value: The objective there; NaN where the measurement failed.
        error: The objective's standard deviation; NaN where unknown.
        choice: Why it was measured; None where nobody chose.
        times: Seconds spent per stage of the point, e.g. ``{"motion": 0.4}``; the computer's overlap the instrument's.
        waiting: Seconds that the instrument stood still for the computer; NaN where unknown.
    """

    number: int
    position: tuple[float, ...]
    value: float
    error: float = math.nan
    choice: Choice | None = None
    times: Mapping[str, float] = field(default_factory=dict)
    waiting: float = math.nan

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
    return ", ".join(f"{axis.name} = {quantity(value, axis.unit)}" for axis, value in named)


def grid_points(axes: Sequence[Axis]) -> int | None:
    """Positions of the full grid; None where an axis has none."""
    counts = [axis.points for axis in axes]
    return math.prod(count for count in counts if count) if counts and all(counts) else None
