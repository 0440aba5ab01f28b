"""Voigt lines and arctangent steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.special import voigt_profile

from simulators.peem.lines import DEVIATIONS, Line, Step, gaussian_part, pseudo_voigt

ENERGIES = np.linspace(-400.0, 400.0, 160001)


def full_width(energies: np.ndarray, values: np.ndarray) -> float:
    """Full width at half maximum of a single peak."""
    above = energies[values >= 0.5 * values.max()]
    return float(above[-1] - above[0])


@given(st.floats(0.3, 4.0), st.floats(0.05, 0.95))
def test_a_line_is_as_high_and_as_wide_as_it_says(width: float, share: float) -> None:
    """Whatever share of the width is the lifetime's."""
    line = Line(5.0, 2.5, width, share * width)
    energies = np.linspace(0.0, 10.0, 20001)
    values = line(energies)
    assert values.max() == pytest.approx(2.5)
    assert energies[values.argmax()] == pytest.approx(5.0, abs=1e-3)
    assert full_width(energies, values) == pytest.approx(width, rel=2e-3, abs=2e-3)


def test_broadening_keeps_the_area() -> None:
    """And makes the line lower."""
    line = Line(0.0, 1.0, 1.3, 0.5)
    sharp, broad = line(ENERGIES), line(ENERGIES, 2.0)
    assert trapezoid(broad, ENERGIES) == pytest.approx(trapezoid(sharp, ENERGIES), rel=1e-3)
    assert broad.max() < 0.7 * sharp.max()


def test_a_line_without_room_for_a_gaussian_is_a_lorentzian() -> None:
    """Its Gaussian part is 0, never imaginary."""
    assert gaussian_part(0.5, 0.5) == 0.0
    assert gaussian_part(0.5, 2.0) == 0.0
    assert gaussian_part(0.7, 0.0) == pytest.approx(0.7)


def test_a_step_is_the_arctangent() -> None:
    """Of height h: h (1/2 + arctan((E - E0)/w)/pi), to rounding."""
    step = Step(933.0, 0.4, 0.6)
    energies = np.linspace(920.0, 950.0, 301)
    expected = 0.4 * (0.5 + np.arctan((energies - 933.0) / 0.6) / np.pi)
    np.testing.assert_allclose(step(energies), expected, atol=1e-15)


@pytest.mark.parametrize("resolution", [0.3, 1.0, 3.0])
def test_a_broadened_step_is_the_convolved_arctangent(resolution: float) -> None:
    """To half a percent of its height, what the pseudo-Voigt line costs."""
    step = Step(0.0, 1.0, 0.6)
    energies = np.linspace(-8.0, 8.0, 81)
    offsets = np.linspace(-6.0 * resolution, 6.0 * resolution, 2001)
    kernel = np.exp(-0.5 * (offsets * DEVIATIONS / resolution) ** 2)
    convolved = (step(energies[:, None] - offsets) * kernel).sum(axis=1) / kernel.sum()
    np.testing.assert_allclose(step(energies, resolution), convolved, atol=5e-3)


@given(st.floats(0.01, 3.0), st.floats(0.01, 3.0))
def test_the_pseudo_voigt_line_is_as_wide_as_the_voigt_line(gaussian: float, lorentzian: float) -> None:
    """Its fraction lies between the two pure shapes."""
    width, fraction = pseudo_voigt(gaussian, lorentzian)
    half = voigt_profile(0.5 * width, gaussian / DEVIATIONS, 0.5 * lorentzian)
    assert half / voigt_profile(0.0, gaussian / DEVIATIONS, 0.5 * lorentzian) == pytest.approx(0.5, abs=4e-3)
    assert 0.0 <= fraction <= 1.0 + 1e-6
