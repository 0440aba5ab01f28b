"""The beam."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulators.diffractometer.beam import Beam, footprint

BEAM = Beam.draw(1, flux=1e9, start=1000.0, lifetime=36000.0, top_up=300.0, fluctuation=0.005)


def test_ring_current_decays_and_is_topped_up() -> None:
    """Exponential from 100 mA, full again after each refill."""
    assert BEAM.ring_current(1000.0) == 100.0
    assert BEAM.ring_current(1299.0) == pytest.approx(100.0 * np.exp(-299.0 / 36000.0))
    assert BEAM.ring_current(1300.0) == 100.0


def test_without_top_up_it_decays_for_hours() -> None:
    """A refill that is far away leaves the plain exponential."""
    beam = replace(BEAM, top_up=1e9)
    assert beam.ring_current(1000.0 + 36000.0) == pytest.approx(100.0 / np.e)


def test_intensity_follows_the_current_and_fluctuates() -> None:
    """The fluctuation has the deviation asked for, and stands still within a second."""
    steady = Beam.draw(1, flux=1e9, start=1000.0, fluctuation=0.0)
    assert steady.intensity(1150.0) == pytest.approx(1e9 * steady.ring_current(1150.0) / 100.0)
    times = 1000.0 + 37.0 * np.arange(3000)
    ratio = np.array([BEAM.intensity(t) / steady.intensity(t) for t in times])
    assert ratio.std() == pytest.approx(0.005, rel=0.25)
    assert abs(BEAM.intensity(1100.0) / BEAM.intensity(1101.0) - 1.0) < 0.001


def test_a_seed_is_a_beam() -> None:
    """The same seed fluctuates the same way."""
    again = Beam.draw(1, flux=1e9, start=1000.0)
    assert again.intensity(1234.5) == BEAM.intensity(1234.5)
    assert Beam.draw(2, flux=1e9, start=1000.0).intensity(1234.5) != BEAM.intensity(1234.5)


def test_footprint_averages_a_gaussian_beam() -> None:
    """Exact for polynomials: weights sum to 1, variance σ² per axis, σ = width / 2.3548."""
    x, y, weights = footprint(1.0)
    sigma = 1.0 / 2.354820045
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ x == pytest.approx(0.0, abs=1e-15)
    assert weights @ x**2 == pytest.approx(sigma**2)
    assert weights @ y**4 == pytest.approx(3.0 * sigma**4)
    assert weights @ (x * y) == pytest.approx(0.0, abs=1e-15)
