"""Drift found and taken back, on images displaced by the shift theorem and on the photoemission twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import fourier_shift, gaussian_filter

from analysis.streaming import Batch, Chain, ChainError, DarkFlat, Layout, Normalisation, Registration
from simulators.peem.presets import preset

Floats = NDArray[np.float64]


def smooth_image(seed: int, shape: tuple[int, int] = (96, 112), width: float = 3.0) -> Floats:
    """Smooth random structure, periodic, of 100 counts."""
    noise = np.random.default_rng(seed).normal(size=shape)
    image = gaussian_filter(noise, width, mode="wrap")
    return 100.0 + 30.0 * image / image.std()


def displaced(image: Floats, by: tuple[float, float]) -> Floats:
    """Displaced exactly, by the Fourier transform."""
    return np.fft.ifft2(fourier_shift(np.fft.fft2(image), by)).real


@given(st.floats(-6.0, 6.0), st.floats(-6.0, 6.0), st.booleans())
@settings(max_examples=20, deadline=None)
def test_displacements_are_found_whatever_the_contrast(dy: float, dx: float, inverted: bool) -> None:
    """To a fifth of a pixel at 100 counts, also when what was bright is dark."""
    rng = np.random.default_rng(1)
    image = smooth_image(0)
    moved = displaced(image, (dy, dx))
    moved = 200.0 - moved if inverted else moved
    step = Registration(largest=8.0)
    step.start(Layout((96, 112)))
    frames = rng.poisson(np.maximum([image, moved], 1.0))
    found = step.process(Batch(0, frames)).values["registration.displacement"]
    assert found[0].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(found[1], [dy, dx], atol=0.2)


@pytest.mark.parametrize("name", ["cu", "mn"])
def test_drift_between_energies_is_found_on_the_twin(name: str) -> None:
    """Frames are put back together to a tenth of a pixel, where they were several tenths apart."""
    made = preset(name, drift_time=40.0)
    stack = made.stack((160, 192), 0, np.linspace(*made.energies()[[0, -1]], 24))
    chain = Chain([DarkFlat(stack.dark, stack.flat), Registration(), Normalisation()])
    chain.start(Layout((160, 192)))
    for first in range(0, 24, 4):
        part = slice(first, first + 4)
        chain.process(Batch(first, stack.frames[part], stack.energies[part], stack.i0[part]))
    outcome = chain.stop()
    assert outcome.failures == ()
    truth = stack.truth.displacements - stack.truth.displacements[0]
    found = outcome.values["registration.displacement"]
    assert (found - truth).std(axis=0).max() < 0.1
    assert truth.std(axis=0).max() > 0.3
    assert outcome.results["registration"]["unclear"] == 0


def test_frames_without_structure_stay_where_the_last_one_was() -> None:
    """Nothing but noise, zeros, or NaN: not believed, counted, and no harm to the reference."""
    rng = np.random.default_rng(3)
    image = smooth_image(4)
    frames = np.array(
        [
            rng.poisson(image),
            rng.poisson(displaced(image, (2.0, -1.0))),
            np.full(image.shape, 50.0),
            np.zeros(image.shape),
            np.full(image.shape, np.nan),
            rng.poisson(displaced(image, (-1.0, 1.0))),
        ]
    )
    step = Registration(largest=5.0)
    step.start(Layout(image.shape))
    found = step.process(Batch(0, frames)).values["registration.displacement"]
    np.testing.assert_allclose(found[[1, 5]], [[2.0, -1.0], [-1.0, 1.0]], atol=0.12)
    np.testing.assert_array_equal(found[2:5], found[[1, 1, 1]])
    assert step.result()["unclear"] == 3


def test_tiny_frames_are_refused() -> None:
    """There is nothing to compare."""
    with pytest.raises(ChainError, match="too small"):
        Registration().start(Layout((8, 100)))
