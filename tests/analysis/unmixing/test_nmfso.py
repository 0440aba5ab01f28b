"""Factorisation with soft orthogonality of the maps."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from analysis.unmixing import NMF, NMFSO
from analysis.unmixing.nmfso import map_overlap


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::sklearn.exceptions.SkipTestWarning"
)
@parametrize_with_checks([NMFSO()])
def test_scikit_learns_conventions(estimator: NMFSO, check: Callable[[object], None]) -> None:
    """All of scikit-learn's own checks of an estimator."""
    check(estimator)


def test_without_weight_it_is_plain_nmf(scan: SimpleNamespace) -> None:
    """ω = 0 changes nothing."""
    np.testing.assert_array_equal(
        NMFSO(4, omega=0.0).fit(scan.patterns).components_, NMF(4).fit(scan.patterns).components_
    )


def test_weight_parts_pure_regions_from_an_offset() -> None:
    """Regions of one component each, on an offset: plain NMF mixes the spectra, orthogonality finds them."""
    rng = np.random.default_rng(0)
    axis = np.arange(60)
    H = np.array([np.exp(-0.5 * (axis - c) ** 2 / 9.0) for c in (18, 30, 42)]) + 0.25
    W = np.repeat(np.eye(3), 300, axis=0) * rng.uniform(50.0, 100.0, (900, 1))
    X = rng.poisson(W @ H).astype(float)

    def worst(model: NMF) -> float:
        return float(np.corrcoef(H, model.fit(X).components_)[:3, 3:].max(axis=1).min())

    assert worst(NMFSO(3, omega=0.3)) > 0.999 > 0.99 > worst(NMF(3))


def test_overlap_falls_as_the_weight_rises() -> None:
    """Maps have less in common; the price is a larger distance from the data."""
    rng = np.random.default_rng(1)
    X = rng.poisson(100.0 * rng.dirichlet(np.ones(3), 500) @ rng.uniform(size=(3, 40))).astype(float)
    fits = [NMFSO(3, omega=omega).fit(X) for omega in (0.0, 0.3)]
    assert fits[1].overlap_ < fits[0].overlap_
    assert fits[1].reconstruction_err_ > fits[0].reconstruction_err_


def test_map_overlap_is_the_mean_cosine() -> None:
    """0 for maps apart, 1 for maps alike, 0 for one alone."""
    maps = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    assert map_overlap(maps) == 0.0
    assert map_overlap(np.ones((3, 4, 5))) == pytest.approx(1.0)
    assert map_overlap(np.array([[1.0, 1.0], [1.0, 0.0]])) == pytest.approx(np.sqrt(0.5))
    assert map_overlap(np.ones((1, 9))) == 0.0


@pytest.mark.parametrize("omega", [-0.1, 1.1, float("nan")])
def test_weights_out_of_range_are_refused(omega: float) -> None:
    """ω is between 0 and 1."""
    with pytest.raises(ValueError, match="omega must be between 0 and 1"):
        NMFSO(2, omega=omega).fit(np.ones((5, 5)))
