"""Initial designs: reproducible, distinct, allowed, well spread."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.optimization.design import initial_design, sobol
from analysis.optimization.errors import ConfigurationError
from analysis.optimization.space import SearchSpace


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**31), st.sampled_from(["sobol", "random"]), st.booleans())
def test_points_are_distinct_allowed_and_reproducible(count: int, seed: int, design: str, gridded: bool) -> None:
    """Points are distinct allowed and reproducible."""
    space = SearchSpace(
        bounds={"x": (0, 10), "y": (5, 6)},
        grid={"x": 7, "y": 4} if gridded else None,
        forbidden=[{"kind": "circle", "axes": ["x", "y"], "centre": [0, 5], "radius": 2}],
    )
    points = initial_design(space, count, seed, design)
    assert len(points) == (min(count, len(space.candidates)) if gridded else count)
    assert len(np.unique(points, axis=0)) == len(points)
    assert not space.is_forbidden(points).any()
    assert (points >= space.low).all()
    assert (points <= space.high).all()
    np.testing.assert_array_equal(points, initial_design(space, count, seed, design))
    if gridded:
        indices = space.nearest(points)
        np.testing.assert_array_equal(space.candidates[indices], points)


def test_a_longer_sobol_design_begins_with_the_shorter() -> None:
    """A longer sobol design begins with the shorter."""
    np.testing.assert_array_equal(sobol(3, 7, seed=4), sobol(3, 100, seed=4)[:7])


def test_sobol_covers_every_eighth_of_an_axis() -> None:
    """Sobol covers every eighth of an axis."""
    points = sobol(2, 8, seed=11)
    for axis in range(2):
        assert sorted((points[:, axis] * 8).astype(int)) == list(range(8))


def test_seeds_differ() -> None:
    """Seeds differ."""
    space = SearchSpace(bounds={"x": (0, 1), "y": (0, 1)}, grid={"x": 31, "y": 31})
    for design in ("sobol", "random"):
        assert not np.array_equal(initial_design(space, 8, 0, design), initial_design(space, 8, 1, design))


def test_a_thin_allowed_part_still_gets_its_points() -> None:
    """A thin allowed part still gets its points."""
    space = SearchSpace(bounds={"x": (0, 1)}, forbidden=[{"kind": "box", "limits": {"x": [0, 0.999]}}])
    points = initial_design(space, 3, 0)
    assert len(points) == 3
    assert (points > 0.999).all()


def test_an_unknown_design_is_refused() -> None:
    """An unknown design is refused."""
    with pytest.raises(ConfigurationError, match="sobol or random"):
        initial_design(SearchSpace(bounds={"x": (0, 1)}), 3, 0, "latin")
