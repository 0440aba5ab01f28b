"""The sample."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.diffractometer.film import COMPOSITION, TILT, TILTED_FRACTION, draw_film
from simulators.diffractometer.landscape import PRESETS, draw_landscape

GRID = np.linspace(0.0, 150.0, 31)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_tilted_material_follows_the_landscape_exactly(preset: str) -> None:
    """What an unmixing finds can be compared with the truth."""
    local = draw_film(preset, 5).at(GRID[None, :], GRID[:, None])
    np.testing.assert_allclose(
        local.tilted, TILTED_FRACTION * draw_landscape(preset, 5)(GRID[None, :], GRID[:, None]), rtol=1e-12
    )


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_fractions_are_fractions(preset: str) -> None:
    """None is negative; they add up to 1 unless grains overlap so much that the film bulges."""
    for seed in range(5):
        local = draw_film(preset, seed).at(GRID[None, :], GRID[:, None])
        fractions = np.stack([local.strained, local.relaxed, local.tilted])
        assert fractions.min() >= 0.0
        thin = local.tilted <= 0.9
        np.testing.assert_allclose(fractions.sum(axis=0)[thin], 1.0, rtol=1e-12)
        assert np.all((local.composition >= 0.0) & (local.composition <= 1.0))


def test_composition_and_tilt_vary_around_their_means() -> None:
    """Over many films; the spread is what makes the twin harder than a sum of four fixed patterns."""
    films = [draw_film("smooth", seed).at(GRID[None, ::6], GRID[::6, None]) for seed in range(60)]
    composition = np.stack([film.composition for film in films])
    tilt = np.stack([film.tilt for film in films])
    assert abs(composition.mean() - COMPOSITION) < 0.005
    assert 0.010 < composition.std() < 0.020
    assert abs(tilt.mean() - TILT) < 0.1 * TILT
    assert tilt.std() > np.deg2rad(0.02)


def test_a_seed_is_a_film() -> None:
    """The same seed gives the same film, another another, and the presets do not share one."""
    one, same, other = (draw_film("smooth", seed).at(GRID, GRID) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one.relaxed, same.relaxed)
    assert not np.allclose(one.relaxed, other.relaxed)
    assert not np.allclose(one.tilted, draw_film("source", 7).at(GRID, GRID).tilted)
