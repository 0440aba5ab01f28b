"""The density of states above the clean cell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from simulators.stm import lattice
from simulators.stm.density import DECAY, FLOOR, SAMPLES, Apex, adatom_heights, cell_density


def sites() -> np.ndarray:
    """Positions in the cell that the table is given at, Å."""
    steps = np.arange(SAMPLES) / SAMPLES
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1) @ lattice.CELL


def at(table: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values of a table nearest to points, Å."""
    indices = np.rint(lattice.in_cells(points) * SAMPLES).astype(int) % SAMPLES
    return table[indices[:, 0], indices[:, 1]]


@pytest.mark.parametrize("apex", [Apex(8.0), Apex(12.0, 1.4, 0.7)])
@pytest.mark.parametrize("bias", [-1.0, 0.3])
def test_the_table_is_the_sum_over_all_atoms(apex: Apex, bias: float) -> None:
    """Its Fourier series gives what adding up Gaussians one by one gives."""
    inverse, heights = np.linalg.inv(apex.covariance), adatom_heights(bias)
    places, total = sites()[::8, ::8], np.exp(DECAY * FLOOR)
    for half, parts in enumerate((lattice.FAULTED, lattice.UNFAULTED)):
        for kind, atoms in enumerate(parts):
            for i in range(-2, 3):
                for j in range(-2, 3):
                    away = places[:, :, None] - (atoms + [i, j] @ lattice.CELL)
                    squares = np.einsum("...i,ij,...j", away, inverse, away)
                    total = total + np.exp(DECAY * heights[half, kind] - 0.5 * squares).sum(axis=-1)
    np.testing.assert_allclose(cell_density(apex, bias)[::8, ::8], total, rtol=2e-4)


def test_a_sharp_tip_sees_twelve_adatoms_and_a_corner_hole() -> None:
    """Twelve tops where the adatoms are; the lowest place of the cell is the corner."""
    table = cell_density(Apex(8.0), 1.0)
    tops = np.argwhere(table == maximum_filter(table, 9, mode="wrap")) / SAMPLES
    assert len(tops) == 12
    away = np.abs(tops[:, None] - lattice.in_cells(lattice.ADATOMS)[None])
    assert np.minimum(away, 1.0 - away).max(axis=-1).min(axis=1).max() < 0.02
    assert table[0, 0] == table.min()
    bottoms = np.sort(np.log(table[table == minimum_filter(table, 9, mode="wrap")]) / DECAY)
    assert bottoms[1] - bottoms[0] > 0.3


def test_the_faulted_half_is_brighter_at_negative_bias_only() -> None:
    """By some tenths of an ångström at −1 V, and hardly at +1 V; corner adatoms stand out at −1 V."""
    height = {bias: np.log(cell_density(Apex(8.0), bias)) / DECAY for bias in (-1.0, 1.0)}
    tops = {bias: at(height[bias], lattice.ADATOMS).reshape(4, 3).mean(axis=1) for bias in height}
    corner, centre, other_corner, other_centre = tops[-1.0]
    assert 0.1 < 0.5 * (corner + centre - other_corner - other_centre) < 0.35
    assert 0.05 < corner - centre < 0.3
    assert np.ptp(tops[1.0]) < 0.1


def test_rest_atoms_show_at_negative_bias() -> None:
    """Relative to the adatoms around them."""
    rest = np.concatenate([lattice.FAULTED[2], lattice.UNFAULTED[2]])
    depth = {}
    for bias in (-1.0, 1.0):
        height = np.log(cell_density(Apex(7.0), bias)) / DECAY
        depth[bias] = at(height, lattice.ADATOMS).mean() - at(height, rest).mean()
    assert depth[1.0] - depth[-1.0] > 0.1


def test_a_blunt_tip_sees_less() -> None:
    """The corrugation falls with the radius, from about half an ångström to below a tenth."""
    spread = [float(np.std(np.log(cell_density(Apex(radius), 1.0)) / DECAY)) for radius in (7.0, 9.0, 12.0, 16.0)]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] > 0.3
    assert 0.03 < spread[-1] < 0.1
