"""Counts."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.errors import SimulatorError
from simulators.peem.camera import Camera

SHAPE = (200, 220)


def frame(camera: Camera, events: float, seed: int = 0) -> np.ndarray:
    """One frame of 2 s with the same expectation everywhere."""
    return camera.record(np.full(SHAPE, events), 2.0, np.random.default_rng(seed))


@pytest.mark.parametrize("events", [0.05, 3.0, 100.0, 5000.0])
def test_counts_are_poisson_distributed(events: float) -> None:
    """Mean and variance are the expected electrons, within five standard errors."""
    counts = frame(Camera.draw(SHAPE, 0, dark_rate=0.0), events).astype(float)
    error = np.sqrt(events / counts.size)
    assert abs(counts.mean() - events) < 5.0 * error
    assert abs(counts.var() - events) < 5.0 * np.sqrt((2.0 * events**2 + events) / counts.size)


def test_gain_multiplies_mean_and_noise() -> None:
    """The variance is the gain times the mean, which tells the gain."""
    counts = frame(Camera.draw(SHAPE, 0, dark_rate=0.0, gain=4.0), 50.0).astype(float)
    assert counts.mean() == pytest.approx(200.0, rel=0.01)
    assert counts.var() / counts.mean() == pytest.approx(4.0, rel=0.05)
    assert set(np.unique(counts % 4.0)) == {0.0}


def test_dark_counts_come_without_light() -> None:
    """Their rate times the exposure, with a pattern that stays."""
    camera = Camera.draw(SHAPE, 7, dark_rate=3.0)
    dark = np.mean([frame(camera, 0.0, seed) for seed in range(40)], axis=0)
    assert dark.mean() == pytest.approx(6.0, rel=0.01)
    assert np.corrcoef(dark.ravel(), camera.dark_rate.ravel())[0, 1] > 0.7
    assert not frame(Camera.draw(SHAPE, 7, dark_rate=0.0), 0.0).any()


def test_bright_pixels_saturate() -> None:
    """At the camera's largest value, never beyond it and never around the corner."""
    camera = Camera.draw(SHAPE, 0, saturation=4095)
    bright = frame(camera, 1e6)
    assert bright.dtype == np.uint16
    assert (bright == 4095).all()
    assert frame(Camera.draw(SHAPE, 0), 1e6).min() == 65535
    part = frame(camera, 4095.0)
    assert 0.3 < np.mean(part == 4095) < 0.7
    assert part.max() == 4095


def test_a_seed_is_a_camera() -> None:
    """The same pattern again, and another one with another seed."""
    one, same, other = (Camera.draw(SHAPE, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.dark_rate, same.dark_rate)
    assert not np.array_equal(one.dark_rate, other.dark_rate)


def test_impossible_cameras_are_refused() -> None:
    """Each with what is wrong."""
    with pytest.raises(SimulatorError, match="gain"):
        Camera.draw(SHAPE, 0, gain=0.0)
    with pytest.raises(SimulatorError, match="cannot saturate"):
        Camera.draw(SHAPE, 0, dtype="uint8", saturation=4095)
