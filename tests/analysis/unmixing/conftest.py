"""A synthetic scan: four peaks in a frame, whose amounts differ from point to point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

SHAPE = (32, 32)
WINDOWS = [(21, 27, 12, 20), (7, 17, 11, 20), (16, 21, 9, 18), (9, 19, 21, 28)]


@dataclass(frozen=True)
class Scan:
    """Patterns with their true mixture."""

    components: NDArray[np.float64]
    weights: NDArray[np.float64]
    expected: NDArray[np.float64]
    patterns: NDArray[np.float64]


def peak(row: float, column: float, width: float) -> NDArray[np.float64]:
    """A round peak of unit sum, flattened."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    bump = np.exp(-0.5 * ((y - row) ** 2 + (x - column) ** 2) / width**2)
    return (bump / bump.sum()).ravel()


def make_scan(points: int = 60, seed: int = 0) -> Scan:
    """Substrate, film, relaxed film, and a rare tilted grain, counted by a camera."""
    rng = np.random.default_rng(seed)
    components = np.array([peak(24, 16, 1.0), peak(12, 16, 2.0), peak(18, 13, 1.2), peak(14, 24, 2.0)])
    weights = rng.uniform(0.2, 1.0, (points, 4)) * [3000.0, 6000.0, 4000.0, 1.0]
    weights[:, 3] = 3000.0 * rng.uniform(0.0, 1.0, points) ** 4
    expected = weights @ components + 0.05
    return Scan(components, weights, expected, rng.poisson(expected).astype(float))


@pytest.fixture
def scan() -> Scan:
    """A scan of 60 points."""
    return make_scan()
