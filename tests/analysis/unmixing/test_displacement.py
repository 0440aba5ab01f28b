"""Displacements of images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import fourier_shift, gaussian_filter

from analysis.unmixing.displacement import CLEAR, Correlator, shift_frame

Floats = NDArray[np.float64]


def smooth_image(seed: int, shape: tuple[int, int] = (96, 112), width: float = 3.0) -> Floats:
    """Smooth random structure, periodic, of 100 counts."""
    image = gaussian_filter(np.random.default_rng(seed).normal(size=shape), width, mode="wrap")
    return 100.0 + 30.0 * image / image.std()


def displaced(image: Floats, by: tuple[float, float]) -> Floats:
    """Displaced exactly, by the Fourier transform."""
    return np.fft.ifft2(fourier_shift(np.fft.fft2(image), by)).real


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
@settings(max_examples=20, deadline=None)
def test_shifting_is_exact_to_a_percent_inside(dy: float, dx: float) -> None:
    """Against the shift theorem, where the image is smooth; by whole pixels it is exact."""
    image = smooth_image(2)
    out = shift_frame(image.astype(np.float32), np.array([dy, dx]))
    inner = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(out[inner], displaced(image, (dy, dx))[inner], atol=1.0)
    whole = shift_frame(image.astype(np.float32), np.array([2.0, -3.0]))
    np.testing.assert_array_equal(whole[2:, :-3], image.astype(np.float32)[:-2, 3:])
    assert (whole[0] == whole[1]).all()


@pytest.mark.parametrize(("by", "inverted"), [((3.4, -1.3), False), ((-0.6, 2.25), True)])
def test_displacements_are_found(by: tuple[float, float], inverted: bool) -> None:
    """To a fraction of a pixel and clearly, whatever the contrast."""
    image, correlator = smooth_image(0), Correlator((96, 112), 8.0)
    moved = displaced(image, by)
    waves = [correlator.edges(one) for one in (image, 200.0 - moved if inverted else moved)]
    found, clear = correlator.displacement(waves[1], waves[0])
    np.testing.assert_allclose(found, by, atol=0.1)
    assert clear > CLEAR
    back, _ = correlator.displacement(correlator.moved(waves[1], -found), waves[0])
    np.testing.assert_allclose(back, 0.0, atol=0.05)


@pytest.mark.parametrize("shape", [(520, 611), (64, 80)])
def test_small_images_are_sums_of_pixels(shape: tuple[int, int]) -> None:
    """Of images of any type, and of several at once; what makes no whole pixel is left out."""
    frames = np.random.default_rng(0).integers(0, 60_000, (2, *shape)).astype(np.uint16)
    correlator = Correlator(shape)
    b = correlator.bin
    rows, columns = shape[0] // b, shape[1] // b
    wanted = frames[:, : rows * b, : columns * b].astype(float).reshape(2, rows, b, columns, b).sum(axis=(2, 4))
    np.testing.assert_allclose(correlator.small(frames), wanted, rtol=1e-6)
    np.testing.assert_array_equal(correlator.edges(frames[0]), correlator.edges_of_small(correlator.small(frames)[0]))
