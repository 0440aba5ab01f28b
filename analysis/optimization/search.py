"""Finding the best position of an acquisition function between the candidates of a continuous space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STARTS = 4
FIRST_STEP = 0.05
SMALLEST_STEP = 5e-4

TIE = 1e-9
"""Scores closer than this, relative to the best, are equal: rounding must not decide where to measure."""


def first_best(values: Array) -> int:
    """Index of the first of the best values (m,), so that a restored optimiser breaks ties as the saved one did."""
    best = values.max()
    return int(np.argmax(values >= best - TIE * abs(best))) if np.isfinite(best) else int(np.argmax(values))


def refine(score: Callable[[Array], Array], candidates: Array, values: Array) -> tuple[Array, float]:
    """Climb from the best candidates by pattern search (Hooke & Jeeves 1961), all starts at once.

    It needs no gradient, so a forbidden region is simply a place where the score is −∞.

    Args:
        score: Value at positions of shape (q, d) in the unit cube, shape (q,); −∞ where nothing may be measured.
        candidates: Positions in the unit cube, shape (m, d).
        values: Their scores, shape (m,).

    Returns:
        The best position found, shape (d,), and its score: at least the best of ``values``.
    """
    order = _best_in_order(values)
    points, heights = candidates[order].copy(), values[order].copy()
    dimension = candidates.shape[1]
    stencil = np.concatenate([np.eye(dimension), -np.eye(dimension)])
    steps = np.full(len(points), FIRST_STEP)
    while (active := steps > SMALLEST_STEP).any():
        trial = np.clip(points[:, None] + steps[:, None, None] * stencil, 0.0, 1.0)
        found = score(trial.reshape(-1, dimension)).reshape(len(points), -1)
        winner = np.array([first_best(row) for row in found])
        rows = np.arange(len(points))
        better = active & (found[rows, winner] > heights + TIE * np.abs(heights))
        points[better], heights[better] = trial[rows, winner][better], found[rows, winner][better]
        steps = np.where(better, steps, 0.5 * steps)
    best = first_best(heights)
    return points[best], float(heights[best])


def _best_in_order(values: Array) -> NDArray[np.intp]:
    """Indices of the best few values, best first, the earlier of equals first."""
    left, order = values.copy(), []
    for _ in range(min(STARTS, len(values))):
        order.append(first_best(left))
        left[order[-1]] = -np.inf
    return np.array(order, dtype=np.intp)
