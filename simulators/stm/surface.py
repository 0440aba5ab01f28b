"""A surface without end: what sits in each half-cell, the same from whichever field one looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulators.fields import RandomField
from simulators.stm.contents import BARE, HOLE, VACANCY, VARIATES, Contents
from simulators.stm.lattice import CELL, half_centres, in_cells
from simulators.stm.terraces import Staircase

Floats = NDArray[np.float64]

BLOCK = 16
"""Cells along a side of the blocks that are drawn at a time."""

CLEARANCE = 15.0
"""Half-cells nearer than this to a step are not complete, Å."""

_STEPS, _BLOCKS, _COVERAGE = 1, 2, 3
_PLAIN = 2**31


@dataclass(frozen=True, slots=True)
class SurfaceStyle:
    """What surfaces look like.

    Attributes:
        coverage: Fraction of the half-cells with a cluster.
        coverage_spread: Relative deviation of the coverage from image to image and, over ``patchiness``, from place to
            place.
        patchiness: Length over which the coverage changes on one surface, Å.
        fractions: Relative frequency of Pb1 to Pb6.
        faulted: Fraction of the clusters that sit in faulted halves.
        vacancies: Fraction of the half-cells with a vacancy that looks like Pb1.
        holes: Fraction of the half-cells that lack most of their adatoms.
        bright: Fraction of the half-cells with a bright adsorbate.
        missing: Fraction of all adatoms that are missing.
        terrace_width: Mean width of a terrace, Å.
        decoration: Bright things at the lower side of steps, per Å.
    """

    coverage: float = 0.018
    coverage_spread: float = 0.35
    patchiness: float = 1200.0
    fractions: tuple[float, float, float, float, float, float] = (0.46, 0.26, 0.15, 0.08, 0.03, 0.02)
    faulted: float = 0.75
    vacancies: float = 0.05
    holes: float = 0.006
    bright: float = 0.006
    missing: float = 0.006
    terrace_width: float = 1300.0
    decoration: float = 0.006


@dataclass(frozen=True)
class Surface:
    """A surface, wherever one looks.

    Attributes:
        style: What it looks like.
        seed: Which surface of the family.
        stairs: Its steps.
    """

    style: SurfaceStyle
    seed: int
    stairs: Staircase = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, _STEPS])
        course, angle = int(rng.integers(2**31)), float(rng.uniform(0.0, 2.0 * np.pi))
        stairs = Staircase(course, self.style.terrace_width, angle, self.style.decoration)
        object.__setattr__(self, "stairs", stairs)

    @cached_property
    def _coverage(self) -> tuple[float, RandomField]:
        """Level of this surface, and the logarithm of the relative coverage over it."""
        rng = np.random.default_rng([self.seed, _COVERAGE])
        half = self.style.coverage_spread / np.sqrt(2.0)
        return float(rng.normal(0.0, half)), RandomField.draw(rng, self.style.patchiness, half, features=32)

    def coverage(self, points: Floats) -> Floats:
        """Return the expected fraction of half-cells with a cluster at points, shape (n,)."""
        level, change = self._coverage
        relative = np.exp(level + change(points[:, 0], points[:, 1]) - 0.5 * self.style.coverage_spread**2)
        return np.minimum(self.style.coverage * relative, 0.6)

    def contents(self, low: Floats, high: Floats) -> Contents:
        """Return all that sits in the half-cells whose middle lies in a rectangle.

        Args:
            low: Its lower corner, Å, shape (2,).
            high: Its upper corner, Å, shape (2,).

        Returns:
            The half-cells that hold anything, those without a step near them.
        """
        edges = np.stack(np.meshgrid(*(np.linspace(low[i], high[i], 9) for i in (0, 1))), axis=-1)
        down, _ = self.stairs.along(edges)
        steps = self.stairs.steps(float(down.min()), float(down.max()))
        terraces = range(steps.start, steps.stop + 1) if steps else range(1)
        parts = [self._on_terrace(terrace, low, high) for terrace in terraces]
        return Contents.join(parts)

    def _on_terrace(self, terrace: int, low: Floats, high: Floats) -> Contents:
        """Return what sits on one terrace within a rectangle."""
        offset = self.stairs.offset(terrace)
        corners = np.array([[low[0], low[1]], [high[0], low[1]], [low[0], high[1]], [high[0], high[1]]]) - offset
        cells = in_cells(corners)
        first = np.floor(cells.min(axis=0) / BLOCK).astype(int)
        last = np.floor(cells.max(axis=0) / BLOCK).astype(int)
        blocks = [(i, j) for i in range(first[0], last[0] + 1) for j in range(first[1], last[1] + 1)]
        middles = (np.array(blocks) + 0.5) * BLOCK @ CELL + offset
        # A block's corners are at most 1.74 of its half side from its middle.
        reach = 1.75 * 0.5 * BLOCK * np.linalg.norm(CELL[0])
        near = ((middles > low - reach) & (middles < high + reach)).all(axis=1)
        top, bottom = self.stairs.band(terrace)
        down, _ = self.stairs.along(middles)
        near &= (down > top - reach) & (down < bottom + reach)
        parts = [self._block(terrace, *block, offset) for block, use in zip(blocks, near, strict=True) if use]
        every = Contents.join(parts) if parts else self._block(terrace, 0, 0, offset).select(np.zeros(0, int))  # pyright: ignore[reportArgumentType]
        inside = np.asarray(((every.centres >= low) & (every.centres < high)).all(axis=1))
        chosen = every.select(inside)
        if not len(chosen.kinds):
            return chosen
        number, _, clearance = self.stairs.terraces(chosen.centres)
        return chosen.select((number == terrace) & (clearance > CLEARANCE))

    def _block(self, terrace: int, i: int, j: int, offset: Floats) -> Contents:
        """Draw what sits in the half-cells of one block."""
        rng = np.random.default_rng([self.seed, _BLOCKS, _PLAIN + terrace, _PLAIN + i, _PLAIN + j])
        cells = np.stack(np.meshgrid(np.arange(BLOCK), np.arange(BLOCK), indexing="ij"), axis=-1).reshape(-1, 2)
        cells = np.repeat(cells + np.array([i, j]) * BLOCK, 2, axis=0)
        halves = np.tile([0, 1], BLOCK * BLOCK)
        centres = half_centres(cells, halves) + offset
        # The coverage hardly changes within a block.
        middle = (np.array([[i, j]]) + 0.5) * BLOCK @ CELL + offset
        style = self.style
        share = np.where(halves == 0, 2.0 * style.faulted, 2.0 * (1.0 - style.faulted))
        fractions = np.array(style.fractions) / sum(style.fractions)
        chances = np.concatenate(
            [
                (self.coverage(middle) * share)[:, None] * fractions,
                np.broadcast_to([style.vacancies, style.holes, style.bright], (len(halves), 3)),
            ],
            axis=1,
        )
        kinds = (rng.uniform(size=(len(halves), 1)) >= np.cumsum(chances, axis=1)).sum(axis=1)
        missing = rng.uniform(size=(len(halves), 6)) < np.where(kinds == HOLE, 0.75, style.missing)[:, None]
        held = (kinds != BARE) | missing.any(axis=1)
        kinds, missing = kinds[held], missing[held]
        variates = rng.uniform(size=(len(kinds), VARIATES))
        vacant = np.flatnonzero(kinds == VACANCY)
        missing[vacant, (6 * variates[vacant, -1]).astype(int)] = True
        return Contents(kinds, centres[held], halves[held], missing, variates)
