"""The level that most of a surface lies at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.detection.levels import line_levels, main_level

Floats = NDArray[np.float64]


@pytest.mark.parametrize(
    ("values", "level", "spread"),
    [
        (np.random.default_rng(0).normal(3.0, 0.5, 40_000), 3.0, 0.5),
        (np.concatenate([np.random.default_rng(1).normal(0, 0.2, 30_000), np.full(22_000, 9.0)]), 9.0, 0.0),
        (np.concatenate([np.random.default_rng(2).normal(0, 0.2, 30_000), np.linspace(3, 90, 20_000)]), 0.0, 0.37),
    ],
)
def test_the_main_level_is_where_most_pixels_lie(values: Floats, level: float, spread: float) -> None:
    """The main level is where most pixels lie."""
    found = main_level(np.random.default_rng(3).permutation(values))
    assert found == (pytest.approx(level, abs=0.08), pytest.approx(spread, abs=0.06))


def test_lines_take_their_level_from_what_is_of_it() -> None:
    """Clusters do not count, and a line that is all cluster gets what lies between its neighbours."""
    image = np.arange(12.0)[:, None] * 0.01 + np.zeros((12, 20))
    image[:, 5:9] += 2.0
    image[6] += 5.0
    np.testing.assert_allclose(line_levels(image, 0.05, 0.5), np.arange(12) * 0.01, atol=1e-12)
    np.testing.assert_array_equal(line_levels(image + 50.0, 0.05, 0.5), np.full(12, 0.05))
