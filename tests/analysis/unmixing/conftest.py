"""A synthetic scan: four peaks in a frame, whose amounts differ from point to point."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

SHAPE = (32, 32)


def peak(row: float, column: float, width: float) -> NDArray[np.float64]:
    """A round peak of unit sum, flattened."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    bump = np.exp(-0.5 * ((y - row) ** 2 + (x - column) ** 2) / width**2)
    return (bump / bump.sum()).ravel()


@pytest.fixture
def scan() -> SimpleNamespace:
    """Substrate, film, relaxed film, and a rare tilted grain at 60 points, counted by a camera."""
    points, rng = 60, np.random.default_rng(0)
    components = np.array([peak(24, 16, 1.0), peak(12, 16, 2.0), peak(18, 13, 1.2), peak(14, 24, 2.0)])
    weights = rng.uniform(0.2, 1.0, (points, 4)) * [3000.0, 6000.0, 4000.0, 1.0]
    weights[:, 3] = 3000.0 * rng.uniform(0.0, 1.0, points) ** 4
    expected = weights @ components + 0.05
    patterns = rng.poisson(expected).astype(float)
    return SimpleNamespace(components=components, weights=weights, expected=expected, patterns=patterns)
