"""What the controller makes of a surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulators.stm.recording import RecordingStyle, record

SILENT = RecordingStyle(
    noise=0.0, slow_noise=0.0, gain=(1.0, 1.0), line_noise=0.0, wander=0.0, hum=0.0, spikes=0.0, tilt=0.0, bow=0.0
)
SURFACE = np.random.default_rng(0).normal(size=(64, 96)).cumsum(axis=1)


def recorded(surface: np.ndarray, seed: int = 0, **changes: object) -> np.ndarray:
    """Record with a silent controller but for changes, its arbitrary zero taken away."""
    image = record(surface, 1.5, replace(SILENT, **changes), np.random.default_rng(seed)).astype(float)  # pyright: ignore
    return image - image.mean() + surface.mean()


def test_a_silent_fast_controller_records_the_surface() -> None:
    """But for the rounding to single precision."""
    np.testing.assert_allclose(recorded(SURFACE), SURFACE, atol=1e-4)


def test_a_slow_feedback_lags_along_the_line() -> None:
    """A step is approached exponentially, in the scan's direction only."""
    surface = np.zeros((4, 40))
    surface[:, 20:] = 1.0
    line = recorded(surface, gain=(0.5, 0.5))[0]
    line -= line[0]
    np.testing.assert_allclose(line[:20], 0.0, atol=1e-4)
    np.testing.assert_allclose(line[20:26], 1.0 - 0.5 ** np.arange(1, 7), atol=1e-4)


@pytest.mark.parametrize("gain", [0.3, 0.6, 1.0])
def test_the_noise_is_as_strong_as_it_says(gain: float) -> None:
    """Whatever the feedback's gain."""
    noise = recorded(np.zeros((256, 256)), noise=0.06, gain=(gain, gain))
    assert noise.std() == pytest.approx(0.06, rel=0.05)


def test_slow_noise_is_slow() -> None:
    """Neighbouring pixels have the same, half a line away hardly."""
    noise = recorded(np.zeros((256, 256)), slow_noise=0.05)
    assert noise.std() == pytest.approx(0.05, rel=0.15)
    flat = noise.ravel() - noise.mean()
    correlation = [np.mean(flat[:-lag] * flat[lag:]) / flat.var() for lag in (1, 64, 256)]
    assert correlation[0] > 0.95
    assert 0.2 < correlation[1] < 0.5
    assert abs(correlation[2]) < 0.1


def test_lines_have_offsets_of_their_own() -> None:
    """White ones, and a random walk."""
    offsets = recorded(np.zeros((400, 8)), line_noise=0.2).mean(axis=1)
    assert offsets.std() == pytest.approx(0.2, rel=0.15)
    walk = recorded(np.zeros((400, 8)), wander=0.1).mean(axis=1)
    assert np.diff(walk).std() == pytest.approx(0.1, rel=0.15)


def test_tilt_and_bow_are_smooth() -> None:
    """A paraboloid fits them to the last digit."""
    image = recorded(np.zeros((48, 64)), tilt=0.02, bow=1.0)
    y, x = np.mgrid[:48, :64] / 50.0
    terms = np.stack([x**0, x, y, x * y, x**2, y**2], axis=-1).reshape(-1, 6)
    left = image.ravel() - terms @ np.linalg.lstsq(terms, image.ravel(), rcond=None)[0]
    assert np.ptp(image) > 0.5
    assert np.abs(left).max() < 1e-3


def test_spikes_are_few_and_short() -> None:
    """As often as it says."""
    image = recorded(np.zeros((200, 200)), spikes=5.0)
    hit = np.abs(image - np.median(image)) > 0.3
    assert 5 < hit.sum() < 100
