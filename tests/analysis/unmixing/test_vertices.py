"""The purest spectra of a stack."""

from __future__ import annotations

import numpy as np

from analysis.unmixing.compression import compress
from analysis.unmixing.vertices import find_vertices, make_cloud

SHAPE = (40, 50)


def image(dose: float = 100.0) -> tuple[np.ndarray, np.ndarray]:
    """Counts of an image with three pure fields and blurred borders, shape (y · x, m), and the spectra."""
    rng = np.random.default_rng(0)
    axis = np.arange(60)
    H = np.array([np.exp(-0.5 * (axis - c) ** 2 / 9.0) for c in (15, 30, 45)]) + 0.5
    H /= H.mean(axis=1, keepdims=True)
    x = np.arange(50)
    left, right = 1.0 / (1.0 + np.exp((x - 16.0) / 1.5)), 1.0 / (1.0 + np.exp((34.0 - x) / 1.5))
    W = np.tile(np.array([left, (1.0 - left) * (1.0 - right), (1.0 - left) * right]).T, (40, 1))
    return rng.poisson(dose * W @ H).astype(float), H


def test_corners_are_the_pure_spectra() -> None:
    """Every field's spectrum is found, free of noise."""
    X, H = image()
    found = find_vertices(make_cloud(compress(X, 10), 3, shape=SHAPE), 3)
    correlations = np.corrcoef(H, found)[:3, 3:]
    assert sorted(correlations.argmax(axis=1)) == [0, 1, 2]
    assert correlations.max(axis=1).min() > 0.998
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_settling_averages_noise_away() -> None:
    """The densest place nearby is nearer to the truth than the farthest pixels are."""
    X, H = image(20.0)
    cloud = make_cloud(compress(X, 10), 3)

    def worst(settle: bool) -> float:
        return float(np.corrcoef(H, find_vertices(cloud, 3, settle=settle))[:3, 3:].max(axis=1).min())

    assert worst(True) > worst(False)


def test_dark_pixels_have_no_say() -> None:
    """Pixels of a few counts are left out of the cloud."""
    X, _ = image()
    X[:500] *= 0.01
    cloud = make_cloud(compress(X, 10), 3)
    assert cloud.bright.min() == 500
    assert len(cloud.bright) == len(X) - 500


def test_factors_on_energies_change_noise_alone() -> None:
    """Corners of scaled data are spectra of the data."""
    X, H = image()
    scale = np.linspace(0.5, 2.0, 60)
    found = find_vertices(make_cloud(compress(X, 10, scale), 3, scale, SHAPE), 3)
    assert np.corrcoef(H, found)[:3, 3:].max(axis=1).min() > 0.998


def test_one_corner_is_the_mean_composition() -> None:
    """A single component is what all pixels have in common."""
    X, _ = image()
    found = find_vertices(make_cloud(compress(X, 10), 1), 1)
    assert np.corrcoef(found[0], X.mean(axis=0))[0, 1] > 0.99
