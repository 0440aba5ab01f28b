"""Which axis is which, and lists of positions that form a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols import Coordinate
from simulators.errors import SimulatorError
from simulators.recorded.layout import StoredArray, table_to_map, to_map

VALUES = np.arange(24.0).reshape(2, 3, 4)


def axis(name: str, length: int) -> Coordinate:
    """An axis with a name."""
    return Coordinate(np.arange(length, dtype=float), "m", name)


@pytest.mark.parametrize("order", ["yxe", "xye", "eyx", "exy", "yex", "xey"])
@pytest.mark.parametrize("named", [True, False])
def test_any_order_of_axes(order: str, named: bool) -> None:
    """Named axes speak for themselves; letters decide otherwise."""
    stored = np.moveaxis(VALUES, [0, 1, 2], [order.index(letter) for letter in "yxe"])
    axes = tuple(axis(f"stage_{letter}", length) for letter, length in zip(order, stored.shape, strict=True))
    found = to_map(StoredArray(stored, axes if named else ()), None if named else order)
    np.testing.assert_array_equal(found.values, VALUES)
    assert len(found.pattern) == 1


def test_without_names_the_first_axis_is_y() -> None:
    """Rows are y, and positions are pixel numbers."""
    found = to_map(StoredArray(VALUES[0]))
    np.testing.assert_array_equal(found.values, VALUES[0])
    assert (found.x.units, found.y.long_name) == ("px", "y")


def test_falling_positions_are_turned_over() -> None:
    """Values move with their positions."""
    falling = Coordinate(np.array([2.0, 1.0, 0.0]), "m", "x")
    found = to_map(StoredArray(VALUES[..., 0], (axis("y", 2), falling)))
    np.testing.assert_array_equal(found.x.values, [0, 1, 2])
    np.testing.assert_array_equal(found.values, VALUES[:, ::-1, 0])


@pytest.mark.parametrize("dims", ["yy", "yxe", "ye", ""])
def test_letters_that_do_not_fit(dims: str) -> None:
    """The message shows what would."""
    with pytest.raises(SimulatorError, match="for example 'yx'"):
        to_map(StoredArray(VALUES[0], source="here"), dims)


@pytest.mark.parametrize("values", [np.zeros(4), np.zeros((2, 2), complex), np.zeros((1, 2, 2, 2, 2))])
def test_arrays_that_are_no_maps(values: np.ndarray) -> None:
    """Too few or too many axes, or numbers that are not real."""
    with pytest.raises(SimulatorError):
        to_map(StoredArray(values, source="here"))


@given(order=st.permutations(range(12)))
def test_positions_in_any_order_form_the_grid(order: list[int]) -> None:
    """Rows of a table may come as the scan went."""
    y, x = (array.ravel() for array in np.mgrid[:3, :4] * 0.1)
    found = table_to_map(np.column_stack([x, y])[order], np.arange(12.0)[order])
    np.testing.assert_array_equal(found.values, np.arange(12.0).reshape(3, 4))
    np.testing.assert_allclose(found.x.values, [0, 0.1, 0.2, 0.3])


def test_missing_positions_are_nan_and_scattered_ones_are_refused() -> None:
    """A hole in the grid is a hole; positions without rows and columns are no grid."""
    corners = np.array([[0, 0], [1, 0], [0, 1]], float)
    assert np.isnan(table_to_map(corners, np.arange(3.0)).values[1, 1])
    with pytest.raises(SimulatorError, match="no grid"):
        table_to_map(np.random.default_rng(0).random((20, 2)), np.zeros(20))
