"""Steps."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.stm.terraces import KINK, Staircase

STAIRS = Staircase(seed=4, width=600.0, angle=0.4)


def grid(side: float, count: int = 160) -> np.ndarray:
    """Points of a square around the origin, Å."""
    line = np.linspace(-side / 2, side / 2, count)
    return np.stack(np.meshgrid(line, line), axis=-1)


def test_steps_go_down_by_a_bilayer() -> None:
    """Far from the steps the height is a whole number of steps, one per terrace."""
    number, height, clearance = STAIRS.terraces(grid(3000.0))
    away = clearance > 15.0
    assert len(np.unique(number)) >= 5
    np.testing.assert_allclose(height[away], -3.14 * number[away], atol=0.01)
    down, _ = STAIRS.along(grid(3000.0))
    assert (np.diff(height[away][np.argsort(down[away])][::40]) < 3.5).all()
    assert np.corrcoef(down.ravel(), number.ravel())[0, 1] > 0.95


def test_terraces_are_as_wide_as_they_should_be() -> None:
    """On average over many."""
    line = np.stack([np.linspace(0, 60_000, 4000) * np.cos(0.4), np.linspace(0, 60_000, 4000) * np.sin(0.4)], axis=-1)
    number = STAIRS.terraces(line)[0]
    assert np.ptp(number) == pytest.approx(100, abs=1)
    assert (np.diff(number) >= 0).all()


def test_what_one_sees_does_not_depend_on_how_much_one_looks_at() -> None:
    """A small field of a large one shows the same steps."""
    points = grid(2000.0)
    large, small = STAIRS.terraces(points), STAIRS.terraces(points[60:90, 40:70])
    np.testing.assert_array_equal(large[0][60:90, 40:70], small[0])
    np.testing.assert_allclose(large[1][60:90, 40:70], small[1], atol=1e-6)


def test_every_terrace_lies_within_its_band() -> None:
    """So nothing is drawn that cannot be there, and nothing is forgotten."""
    points = grid(4000.0)
    down, _ = STAIRS.along(points)
    number = STAIRS.terraces(points)[0]
    for terrace in np.unique(number):
        low, high = STAIRS.band(int(terrace))
        assert low <= down[number == terrace].min()
        assert down[number == terrace].max() <= high


def test_steps_have_kinks() -> None:
    """They run straight along the rows of cells, and go over by whole rows."""
    across = np.linspace(0.0, 20_000.0, 8000)
    course = STAIRS.course(2, across)
    rows = (course - course.min()) / KINK
    on_row = np.abs(rows - rows.round()) < 0.06
    assert on_row.mean() > 0.7
    assert len(np.unique(rows[on_row].round())) >= 3


def test_a_surface_without_steps_is_one_terrace() -> None:
    """Everywhere."""
    number, height, clearance = Staircase(1, np.inf).terraces(grid(1e5))
    assert (number == 0).all()
    assert (height == 0).all()
    assert np.isinf(clearance).all()


def test_decorations_lie_at_the_foot_of_steps() -> None:
    """Within some ångströms on the lower side."""
    points = STAIRS.decorations(np.array([-3000.0, -3000.0]), np.array([3000.0, 3000.0]))
    assert len(points) > 30
    number, _, clearance = STAIRS.terraces(points)
    assert clearance.max() < 8.0
    before = STAIRS.terraces(points - 9.0 * np.array([np.cos(0.4), np.sin(0.4)]))[0]
    assert np.mean(number == before + 1) > 0.9
