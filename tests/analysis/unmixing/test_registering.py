"""Drift of a stack that is read in bands."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import fourier_shift, gaussian_filter

from analysis.unmixing.registering import DriftFinder

Floats = NDArray[np.float64]
SHAPE = (72, 80)


def image(seed: int = 0) -> Floats:
    """Smooth random structure of 100 counts, periodic."""
    structure = gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), 2.5, mode="wrap")
    return np.maximum(100.0 + 35.0 * structure / structure.std(), 5.0)


def stack(displacements: Floats, seed: int = 0) -> Floats:
    """Counted frames of one image, each displaced by the shift theorem; every other one with inverted contrast."""
    waves, rng = np.fft.fft2(image(seed)), np.random.default_rng(seed)
    frames = np.array([np.fft.ifft2(fourier_shift(waves, tuple(by))).real for by in displacements])
    frames[1::2] = 200.0 - frames[1::2]
    return rng.poisson(np.maximum(frames, 1.0)).astype(float)


def found(frames: Floats, rows: int = 1000) -> Floats:
    """What the finder says of frames that come in bands."""
    finder = DriftFinder((len(frames), *SHAPE))
    for start in range(0, SHAPE[0], rows):
        finder.take_in(frames[:, start : start + rows])
    return finder.displacements()


def wandering(count: int = 24) -> Floats:
    """A slow drift of a few pixels."""
    time = np.linspace(0.0, 1.0, count)
    return np.column_stack([2.5 * time**2, -1.8 * np.sin(2.0 * time)])


def test_a_slow_drift_is_found_to_a_tenth_of_a_pixel() -> None:
    """Against the first frames, whatever the contrast."""
    true = wandering()
    error = found(stack(true)) - (true - np.median(true[:5], axis=0))
    assert np.sqrt((error**2).mean()) < 0.1


def test_bands_change_nothing() -> None:
    """The small images are the same, however many rows come at a time."""
    frames = stack(wandering(8))
    np.testing.assert_array_equal(found(frames, rows=10), found(frames))


def test_frames_that_jump_about_are_put_back_too() -> None:
    """Displacements of more than the error of finding them count, though they lead nowhere."""
    true = np.random.default_rng(3).normal(0.0, 0.8, (16, 2))
    error = found(stack(true)) - (true - np.median(true[:5], axis=0))
    assert np.sqrt((error**2).mean()) < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_what_stands_still_is_left_alone(seed: int) -> None:
    """The error of finding displacements is no drift."""
    assert not found(stack(np.zeros((16, 2)), seed)).any()


def test_noise_alone_does_not_drift() -> None:
    """Nothing is clear in it."""
    frames = np.random.default_rng(0).poisson(100.0, (12, *SHAPE)).astype(float)
    assert not found(frames).any()


def test_frames_that_show_nothing_keep_the_place_of_the_one_before() -> None:
    """Zeros, and values that are not finite; before the first one, its own."""
    true = wandering(16)
    frames = stack(true)
    frames[0], frames[9], frames[10, 3, 3] = 0.0, 0.0, np.nan
    displacements = found(frames)
    np.testing.assert_array_equal(displacements[0], displacements[1])
    np.testing.assert_array_equal(displacements[9], displacements[8])
    np.testing.assert_array_equal(displacements[10], displacements[8])
    assert displacements[-1] == pytest.approx(true[-1] - np.median(true[1:6], axis=0), abs=0.15)


def test_images_too_small_and_single_frames_stand_still() -> None:
    """They are no error."""
    for shape in ((5, 8, 8), (1, 32, 32)):
        finder = DriftFinder(shape)
        finder.take_in(np.random.default_rng(0).uniform(size=shape))
        np.testing.assert_array_equal(finder.displacements(), np.zeros((shape[0], 2)))
