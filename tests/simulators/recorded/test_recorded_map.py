"""Answers between recorded positions, coarser grids, and units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from devices.protocols import Coordinate
from simulators.errors import SimulatorError
from simulators.recorded import RecordedMap

X = np.array([0.0, 1.0, 2.5, 3.0, 7.0])
Y = np.array([-2.0, 0.0, 0.5, 4.0])


def make_map(*trailing: int) -> RecordedMap:
    """A map with uneven axes."""
    values = np.random.default_rng(0).normal(size=(4, 5, *trailing))
    pattern = tuple(Coordinate(np.arange(length, dtype=float), "eV") for length in trailing)
    return RecordedMap(values, Coordinate(X, "m"), Coordinate(Y, "m"), pattern, "V")


positions = st.tuples(st.floats(-1, 9), st.floats(-4, 6))


@given(position=positions)
def test_nearest_is_what_was_measured_nearest(position: tuple[float, float]) -> None:
    """As far from the position as the nearest neighbour in a search tree, and untouched."""
    recorded = make_map()
    rows, columns = np.meshgrid(Y, X, indexing="ij")
    points = np.column_stack([columns.ravel(), rows.ravel()])
    distance, _ = cKDTree(points).query(position)
    found = recorded.at(*position)
    assert found in recorded.values
    where = points[recorded.values.ravel() == found][0]
    assert np.hypot(*(where - position)) == pytest.approx(distance)


@given(position=positions)
def test_linear_is_linear_along_x_and_then_along_y(position: tuple[float, float]) -> None:
    """Between four positions, spectra included; outside, the edge counts."""
    recorded = make_map(3)
    for channel, found in enumerate(recorded.at(*position, "linear")):
        along_x = [np.interp(position[0], X, row) for row in recorded.values[..., channel]]
        assert found == pytest.approx(np.interp(position[1], Y, along_x), abs=1e-9)


def test_many_positions_at_once() -> None:
    """Positions broadcast, and the pattern's shape follows theirs."""
    recorded = make_map(2, 3)
    np.testing.assert_array_equal(recorded.at(X[None, :], Y[:, None]), recorded.values)
    np.testing.assert_allclose(recorded.at(X[None, :], Y[:, None], "linear"), recorded.values)


def even_map(rows: int, columns: int) -> RecordedMap:
    """A map whose values are all different, on even axes."""
    values = np.arange(rows * columns, dtype=float).reshape(rows, columns)
    return RecordedMap(values, Coordinate(np.arange(columns) * 0.5, "m"), Coordinate(np.arange(rows) * 2.0, "m"))


def test_every_nth_position_is_kept_untouched() -> None:
    """Values and positions are those recorded at 0, n, 2n and so on."""
    full = even_map(12, 8)
    coarse = full.resampled((4, 4))
    np.testing.assert_array_equal(coarse.values, full.values[::3, ::2])
    np.testing.assert_array_equal(coarse.y.values, full.y.values[::3])
    np.testing.assert_array_equal(coarse.x.values, full.x.values[::2])


def test_blocks_are_averaged_at_their_centres() -> None:
    """The mean of 3 × 2 positions, and the mean of their positions."""
    coarse = even_map(12, 8).resampled((4, 4), "mean")
    assert coarse.values[0, 0] == np.mean([0, 1, 8, 9, 16, 17])
    assert (coarse.y.values[0], coarse.x.values[0]) == (2.0, 0.25)


def test_a_grid_that_does_not_divide_the_map() -> None:
    """Measured positions nearest to an even grid over the whole map; blocks are refused."""
    coarse = even_map(10, 10).resampled((4, 4))
    np.testing.assert_array_equal(coarse.x.values, [0.0, 1.5, 3.0, 4.5])
    with pytest.raises(SimulatorError, match="reduction='pixel'"):
        even_map(10, 10).resampled((4, 4), "mean")
    with pytest.raises(SimulatorError, match="2 to 10"):
        even_map(10, 10).resampled((11, 4))


def test_units_get_a_prefix_that_makes_numbers_handy() -> None:
    """Metres of a micrometre become µm, volts stay, and unknown units are left alone."""
    axis = Coordinate(np.linspace(0, 2e-6, 3), "m")
    recorded = RecordedMap(np.full((3, 3), 5e-10), axis, Coordinate(np.arange(3.0), "deg"), units="m").handy()
    assert (recorded.x.units, recorded.y.units, recorded.units) == ("µm", "deg", "pm")
    np.testing.assert_allclose(recorded.x.values, [0, 1, 2])
    np.testing.assert_allclose(recorded.values, 500.0)


@pytest.mark.parametrize(
    ("values", "x", "message"),
    [
        (np.zeros((1, 3)), [0, 1, 2], "2 × 2"),
        (np.zeros((2, 3)), [0, 1], "lengths"),
        (np.zeros((2, 3)), [0, 2, 1], "do not rise"),
        (np.zeros((2, 3)), [0, 1, 1], "do not rise"),
    ],
)
def test_parts_that_do_not_fit_are_refused(values: np.ndarray, x: list[float], message: str) -> None:
    """Shape, lengths and order of positions."""
    with pytest.raises(SimulatorError, match=message):
        RecordedMap(values, Coordinate(np.array(x, float), ""), Coordinate(np.arange(float(len(values))), ""))
