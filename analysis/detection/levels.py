"""The level that most of a surface lies at, whatever else there is in an image."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SAMPLE = 16384
"""A level is found from about this many pixels."""

CORE = 0.4
"""Fraction of the pixels that the surface's main level must hold."""

CORE_WIDTH = 0.5244
"""Half the width of the interval that holds ``CORE`` of a normal distribution, deviations."""

FEWEST = 0.2
"""A line is set by those of its pixels that are of the main level where they are at least this fraction."""


def main_level(image: ArrayLike) -> tuple[float, float]:
    """Return the level that most pixels lie at: the shortest interval that holds a part of them (Rousseeuw 1984).

    Args:
        image: Heights, any shape, not all missing.

    Returns:
        The level, and the deviation about it were it normal; at least a hair, so that a constant image is at its level.
    """
    every = np.asarray(image, float).ravel()
    values = every[:: max(1, every.size // SAMPLE)]
    values = values[np.isfinite(values)]
    if not values.size:
        values = every[np.isfinite(every)]
    ordered = np.sort(values)
    held = max(1, int(CORE * ordered.size))
    widths = ordered[held - 1 :] - ordered[: len(ordered) - held + 1]
    shortest = int(np.argmin(widths))
    level = float(np.median(ordered[shortest : shortest + held]))
    hair = 1e-12 * max(1.0, float(np.abs(ordered[[0, -1]]).max()))
    return level, max(float(widths[shortest]) / (2.0 * CORE_WIDTH), hair)


def line_levels(image: Floats, level: float, within: float) -> Floats:
    """Return the mean of each line's part of a level; where there is too little of it, from the lines around.

    Args:
        image: Heights, shape (y, x).
        level: The level.
        within: How far from it what is of it may lie.

    Returns:
        One value per line, shape (y,).
    """
    belongs = np.abs(image - level) <= within
    counts = belongs.sum(axis=1)
    places = np.flatnonzero(counts >= FEWEST * image.shape[1])
    if not places.size:
        return np.full(len(image), level)
    means = np.where(belongs, image, 0.0)[places].sum(axis=1) / counts[places]
    return np.interp(np.arange(len(image)), places, means)


def median(values: Floats, axis: int) -> Floats:
    """Return the median along an axis of what is not missing (NaN); missing where all is."""
    if not np.isnan(values).any():
        return np.median(values, axis=axis)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        return np.nanmedian(values, axis=axis)
