"""Principal and independent components."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from analysis.unmixing import ICA, PCA


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::sklearn.exceptions.SkipTestWarning"
)
@parametrize_with_checks([PCA(), ICA()])
def test_scikit_learns_conventions(estimator: PCA | ICA, check: Callable[[object], None]) -> None:
    """All of scikit-learn's own checks of an estimator."""
    check(estimator)


def mixtures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Data, independent weights, and two spectra that overlap."""
    rng = np.random.default_rng(0)
    H = np.array([np.exp(-0.5 * (np.arange(30) - c) ** 2 / 16.0) for c in (12, 18)])
    W = rng.uniform(size=(2000, 2)) * [2.0, 1.0]
    return W @ H + 0.001 * rng.normal(size=(2000, 30)), W, H


def test_independent_components_are_the_mixed_ones() -> None:
    """Spectra and weights come back where the weights are independent; principal components are mixtures of them."""
    X, W, H = mixtures()
    ica, pca = ICA(2).fit(X), PCA(2).fit(X)
    found = np.corrcoef(H, ica.components_)[:2, 2:]
    assert found.diagonal().min() > 0.998
    assert np.corrcoef(H, pca.components_)[:2, 2:].diagonal().min() < 0.99
    maps = np.corrcoef(W.T, ica.transform(X).T)[:2, 2:]
    assert maps.diagonal().min() > 0.99


def test_both_restore_the_data() -> None:
    """As many dimensions as the data have lose only the noise."""
    X, _, _ = mixtures()
    for model in (PCA(2), ICA(2)):
        restored = model.fit(X).inverse_transform(model.transform(X))
        assert np.abs(restored - X).max() < 0.01
    assert PCA(2).fit(X).explained_variance_ratio_.sum() > 0.999


def test_signs_and_order_do_not_depend_on_chance() -> None:
    """Components point up, the strongest is first, whatever the seed."""
    X, _, _ = mixtures()
    first, second = ICA(2, random_state=1).fit(X), ICA(2, random_state=5).fit(X)
    np.testing.assert_allclose(first.components_, second.components_, atol=0.02)
    assert (np.diff(np.linalg.norm(first.components_, axis=1)) <= 0.0).all()


def test_a_number_of_components_below_one_is_refused() -> None:
    """It is said which parameter is wrong."""
    with pytest.raises(ValueError, match="n_components must be at least 1"):
        PCA(0).fit(np.ones((5, 5)))
