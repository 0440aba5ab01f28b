"""What sits where on a surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulators.stm.contents import BRIGHT, HOLE, VACANCY
from simulators.stm.lattice import CELL, CELL_AREA, CENTRES, in_cells
from simulators.stm.surface import Surface, SurfaceStyle

FLAT = SurfaceStyle(terrace_width=np.inf, coverage_spread=0.0)
LOW, HIGH = np.array([-4000.0, -3000.0]), np.array([4000.0, 3000.0])
HALVES = 2.0 * float(np.prod(HIGH - LOW)) / CELL_AREA


def test_clusters_are_as_many_and_as_unequal_as_they_should_be() -> None:
    """Coverage, the classes' imbalance, and the preference for faulted halves."""
    contents = Surface(FLAT, 1).contents(LOW, HIGH)
    clusters = contents.select(contents.clusters)
    assert len(clusters.kinds) / HALVES == pytest.approx(FLAT.coverage, rel=0.03)
    fractions = np.bincount(clusters.kinds, minlength=6) / len(clusters.kinds)
    np.testing.assert_allclose(fractions, FLAT.fractions, atol=0.012)
    assert fractions[4:].max() < 0.05 < fractions[:4].min()
    assert np.mean(clusters.halves == 0) == pytest.approx(0.75, abs=0.02)


def test_confusers_are_as_many_as_they_should_be() -> None:
    """And look as their names say: a vacancy lacks an adatom, a hole most of them."""
    contents = Surface(FLAT, 2).contents(LOW, HIGH)
    for kind, expected in ((VACANCY, FLAT.vacancies), (HOLE, 0.006), (BRIGHT, 0.006)):
        assert np.mean(contents.kinds == kind) * len(contents.kinds) / HALVES == pytest.approx(expected, rel=0.1)
    assert contents.missing[contents.kinds == VACANCY].any(axis=1).all()
    assert contents.missing[contents.kinds == HOLE].sum(axis=1).mean() == pytest.approx(4.5, abs=0.2)
    plain = contents.missing[contents.clusters]
    assert plain.mean() == pytest.approx(0.006, rel=0.3)


def test_everything_sits_in_the_middle_of_a_half_cell() -> None:
    """One thing in each at the most."""
    surface = Surface(FLAT, 3)
    contents = surface.contents(LOW, HIGH)
    cells = in_cells(contents.centres - surface.stairs.offset(0) - CENTRES[contents.halves])
    np.testing.assert_allclose(cells, cells.round(), atol=1e-6)
    keys = np.column_stack([cells.round(), contents.halves])
    assert len(np.unique(keys, axis=0)) == len(keys)


@pytest.mark.parametrize("width", [np.inf, 900.0])
def test_what_one_sees_does_not_depend_on_where_one_looks_from(width: float) -> None:
    """Every part of a rectangle holds what the whole holds there, in every detail."""
    surface = Surface(replace(FLAT, terrace_width=width), 5)
    whole = surface.contents(LOW, HIGH)
    for low in (np.array([-1000.0, -2000.0]), np.array([1234.5, 77.0])):
        high = low + np.array([700.0, 900.0])
        inside = whole.select(((whole.centres >= low) & (whole.centres < high)).all(axis=1))
        part = surface.contents(low, high)
        orders = [np.lexsort(np.column_stack([found.centres, found.halves]).round(3).T) for found in (inside, part)]
        for name in ("kinds", "centres", "halves", "missing", "variates"):
            np.testing.assert_allclose(getattr(inside, name)[orders[0]], getattr(part, name)[orders[1]])


def test_nothing_sits_in_half_cells_that_a_step_cuts() -> None:
    """And each terrace has a lattice of its own."""
    surface = Surface(replace(FLAT, terrace_width=700.0), 6)
    contents = surface.contents(LOW, HIGH)
    number, _, clearance = surface.stairs.terraces(contents.centres)
    assert clearance.min() > 15.0
    assert len(np.unique(number)) > 5
    for terrace in np.unique(number):
        chosen = number == terrace
        cells = in_cells(contents.centres[chosen] - surface.stairs.offset(terrace) - CENTRES[contents.halves[chosen]])
        np.testing.assert_allclose(cells, cells.round(), atol=1e-6)


def test_the_coverage_changes_from_place_to_place() -> None:
    """Patches of a given size, around the same mean over many surfaces."""
    style = replace(FLAT, coverage_spread=0.5, patchiness=1000.0)
    places = np.random.default_rng(0).uniform(-20_000, 20_000, (400, 2))
    maps = np.array([Surface(style, seed).coverage(places) for seed in range(60)])
    assert maps.mean() == pytest.approx(FLAT.coverage, rel=0.1)
    assert np.log(maps).std() == pytest.approx(0.5, rel=0.15)
    near, far = (Surface(style, 1).coverage(places + shift) for shift in ([50.0, 0.0], [9000.0, 0.0]))
    here = Surface(style, 1).coverage(places)
    assert np.corrcoef(here, near)[0, 1] > 0.99
    assert abs(np.corrcoef(here, far)[0, 1]) < 0.5


def test_another_seed_is_another_surface() -> None:
    """With other clusters."""
    kinds = [Surface(FLAT, seed).contents(LOW / 8, HIGH / 8).kinds.tolist() for seed in (1, 1, 2)]
    assert kinds[0] == kinds[1] != kinds[2]


def test_an_empty_rectangle_is_empty() -> None:
    """No half-cell has its middle in a square ångström away from all of them."""
    hole = CELL.sum(axis=0) * 40.0 + Surface(FLAT, 1).stairs.offset(0)
    assert len(Surface(FLAT, 1).contents(hole - 0.5, hole + 0.5).kinds) == 0
