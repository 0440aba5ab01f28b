"""The geometry of Si(111)-(7×7), against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulators.stm import lattice

Floats = NDArray[np.float64]


def around(points: Floats, cells: int = 1) -> Floats:
    """Repeat points of one cell in the cells around it."""
    shifts = [(i, j) for i in range(-cells, cells + 1) for j in range(-cells, cells + 1)]
    return (points[None] + (np.array(shifts) @ lattice.CELL)[:, None]).reshape(-1, 2)


def distances(points: Floats, others: Floats) -> Floats:
    """Distances of each point to all others but itself, sorted, Å."""
    found = np.linalg.norm(points[:, None] - others[None], axis=-1)
    return np.sort(np.where(found < 1e-9, np.inf, found), axis=1)


def test_the_cell_has_the_sides_and_the_diagonal_that_are_known() -> None:
    """Seven times 3.84 Å; the long diagonal is √3 times the side."""
    sides = np.linalg.norm(lattice.CELL, axis=1)
    np.testing.assert_allclose(sides, 26.88)
    assert np.linalg.norm(lattice.CELL.sum(axis=0)) == pytest.approx(46.56, abs=0.01)
    assert pytest.approx(625.7, abs=0.1) == lattice.CELL_AREA
    assert np.degrees(np.arccos(lattice.CELL[0] @ lattice.CELL[1] / sides.prod())) == pytest.approx(60.0)


def test_twelve_adatoms_a_double_lattice_spacing_apart() -> None:
    """7.68 Å within a half, 6.65 Å across the dimer rows, and nothing nearer."""
    assert len(lattice.ADATOMS) == len(np.unique(lattice.ADATOMS.round(6), axis=0)) == 12
    for corner, centre, _ in (lattice.FAULTED, lattice.UNFAULTED):
        half = np.concatenate([corner, centre])
        nearest = distances(half, half)[:, :4]
        np.testing.assert_allclose(nearest[:, 0], 7.68)
        # A corner adatom has two neighbours in its half, a centre adatom four.
        np.testing.assert_array_equal(np.isclose(nearest, 7.68).sum(axis=1), [2, 2, 2, 4, 4, 4])
    assert distances(lattice.ADATOMS, around(lattice.ADATOMS)).min() == pytest.approx(7.68 * np.sqrt(3) / 2, abs=0.01)


def test_six_corner_adatoms_around_each_corner_hole() -> None:
    """And none of the twelve nearer than these."""
    to_hole = distances(np.zeros((1, 2)), around(lattice.ADATOMS))[0]
    np.testing.assert_allclose(to_hole[:6], 6.651, atol=0.001)
    assert to_hole[6] > 10.0


def test_rest_atoms_lie_between_three_adatoms() -> None:
    """Three in a half, each as far from a corner adatom as from two centre adatoms."""
    for corner, centre, rest in (lattice.FAULTED, lattice.UNFAULTED):
        assert len(rest) == 3
        near = distances(rest, np.concatenate([corner, centre]))
        np.testing.assert_allclose(near[:, :3], 7.68 / np.sqrt(3))
        assert near[:, 3].min() > 8.0


def test_the_unfaulted_half_is_the_other_one_turned() -> None:
    """By 180° about the middle of the cell; the two middles are where the halves' adatoms are."""
    for faulted, unfaulted in zip(lattice.FAULTED, lattice.UNFAULTED, strict=True):
        np.testing.assert_allclose(faulted + unfaulted, np.tile(lattice.CELL.sum(axis=0), (3, 1)))
    np.testing.assert_allclose(lattice.CENTRES[0], lattice.FAULTED[0].mean(axis=0))
    np.testing.assert_allclose(lattice.CENTRES[1], lattice.UNFAULTED[1].mean(axis=0))


def test_the_corners_of_a_half_are_corner_holes() -> None:
    """Of the faulted half as they are, of the unfaulted one the other way."""
    for half, sign in ((0, 1.0), (1, -1.0)):
        holes = lattice.in_cells(lattice.CENTRES[half] + sign * lattice.CORNERS)
        np.testing.assert_allclose(holes, holes.round(), atol=1e-9)
        assert len(np.unique(holes.round(), axis=0)) == 3


def test_half_cells_are_where_their_indices_say() -> None:
    """Each centre is in its own cell, and the other half's is across the short diagonal."""
    cells = np.array([[0, 0], [3, -2], [-5, 7]])
    for half in (0, 1):
        places = lattice.in_cells(lattice.half_centres(cells, [half] * 3))
        np.testing.assert_array_equal(np.floor(places).astype(int), cells)
        assert ((places - cells).sum(axis=1) < 1.0).all() == (half == 0)
