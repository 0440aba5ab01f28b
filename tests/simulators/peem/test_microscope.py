"""Blur, drift and illumination."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.errors import SimulatorError
from simulators.peem.microscope import Drift, View, illumination


def spot(shape: tuple[int, int], y: float, x: float, width: float) -> np.ndarray:
    """A Gaussian spot of height 1."""
    rows, columns = (np.arange(length) for length in shape)
    return np.exp(-0.5 * ((rows[:, None] - y) ** 2 + (columns[None, :] - x) ** 2) / width**2)


@settings(max_examples=25, deadline=None)
@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_a_displaced_image_is_the_sample_elsewhere(dy: float, dx: float) -> None:
    """By fractions of a pixel too: a spot is found where it was sent, and can be brought back."""
    shape, width, blur = (40, 46), 2.0, 0.8
    view = View.through(spot(shape, 20.0, 22.0, width)[None], 0, blur, 6)
    total = np.hypot(width, blur)
    expected = (width / total) ** 2 * spot(shape, 20.0 + dy, 22.0 + dx, total)
    np.testing.assert_allclose(view.image([1.0], (dy, dx)), expected, atol=2e-4)


def test_images_add_up_and_blur_keeps_them() -> None:
    """Weights mix the components' images; an even sample stays even to its very edge, wherever it is."""
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(3, 34, 28))
    view = View.through(images, 2, 0.8, 3)
    assert view.images.shape == (3, 30, 24)
    np.testing.assert_allclose(
        view.image([1.0, 2.0, 0.5], (0, 0)), np.tensordot([1, 2, 0.5], view.images, 1), atol=1e-12
    )
    even = View.through(np.full((1, 17, 23), 4.0), 0, 1.5, 4)
    np.testing.assert_allclose(even.image([1.0], (3.3, -2.7)), 4.0, atol=1e-9)


def test_no_blur_is_the_sample_itself() -> None:
    """Without blur and drift the pixels are as they were."""
    images = np.random.default_rng(1).uniform(size=(2, 9, 13))
    np.testing.assert_allclose(View.through(images, 0, 0.0, 0).images, images, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 5.0))
def test_drift_begins_at_0_and_is_bounded(seed: int, deviation: float) -> None:
    """However long it goes on, and it is smooth."""
    drift = Drift.draw(seed, deviation, 200.0)
    np.testing.assert_array_equal(drift(0.0), [0.0, 0.0])
    path = drift(np.linspace(0.0, 1e5, 5001))
    assert path.shape == (5001, 2)
    assert np.abs(path).max() <= Drift.bound(deviation) + 1e-9
    assert np.abs(drift(2.5) - drift(0.0)).max() <= 0.3 * deviation + 1e-12


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.0, 0.95), st.integers(0, 2**31))
def test_illumination_has_mean_1(rows: int, columns: int, shading: float, seed: int) -> None:
    """And is positive everywhere; without shading it is even."""
    light = illumination((rows, columns), shading, seed)
    assert light.shape == (rows, columns)
    assert light.min() > 0.0
    assert light.mean() == pytest.approx(1.0)
    if shading == 0.0:
        np.testing.assert_allclose(light, 1.0)


def test_shading_is_as_deep_as_it_says() -> None:
    """From the brightest pixel to the darkest corner; out of range it is refused."""
    light = illumination((200, 240), 0.4, 5)
    assert light.min() / light.max() == pytest.approx(0.6, abs=0.08)
    with pytest.raises(SimulatorError, match="shading"):
        illumination((4, 4), 1.0, 0)
