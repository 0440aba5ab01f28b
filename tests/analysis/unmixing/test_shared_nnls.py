"""Non-negative least squares of many right-hand sides with one matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from analysis.unmixing.shared_nnls import BLOCK, shared_nnls


@pytest.mark.parametrize("k", [1, 3, 9])
def test_solutions_are_the_exact_ones(k: int) -> None:
    """Each pixel's weights are what a solver for one problem finds."""
    rng = np.random.default_rng(k)
    H = rng.uniform(size=(k, 30)) + 0.5
    X = rng.normal(size=(200, 30)) + rng.uniform(size=(200, k)) @ H
    found = shared_nnls(H @ H.T, H @ X.T)
    for column, spectrum in zip(found.T, X, strict=True):
        np.testing.assert_allclose(column, nnls(H.T, spectrum)[0], atol=1e-7)


def test_precision_and_blocks_are_kept() -> None:
    """Single precision stays, and pixels beyond one block are solved too."""
    rng = np.random.default_rng(0)
    H = rng.uniform(size=(3, 20))
    W = rng.uniform(size=(3, BLOCK + 7))
    found = shared_nnls(H @ H.T, (H @ (W.T @ H).T).astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, W, atol=2e-3)


def test_an_empty_component_gets_nothing() -> None:
    """A spectrum of zeros has no weight, and harms no other."""
    H = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    found = shared_nnls(H @ H.T, H @ np.array([[1.0, 3.0, 1.0]]).T)
    np.testing.assert_allclose(found[:, 0], [1.0, 0.0, 1.0], atol=1e-9)
