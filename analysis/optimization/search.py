"""Finding the best position of an acquisition function between the candidates of a continuous space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STARTS = 4
FIRST_STEP = 0.05
SMALLEST_STEP = 5e-4


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
    order = np.argsort(-values, kind="stable")[:STARTS]
    points, heights = candidates[order].copy(), values[order].copy()
    dimension = candidates.shape[1]
    stencil = np.concatenate([np.eye(dimension), -np.eye(dimension)])
    steps = np.full(len(points), FIRST_STEP)
    while (active := steps > SMALLEST_STEP).any():
        trial = np.clip(points[:, None] + steps[:, None, None] * stencil, 0.0, 1.0)
        found = score(trial.reshape(-1, dimension)).reshape(len(points), -1)
        winner = found.argmax(axis=1)
        rows = np.arange(len(points))
        better = active & (found[rows, winner] > heights)
        points[better], heights[better] = trial[rows, winner][better], found[rows, winner][better]
        steps = np.where(better, steps, 0.5 * steps)
    best = int(np.argmax(heights))
    return points[best], float(heights[best])
