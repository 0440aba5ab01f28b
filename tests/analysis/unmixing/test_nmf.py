"""The batch factorisation."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from analysis.unmixing import NMF
from analysis.unmixing.identity import match_components


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::sklearn.exceptions.SkipTestWarning"
)
@parametrize_with_checks([NMF()])
def test_scikit_learns_conventions(estimator: NMF, check: Callable[[object], None]) -> None:
    """All of scikit-learn's own checks of an estimator."""
    check(estimator)


def test_weights_are_counts_and_components_have_unit_sum(scan: SimpleNamespace) -> None:
    """A pattern's weights add up to its counts."""
    nmf = NMF(4, max_iter=5000)
    weights = nmf.fit_transform(scan.patterns)
    np.testing.assert_allclose(nmf.components_.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.sum(axis=1), scan.patterns.sum(axis=1), rtol=0.02)
    assert (np.diff(weights.sum(axis=0)) <= 0).all()


def test_rank_four_data_are_recovered() -> None:
    """Components that are each alone in some pixels come back, and so do their weights."""
    rng = np.random.default_rng(0)
    H = rng.uniform(size=(4, 40)) * (rng.random((4, 40)) < 0.6)
    H[:, :4] = np.eye(4) * 3
    H /= H.sum(axis=1, keepdims=True)
    W = np.vstack([100 * np.eye(4), rng.uniform(size=(60, 4)) * (rng.random((60, 4)) < 0.7) * 100])
    nmf = NMF(4, max_iter=20000, tol=1e-10)
    found = nmf.fit_transform(W @ H)
    order = match_components(H, nmf.components_)
    np.testing.assert_allclose(nmf.components_[order], H, atol=2e-3)
    np.testing.assert_allclose(found[:, order], W, atol=0.5)


def test_negative_values_are_offset_clipped_or_refused() -> None:
    """The offset is put back by inverse_transform."""
    rng = np.random.default_rng(1)
    X = rng.uniform(0, 1, (30, 3)) @ rng.uniform(0, 1, (3, 12)) - 1.0
    nmf = NMF(4, max_iter=50000, tol=1e-8)
    assert np.abs(nmf.inverse_transform(nmf.fit_transform(X)) - X).max() < 0.02
    assert nmf.offset_ == -X.min()
    assert NMF(4, negative="clip", max_iter=5000).fit(X).offset_ == 0.0
    with pytest.raises(ValueError, match="Negative values"):
        NMF(4, negative="raise").fit(X)
