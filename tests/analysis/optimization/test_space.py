"""Search spaces: scaling, candidates, maps, travel times, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.optimization.errors import MeasurementError, SearchSpaceError
from analysis.optimization.regions import Circle
from analysis.optimization.space import SearchSpace


@st.composite
def spaces(draw: st.DrawFn, gridded: bool | None = None) -> SearchSpace:
    """Spaces of one to three axes, with or without a grid, some with a forbidden box."""
    dimension = draw(st.integers(1, 3))
    low = [draw(st.floats(-1e3, 1e3)) for _ in range(dimension)]
    width = [draw(st.floats(1e-3, 1e3)) for _ in range(dimension)]
    bounds = {f"axis{i}": (a, a + w) for i, (a, w) in enumerate(zip(low, width, strict=True))}
    grid = {axis: draw(st.integers(1, 7)) for axis in bounds} if gridded or draw(st.booleans()) else None
    low0, high0 = bounds["axis0"]
    forbidden = []
    if draw(st.booleans()):
        forbidden = [{"kind": "box", "limits": {"axis0": [low0 + 0.45 * (high0 - low0), high0 + 1.0]}}]
    return SearchSpace(bounds=bounds, grid=grid, forbidden=forbidden)


@settings(max_examples=50, deadline=None)
@given(spaces())
def test_candidates_are_allowed_distinct_and_scaled(space: SearchSpace) -> None:
    """Candidates are allowed distinct and scaled."""
    candidates = space.candidates
    assert (candidates >= space.low).all()
    assert (candidates <= space.high).all()
    assert not space.is_forbidden(candidates).any()
    assert len(np.unique(candidates, axis=0)) == len(candidates)
    assert space.unit_candidates.min() >= 0.0
    assert space.unit_candidates.max() <= 1.0
    np.testing.assert_allclose(space.from_unit(space.unit_candidates), candidates, atol=1e-9)
    np.testing.assert_allclose(space.to_unit(candidates), space.unit_candidates, atol=1e-9)
    assert not candidates.flags.writeable


@settings(max_examples=50, deadline=None)
@given(spaces(gridded=True), st.floats(-0.49, 0.49))
def test_nearest_finds_every_candidate_and_its_readbacks(space: SearchSpace, offset: float) -> None:
    """Nearest finds every candidate and its readbacks."""
    assert space.grid is not None
    steps = (space.high - space.low) / np.maximum(np.array(list(space.grid.values())) - 1, 1)
    np.testing.assert_array_equal(space.nearest(space.candidates + offset * steps), np.arange(len(space.candidates)))


def test_grid_positions_are_exact() -> None:
    """Grid positions are exact."""
    space = SearchSpace(bounds={"x": (0.0, 150.0), "y": (0.0, 150.0)}, grid={"x": 31, "y": 31})
    np.testing.assert_array_equal(np.unique(space.candidates), np.arange(0.0, 151.0, 5.0))


def test_far_and_forbidden_positions_have_no_nearest(plane: SearchSpace) -> None:
    """Far and forbidden positions have no nearest."""
    assert plane.nearest([[25.0, 45.0], [-35.1, 0.0], [-32.0, 0.0]]).tolist() == [-1, -1, 0]


def test_map_has_reversed_axes_and_nan_where_forbidden(plane: SearchSpace) -> None:
    """Map has reversed axes and NaN where forbidden."""
    drawn = plane.as_map(plane.candidates @ [1.0, 1000.0])
    expected = plane.coordinates["x"][None, :] + 1000.0 * plane.coordinates["y"][:, None]
    allowed = ~((plane.coordinates["x"][None, :] >= 20) & (plane.coordinates["y"][:, None] >= 40))
    assert drawn.shape == (11, 13)
    np.testing.assert_array_equal(np.isfinite(drawn), allowed)
    np.testing.assert_allclose(drawn[allowed], expected[allowed])


def test_travel_time_is_that_of_the_slowest_axis(plane: SearchSpace) -> None:
    """Travel time is that of the slowest axis."""
    times = plane.travel_time([0.0, 0.0], [[20.0, 1.0], [-20.0, 10.0], [0.0, 0.0]])
    np.testing.assert_allclose(times, [2.0, 5.0, 0.0])


def test_an_axis_without_speed_costs_nothing() -> None:
    """An axis without speed costs nothing."""
    space = SearchSpace(bounds={"x": (0, 1), "y": (0, 1)}, speeds={"y": 0.5})
    assert space.travel_time([0, 0], [1, 0.25]) == pytest.approx(0.5)


def test_description_survives_json() -> None:
    """Description survives JSON."""
    space = SearchSpace(
        bounds={"x": (0.1, 0.7), "y": (-1, 1 / 3)},
        grid={"y": 5, "x": 4},
        forbidden=[Circle(("x", "y"), (0.3, 0.0), 0.2)],
        speeds={"x": 0.1},
        units={"x": "mm"},
    )
    again = SearchSpace(**json.loads(json.dumps(space.to_dict())))
    assert again.to_dict() == space.to_dict()
    np.testing.assert_array_equal(again.candidates, space.candidates)


def test_continuous_candidates_avoid_forbidden_regions_and_fill_the_rest() -> None:
    """Continuous candidates avoid forbidden regions and fill the rest."""
    space = SearchSpace(bounds={"x": (0, 10), "y": (0, 10)}, forbidden=[Circle(("x", "y"), (5, 5), 3)])
    share = len(space.candidates) / 2048
    assert share == pytest.approx(1 - np.pi * 9 / 100, abs=0.01)
    assert space.nearest(space.candidates[:3]).tolist() == [-1, -1, -1]
    with pytest.raises(SearchSpaceError, match="give the space a grid"):
        space.as_map(np.zeros(len(space.candidates)))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"bounds": {}}, "at least one axis"),
        ({"bounds": {"x": (1.0, 1.0)}}, "bounds of x"),
        ({"bounds": {"x": (0.0, np.inf)}}, "bounds of x"),
        ({"bounds": {"x": (0, 1)}, "grid": {"x": 0}}, "at least 1"),
        ({"bounds": {"x": (0, 1)}, "grid": {"x": 2.5}}, "whole number"),
        ({"bounds": {"x": (0, 1)}, "grid": {"y": 2}}, "every axis"),
        ({"bounds": {"x": (0, 1), "y": (0, 1)}, "grid": {"x": 2}}, "every axis"),
        ({"bounds": {"x": (0, 1), "y": (0, 1)}, "grid": {"x": 2000, "y": 2000}}, "coarser"),
        ({"bounds": {"x": (0, 1)}, "speeds": {"z": 1.0}}, "no axis z"),
        ({"bounds": {"x": (0, 1)}, "speeds": {"x": 0.0}}, "positive"),
        ({"bounds": {"x": (0, 1)}, "forbidden": [Circle(("x", "q"), (0, 0), 1)]}, "no axis q"),
        ({"bounds": {"x": (0, 1)}, "grid": {"x": 3}, "forbidden": [{"kind": "box", "limits": {"x": [0, 1]}}]}, "whole"),
    ],
)
def test_nonsense_is_refused_with_the_reason(arguments: dict[str, object], word: str) -> None:
    """Nonsense is refused with the reason."""
    with pytest.raises(SearchSpaceError, match=word):
        SearchSpace(**arguments)


@pytest.mark.parametrize("position", [{"x": 1.0}, {"x": 1.0, "y": 1.0, "z": 0.0}, {"x": np.nan, "y": 0.0}])
def test_positions_need_all_axes_and_finite_numbers(plane: SearchSpace, position: dict[str, float]) -> None:
    """Positions need all axes and finite numbers."""
    with pytest.raises(MeasurementError):
        plane.to_array(position)
