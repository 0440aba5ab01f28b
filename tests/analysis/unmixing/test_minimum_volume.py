"""Factorisation of least volume."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from analysis.unmixing import NMF, MinimumVolumeNMF


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::sklearn.exceptions.SkipTestWarning"
)
@parametrize_with_checks([MinimumVolumeNMF()])
def test_scikit_learns_conventions(estimator: MinimumVolumeNMF, check: Callable[[object], None]) -> None:
    """All of scikit-learn's own checks of an estimator."""
    check(estimator)


def blends() -> tuple[np.ndarray, np.ndarray]:
    """Data on an offset, many on the faces of their simplex but none at its corners, and spectra."""
    rng = np.random.default_rng(0)
    axis = np.arange(60)
    H = np.array([np.exp(-0.5 * (axis - c) ** 2 / 25.0) for c in (15, 30, 45)]) + 0.3
    W = rng.dirichlet(np.ones(3), 4000)
    W = W[W.max(axis=1) < 0.8]
    return rng.poisson(500.0 * W @ H).astype(float), H


def test_it_finds_spectra_where_plain_nmf_cannot() -> None:
    """An offset common to all leaves plain NMF free; the tightest spectra are close to the true ones."""
    X, H = blends()

    def worst(model: NMF) -> float:
        return float(np.corrcoef(H, model.fit(X).components_)[:3, 3:].max(axis=1).min())

    found = worst(MinimumVolumeNMF(3))
    assert found > 0.97
    assert found > worst(NMF(3)) + 0.01


def test_more_weight_makes_less_volume() -> None:
    """Spectra move together as the weight rises."""
    X, _ = blends()

    def volume(weight: float) -> float:
        H = MinimumVolumeNMF(3, volume=weight).fit(X).components_
        return float(np.linalg.det(H @ H.T))

    assert volume(1e-2) < volume(1e-3) < volume(1e-4)
