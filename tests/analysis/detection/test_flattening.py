"""Flattening: exact on what it fits, and not disturbed by what lies on the surface."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.detection.flattening import (
    align_lines,
    flatten,
    subtract_plane,
    subtract_polynomial,
    without_bow,
)

Floats = NDArray[np.float64]

SHAPE = (96, 128)
Y, X = np.meshgrid(np.linspace(-1, 1, SHAPE[0]), np.linspace(-1, 1, SHAPE[1]), indexing="ij")


def corrugated(seed: int = 0, noise: float = 0.05) -> Floats:
    """A surface whose corrugation has no trend: what flattening should give back."""
    surface = 0.2 * np.sin(2 * np.pi * 12.3 * X) * np.sin(2 * np.pi * 9.1 * Y)
    return surface + noise * np.random.default_rng(seed).normal(size=SHAPE)


def background(seed: int) -> Floats:
    """Tilt, bow and an offset for every line."""
    rng = np.random.default_rng(seed)
    tilt, bow = rng.normal(0, 8, 2), rng.normal(0, 2, 3)
    offsets = 0.3 * rng.normal(size=SHAPE[0]) + np.cumsum(0.1 * rng.normal(size=SHAPE[0]))
    return 57 + tilt[0] * X + tilt[1] * Y + bow[0] * X**2 + bow[1] * Y**2 + bow[2] * X * Y + offsets[:, None]


@given(st.integers(0, 5), st.integers(0, 1000))
def test_a_polynomial_is_removed_exactly(degree: int, seed: int) -> None:
    """A polynomial is removed exactly."""
    rng = np.random.default_rng(seed)
    image = sum(rng.normal() * X**i * Y**j for i in range(degree + 1) for j in range(degree + 1 - i)) + np.zeros(SHAPE)
    assert np.abs(subtract_polynomial(image, degree)).max() < 1e-9


def test_the_fit_is_that_of_least_squares() -> None:
    """The fit is that of least squares."""
    image = corrugated(3) + background(3)
    terms = np.stack([X**0, X, Y, X * Y, X**2, Y**2], axis=-1).reshape(-1, 6)
    best = image.ravel() - terms @ np.linalg.lstsq(terms, image.ravel(), rcond=None)[0]
    np.testing.assert_allclose(subtract_polynomial(image, 2).ravel(), best, atol=1e-9)


def test_missing_values_do_not_count_in_the_fit() -> None:
    """Missing values do not count in the fit."""
    image = corrugated(4) + 3 * X - Y
    image[10:20, 30:90] = np.nan
    use = np.isfinite(image)
    terms = np.stack([X**0, X, Y], axis=-1)[use]
    best = image[use] - terms @ np.linalg.lstsq(terms, image[use], rcond=None)[0]
    flat = subtract_plane(image)
    np.testing.assert_allclose(flat[use], best, atol=1e-9)
    assert np.isnan(flat[~use]).all()


@pytest.mark.parametrize("seed", range(4))
def test_what_scanner_and_controller_added_is_taken_away(seed: int) -> None:
    """What scanner and controller added is taken away."""
    surface = corrugated(seed)
    flat = flatten(surface + background(seed))
    left = flat - surface
    assert np.std(left) < 0.04
    assert np.corrcoef(flat.ravel(), surface.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("seed", range(4))
def test_clusters_and_steps_leave_the_main_terrace_flat(seed: int) -> None:
    """Clusters and steps leave the main terrace flat."""
    surface, rng = corrugated(seed), np.random.default_rng(seed + 50)
    lower = 1.1 + 0.2 * seed < 2.2 * X + Y
    things = np.zeros(SHAPE)
    for row, column in zip(rng.integers(4, 90, 25), rng.integers(4, 120, 25), strict=True):
        things[row - 3 : row + 4, column - 3 : column + 4] = rng.uniform(0.8, 2.0)
    flat = flatten(surface - 3.14 * lower + things + background(seed))
    terrace, below = ~lower & (things == 0), lower & (things == 0)
    assert abs(np.median(flat[terrace])) < 0.05
    assert np.std((flat - surface)[terrace]) < 0.08
    assert np.median(flat[below]) == pytest.approx(-3.14, abs=0.15)


def test_plain_line_medians_are_disturbed_by_a_step_where_flatten_is_not() -> None:
    """Plain line medians are disturbed by a step where flatten is not."""
    surface = corrugated(1)
    lower = X + Y > 0.2
    flat, plain = flatten(surface - 3.14 * lower), align_lines(surface - 3.14 * lower, "median")
    assert np.std((flat - surface)[~lower]) < 0.08 < 0.5 < np.std((plain - surface)[~lower])


@given(st.floats(0.01, 1e4), st.floats(-1e4, 1e4))
def test_the_unit_and_the_zero_do_not_matter(unit: float, zero: float) -> None:
    """The unit and the zero do not matter."""
    image = corrugated(2) + background(2)
    np.testing.assert_allclose(flatten(unit * image + zero), unit * flatten(image), atol=unit * 1e-6)


def test_lines_not_yet_scanned_change_nothing() -> None:
    """Lines not yet scanned change nothing."""
    image = corrugated(5) + background(5)
    partial = image.copy()
    partial[60:] = np.nan
    flat = flatten(partial)
    np.testing.assert_allclose(flat[:60], flatten(image[:60]), atol=0.05)
    assert np.isnan(flat[60:]).all()


def test_aligned_lines_have_equal_medians() -> None:
    """Aligned lines have equal medians."""
    image = align_lines(corrugated(6) + background(6), "median")
    np.testing.assert_allclose(np.median(image, axis=1), 0.0, atol=1e-12)


def test_aligned_by_differences_a_step_keeps_its_height() -> None:
    """Aligned by differences a step keeps its height."""
    image = np.zeros(SHAPE)
    image[40:] = -3.14  # most lines on either side agree with their neighbours, one pair does not
    image[40:, :30] = 0.0
    offsets = np.random.default_rng(1).normal(size=(SHAPE[0], 1))
    aligned = align_lines(image + offsets, "difference")
    np.testing.assert_allclose(np.ptp(aligned[:40], axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(np.ptp(aligned[40:], axis=0), 0.0, atol=1e-9)


def test_the_bow_is_read_off_the_slopes() -> None:
    """The bow is read off the slopes."""
    steps = -3.14 * (X + 0.3 * Y > 0.4)
    left = without_bow(steps + 2 * X**2 - 3 * X) - steps
    assert np.ptp(left) < 0.002


def test_images_with_nothing_in_them_come_back() -> None:
    """Images with nothing in them come back."""
    assert np.isnan(flatten(np.full((20, 30), np.nan))).all()
    np.testing.assert_allclose(flatten(np.full((20, 30), 7.0)), 0.0, atol=1e-9)
    assert flatten(np.ones((1, 1))).shape == (1, 1)
    assert flatten(np.full((2, 3), np.inf)).shape == (2, 3)


@pytest.mark.parametrize("call", [flatten, align_lines, subtract_plane, without_bow])
def test_what_is_no_image_is_refused(call: Callable[..., object]) -> None:
    """What is no image is refused."""
    with pytest.raises(ValueError, match="rows and columns"):
        call(np.zeros(5))


def test_unknown_ways_are_refused() -> None:
    """Unknown ways are refused."""
    with pytest.raises(ValueError, match="'median' or 'difference'"):
        align_lines(np.zeros((3, 3)), "mode")
    with pytest.raises(ValueError, match="0 to 5"):
        subtract_polynomial(np.zeros((3, 3)), 6)
