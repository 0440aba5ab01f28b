"""Choosing one position: by the model, by distance, or again when nothing new is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.acquisition import NAMES
from analysis.optimization.measurements import Measurements
from analysis.optimization.scoring import Scorer
from analysis.optimization.search import first_best, refine
from analysis.optimization.space import SearchSpace

Array = NDArray[np.float64]

REPEATS = 2
"""How often a candidate whose every measurement failed is tried before the best one is replicated instead."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen position.

    Attributes:
        position: Axes' units, shape (d,).
        kind: Why, as in ``Reason.kind``.
        acquisition: Value of the acquisition function, NaN without a model.
        modelled: Whether the model was consulted.
    """

    position: Array
    kind: str
    acquisition: float = float("nan")
    modelled: bool = False


def by_model(scorer: Scorer, data: Measurements, key: list[int], start: Array | None) -> Choice:
    """Choose the best-scored position that is not taken, or repeat one.

    Args:
        scorer: Acquisition function and fitted model.
        data: Measurements the model was fitted to.
        key: Seed of random acquisition functions.
        start: Where the axes are now, axes' units, or None.

    Returns:
        The choice.
    """
    space = scorer.space
    values = scorer.score(space.unit_candidates, data, key, start)
    free = ~data.taken()
    kind = NAMES[scorer.name]
    if not free.any():
        index, kind = _repeat(scorer, data)
        return Choice(space.candidates[index].copy(), kind, float(values[index]), modelled=True)
    # Not a number would win every comparison; a score that overflowed must lose it.
    values = np.where(free, np.nan_to_num(values, nan=-np.inf, neginf=-1e300), -np.inf)
    # A Thompson sample is one function drawn at the candidates: between them it is not known.
    if space.grid is not None or scorer.name == "thompson":
        index = first_best(values)
        return Choice(space.candidates[index].copy(), kind, float(values[index]), modelled=True)

    def score(unit: Array) -> Array:
        """Score positions of the unit cube, −∞ where nothing may be measured."""
        positions = space.from_unit(unit)
        allowed = ~(space.is_forbidden(positions) | data.is_taken(positions))
        return np.where(allowed, scorer.score(unit, data, key, start), -np.inf)

    best, value = refine(score, space.unit_candidates, values)
    return Choice(space.from_unit(best), kind, value, modelled=True)


def spread(space: SearchSpace, data: Measurements) -> Choice:
    """Choose the candidate farthest from all told and pending points, or one tried least when none is free."""
    free = ~data.taken()
    if not free.any():
        tries = data.attempts + len(data.positions) * _pending(space, data)
        return Choice(space.candidates[int(np.argmin(tries))].copy(), "repeat of a failed point")
    known = space.to_unit(data.array([*data.positions, *data.pending]))
    if not len(known):
        known = np.full((1, space.dimension), 0.5)
        distance = -np.linalg.norm(space.unit_candidates - known, axis=1)
    else:
        distance = np.full(len(space.candidates), np.inf)
        for position in known:
            distance = np.minimum(distance, np.linalg.norm(space.unit_candidates - position, axis=1))
    return Choice(space.candidates[int(np.argmax(np.where(free, distance, -np.inf)))].copy(), "space filling")


def _repeat(scorer: Scorer, data: Measurements) -> tuple[int, str]:
    """Choose a candidate to measure again; returns its index and the reason."""
    space = scorer.space
    pending = _pending(space, data)
    failed = (data.failures == data.attempts) & (data.attempts < REPEATS) & ~pending
    if failed.any():
        return int(np.flatnonzero(failed)[np.argmin(data.attempts[failed])]), "repeat of a failed point"
    mean, _ = scorer.surrogate.moments(space.unit_candidates)
    measured = data.failures < data.attempts
    for allowed in (measured & ~pending, measured, ~pending):
        if allowed.any():
            return int(np.argmax(np.where(allowed, mean, -np.inf))), "replicate"
    return int(np.argmax(mean)), "replicate"


def _pending(space: SearchSpace, data: Measurements) -> NDArray[np.bool_]:
    """Which candidates are pending, shape (m,)."""
    pending = np.zeros(len(space.candidates), dtype=bool)
    indices = space.nearest(data.array(data.pending))
    pending[indices[indices >= 0]] = True
    return pending
