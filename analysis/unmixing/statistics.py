"""Single numbers that say what a decomposition's maps look like, for objectives and for stopping rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.nmfso import map_overlap

Floats = NDArray[np.float64]

_MOST = 0.5
"""A pixel belongs to a component that makes more than this share of it."""


def _coverage(fractions: Floats, weights: Floats) -> Floats:
    return (fractions > _MOST) @ weights


def _deviation(fractions: Floats, weights: Floats) -> Floats:
    mean = fractions @ weights
    return np.sqrt(np.maximum((fractions**2) @ weights - mean**2, 0.0))


def _largest(fractions: Floats, weights: Floats) -> Floats:
    return np.where(weights > 0.0, fractions, 0.0).max(axis=1)


OF_A_MAP: dict[str, Callable[[Floats, Floats], Floats]] = {
    "mean": lambda fractions, weights: fractions @ weights,
    "max": _largest,
    "deviation": _deviation,
    "coverage": _coverage,
}
"""What can be asked of one component's map: its share of all counts, its largest fraction, the standard deviation of
its fraction, and the share of the counts that lie in pixels of which it makes more than half."""

OF_ALL_MAPS = ("overlap", "mixing")
"""What can be asked of all maps together: the mean cosine between two of them, and how mixed the mean pixel is, from 0
(one component each) to 1 (all alike)."""


def map_statistics(maps: ArrayLike, intensity: ArrayLike | None = None, prefix: str = "unmixing") -> dict[str, float]:
    """All statistics of a decomposition's maps, under the names that objectives use.

    Args:
        maps: Fractions, shape (k, y, x) or (k, n), ≥ 0 and summing to 1; pixels with NaN are left out.
        intensity: Counts of each pixel, which it is weighed by, shape (y, x) or (n,); all alike when None.
        prefix: First part of the names.

    Returns:
        Values by name: `unmixing.maps[0].mean`, …, `unmixing.overlap`, `unmixing.mixing`; NaN where no pixel counts.

    Raises:
        ValueError: Shapes do not fit, or there are no components.
    """
    array = np.asarray(maps, float)
    if array.ndim < 2 or not len(array):
        raise ValueError(f"maps have the shape (component, y, x) or (component, pixels), not {array.shape}")
    fractions = array.reshape(len(array), -1)
    weights = np.ones(fractions.shape[1]) if intensity is None else np.asarray(intensity, float).ravel()
    if weights.shape != fractions.shape[1:]:
        raise ValueError(f"intensity of {weights.size} pixels for maps of {fractions.shape[1]}")
    good = np.isfinite(fractions).all(axis=0) & np.isfinite(weights) & (weights > 0.0)
    if not good.any():
        return dict.fromkeys(statistic_names(len(array), prefix), float("nan"))
    fractions, weights = fractions[:, good], weights[good] / weights[good].sum()
    values = {}
    for name, statistic in OF_A_MAP.items():
        for k, value in enumerate(statistic(fractions, weights)):
            values[f"{prefix}.maps[{k}].{name}"] = float(value)
    values[f"{prefix}.overlap"] = map_overlap(fractions)
    values[f"{prefix}.mixing"] = _mixing(fractions, weights)
    return {name: values[name] for name in statistic_names(len(array), prefix)}


def statistic_names(n_components: int, prefix: str = "unmixing") -> tuple[str, ...]:
    """Names of all statistics of so many components, in order."""
    own = [f"{prefix}.maps[{k}].{name}" for k in range(n_components) for name in OF_A_MAP]
    return (*own, *(f"{prefix}.{name}" for name in OF_ALL_MAPS))


def _mixing(fractions: Floats, weights: Floats) -> float:
    """Entropy of the mean pixel's fractions, relative to that of an even mixture."""
    if len(fractions) < 2:
        return 0.0
    entropy = -(fractions * np.log(np.maximum(fractions, 1e-300))).sum(axis=0)
    return float(entropy @ weights) / float(np.log(len(fractions)))
