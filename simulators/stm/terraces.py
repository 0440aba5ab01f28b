"""Steps and terraces: bilayer steps that follow the rows of corner holes, with kinks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.fields import RandomField
from simulators.stm.lattice import CELL_SIDE, STEP_HEIGHT

Floats = NDArray[np.float64]

KINK = CELL_SIDE * np.sqrt(3.0) / 2.0
"""A step goes back and forth by whole rows of cells, Å."""

MEANDER = 260.0
"""Length along a step over which it meanders, Å."""

EDGE = 1.8
"""Width of a step's edge, Å."""

NEAREST = (0.2, 0.8)
"""Where within its share of the stairs a step lies, relative to a terrace's mean width."""

FAR = 60.0
"""Steps farther than this from all points do not matter, Å."""

_SPACING, _COURSE, _OFFSET, _DECORATION = 11, 12, 13, 14


@dataclass(frozen=True, slots=True)
class Staircase:
    """The steps of a surface; they go down along ``direction``.

    Attributes:
        seed: Which surface.
        width: Mean width of a terrace, Å; infinite for a surface without steps.
        angle: Of the direction down the stairs, rad.
        decoration: Bright things at the lower side of a step, per Å.
    """

    seed: int
    width: float
    angle: float = 0.5
    decoration: float = 0.006

    def along(self, points: Floats) -> tuple[Floats, Floats]:
        """Return how far down the stairs and how far along the steps points lie, Å; points have shape (..., 2)."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return points[..., 0] * cos + points[..., 1] * sin, points[..., 1] * cos - points[..., 0] * sin

    def steps(self, low: float, high: float) -> range:
        """Return the numbers of the steps that may come between two distances down the stairs, Å."""
        if not np.isfinite(self.width):
            return range(0)
        reach = 6.0 * KINK
        first, last = (low - reach) / self.width - NEAREST[1], (high + reach) / self.width - NEAREST[0]
        return range(int(np.floor(first)) + 1, int(np.ceil(last)))

    def band(self, terrace: int) -> tuple[float, float]:
        """Return between which distances down the stairs a terrace lies, Å, at the most."""
        if not np.isfinite(self.width):
            return -np.inf, np.inf
        reach = 6.0 * KINK
        return self.width * (terrace - 1 + NEAREST[0]) - reach, self.width * (terrace + NEAREST[1]) + reach

    def course(self, step: int, across: Floats) -> Floats:
        """Return where a step runs.

        Args:
            step: Its number.
            across: Places along it, Å, any shape.

        Returns:
            Its distance down the stairs there, Å, same shape.
        """
        place = np.random.default_rng([self.seed, _SPACING, _natural(step)]).uniform(*NEAREST)
        rng = np.random.default_rng([self.seed, _COURSE, _natural(step)])
        field = RandomField.draw(rng, MEANDER, 1.1, features=24)
        grid = np.arange(np.floor(across.min() / 8.0) - 1, np.ceil(across.max() / 8.0) + 2) * 8.0
        rows = field(grid, 0.0)
        kinked = np.floor(rows) + 1.0 / (1.0 + np.exp(-(rows - np.floor(rows) - 0.5) / 0.03))
        return self.width * (step + place) + KINK * np.interp(across, grid, kinked)

    def offset(self, terrace: int) -> Floats:
        """Return how the cells of a terrace are shifted, Å, shape (2,)."""
        return np.random.default_rng([self.seed, _OFFSET, _natural(terrace)]).uniform(0.0, 100.0, 2)

    def terraces(self, points: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Return on which terrace points lie.

        Args:
            points: Å, shape (..., 2).

        Returns:
            The terrace's number, the height with the steps' edges smoothed, relative to terrace 0, Å, and the distance
            to the nearest step, Å, infinite where it is far; each of shape (...).
        """
        down, across = self.along(points)
        nearest, farthest = float(down.min()), float(down.max())
        steps = self.steps(nearest, farthest)
        number = np.full(down.shape, steps.start if steps else 0, np.int64)
        height, clearance = (
            np.full(down.shape, -STEP_HEIGHT * (steps.start if steps else 0)),
            np.full(down.shape, np.inf),
        )
        for step in steps:
            course = self.course(step, across)
            if farthest < course.min() - FAR:
                break
            if nearest > course.max() + FAR:
                number += 1
                height -= STEP_HEIGHT
                continue
            beyond = down - course
            number += beyond > 0.0
            height -= STEP_HEIGHT / (1.0 + np.exp(np.clip(-beyond / EDGE, -60.0, 60.0)))
            np.minimum(clearance, np.abs(beyond), out=clearance)
        return number, height, clearance

    def decorations(self, low: Floats, high: Floats) -> Floats:
        """Return bright things at the steps within a rectangle down and along the stairs, Å, shape (n, 2)."""
        found = []
        for step in self.steps(low[0], high[0]):
            for block in range(int(low[1] // 200.0), int(high[1] // 200.0) + 1):
                rng = np.random.default_rng([self.seed, _DECORATION, _natural(step), _natural(block)])
                across = 200.0 * (block + rng.uniform(size=rng.poisson(200.0 * self.decoration)))
                if across.size:
                    down = self.course(step, across) + rng.uniform(2.0, 7.0, across.size)
                    found.append(np.stack([down, across], axis=-1))
        points = np.concatenate(found) if found else np.zeros((0, 2))
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return points @ np.array([[cos, sin], [-sin, cos]])


def _natural(number: int) -> int:
    """Map an integer to a natural number, as a seed must be."""
    return 2 * number if number >= 0 else -2 * number - 1
