"""Starts of a factorisation."""

from __future__ import annotations

import numpy as np

from analysis.unmixing.compression import compress
from analysis.unmixing.initial import pick_spectra, random_components, svd_components


def cloud() -> tuple[np.ndarray, np.ndarray]:
    """Spectra and their mixtures of three, the pure ones among them."""
    rng = np.random.default_rng(0)
    H = np.array([np.exp(-0.5 * (np.arange(50) - c) ** 2 / 16.0) for c in (10, 25, 40)]) + 0.05
    W = rng.dirichlet(np.ones(3), 1000) * rng.uniform(50.0, 150.0, (1000, 1))
    W[:30] = 100.0 * np.repeat(np.eye(3), 10, axis=0)
    return rng.poisson(20.0 * W @ H) / 20.0, H


def test_picked_spectra_are_the_pure_ones() -> None:
    """Each corner of the cloud is found, and is averaged over a neighbourhood."""
    X, H = cloud()
    found, places = pick_spectra(compress(X, 6), 3)
    correlations = np.corrcoef(H, found)[:3, 3:]
    assert sorted(correlations.argmax(axis=1)) == [0, 1, 2]
    assert correlations.max(axis=1).min() > 0.98
    assert len(set(places)) == 3


def test_all_starts_are_non_negative_and_alive() -> None:
    """No component starts from zeros, not even beyond the data's rank."""
    X, _ = cloud()
    data = compress(X, 6)
    poor = compress(np.outer(np.arange(1.0, 60.0), np.ones(20)), 4)
    for start in (svd_components(data, 5), random_components(data, 5, 1), pick_spectra(data, 5)[0]):
        assert start.shape == (5, 50)
        assert (start >= 0.0).all()
        assert start.any(axis=1).all()
    for start in (svd_components(poor, 3), random_components(poor, 3, 1), pick_spectra(poor, 3)[0]):
        assert np.isfinite(start).all()
        assert start.any(axis=1).all()


def test_random_starts_differ_by_seed_alone() -> None:
    """The same seed, the same start."""
    X, _ = cloud()
    data = compress(X, 6)
    np.testing.assert_array_equal(random_components(data, 3, 7), random_components(data, 3, 7))
    assert not np.allclose(random_components(data, 3, 7), random_components(data, 3, 8))
