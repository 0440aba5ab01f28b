"""Averaging of maps."""

from __future__ import annotations

import numpy as np

from analysis.unmixing.smoothing import WIDTHS, choose_width, smooth


def disc() -> np.ndarray:
    """A disc and what surrounds it, shape (2, 96, 96)."""
    y, x = np.mgrid[:96, :96]
    inside = 1.0 / (1.0 + np.exp((np.hypot(y - 48, x - 48) - 25.0) / 1.0))
    return np.array([inside, 1.0 - inside])


def test_the_width_with_the_least_error_is_chosen() -> None:
    """The estimate of the risk is right without the truth."""
    rng = np.random.default_rng(0)
    truth = disc()
    for deviation in (0.02, 0.1, 0.4):
        maps = truth + deviation * rng.normal(size=truth.shape)
        errors = [float(np.square(smooth(maps, width) - truth).mean()) for width in WIDTHS]
        chosen = errors[WIDTHS.index(choose_width(maps, np.full((2, 1, 1), deviation**2)))]
        assert chosen < 1.05 * min(errors)


def test_clean_maps_are_left_alone_and_noisy_ones_are_not() -> None:
    """The kernel grows with the noise."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=disc().shape)
    assert choose_width(disc(), np.zeros((2, 1, 1))) == 0.0
    widths = [choose_width(disc() + s * noise, np.full((2, 1, 1), s**2)) for s in (0.05, 0.2, 0.8)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_averages_keep_sums_and_precision() -> None:
    """A map's mean stays, and float32 stays float32."""
    maps = disc().astype(np.float32)
    out = smooth(maps, 1.0)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.sum(axis=0), 1.0, atol=1e-5)
    assert smooth(maps, 0.0) is maps
