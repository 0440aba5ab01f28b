"""Sweeps of hierarchical alternating least squares."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import NMF as SklearnNMF  # noqa: N811

from analysis.unmixing.compression import compress
from analysis.unmixing.hals import Full, alternate, sweep_components, sweep_soft_orthogonal, sweep_weights
from analysis.unmixing.shared_nnls import shared_nnls


def draw(n: int = 300, m: int = 40, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counted data, and a start."""
    rng = np.random.default_rng(0)
    X = rng.poisson(200.0 * rng.uniform(size=(n, k)) @ rng.uniform(size=(k, m)) / k).astype(float)
    return X, rng.uniform(size=(k, n)), rng.uniform(size=(k, m))


def test_many_sweeps_of_the_weights_lead_to_exact_least_squares() -> None:
    """Coordinate descent of a convex problem ends at its solution."""
    X, W, H = draw()
    sweep_weights(W, H @ H.T, H @ X.T, 500)
    np.testing.assert_allclose(W, shared_nnls(H @ H.T, H @ X.T), rtol=1e-4, atol=1e-4)


def test_no_sweep_makes_the_model_worse() -> None:
    """Each half step lowers the distance from the data."""
    X, W, H = draw()
    distances = [np.linalg.norm(X - W.T @ H)]
    for _ in range(5):
        sweep_weights(W, H @ H.T, H @ X.T, 1)
        distances.append(np.linalg.norm(X - W.T @ H))
        sweep_components(H, W @ W.T, W @ X, 1)
        distances.append(np.linalg.norm(X - W.T @ H))
    assert (np.diff(distances) <= 1e-9 * distances[0]).all()
    assert (H >= 0.0).all()
    assert (W >= 0.0).all()


def test_soft_orthogonality_follows_its_published_step() -> None:
    """One sweep is algorithm 1, line by line; ω = 0 leaves the plain step; maps keep unit length."""
    X, C, H = draw()
    C /= np.linalg.norm(C, axis=1, keepdims=True)
    for omega in (0.0, 0.4):
        ours, theirs = C.copy(), C.copy()
        sweep_soft_orthogonal(ours, H @ H.T, H @ X.T, omega)
        for j in range(3):
            gram = H @ H.T
            c = H[j] @ X.T - gram[j] @ theirs + gram[j, j] * theirs[j]
            rest = sum(theirs[i] for i in range(3) if i != j)
            c = np.maximum(c - omega * (rest @ c) / (rest @ rest) * rest, 0.0)
            theirs[j] = c / np.linalg.norm(c)
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_soft_orthogonality_of_maps_that_vanish() -> None:
    """A map that would become zero stays, and one component alone has nothing to be kept apart from."""
    W = np.array([[0.6, 0.8]])
    sweep_soft_orthogonal(W, np.eye(1), np.array([[3.0, 4.0]]), 1.0)
    np.testing.assert_allclose(W, [[0.6, 0.8]])
    sweep_soft_orthogonal(W, np.eye(1), np.array([[-3.0, -4.0]]), 1.0)
    np.testing.assert_allclose(W, [[0.6, 0.8]])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_alternation_explains_the_data_as_well_as_the_reference() -> None:
    """The residual is not above that of scikit-learn's coordinate descent, on whole and on compressed data."""
    X, W, H = draw()
    reference = SklearnNMF(3, init="custom", solver="cd", max_iter=2000, tol=1e-6)
    reference.fit_transform(X, W=W.T.copy(), H=H.copy())
    for data in (Full(X), compress(X, 10)):
        found_W, found_H, _ = alternate(data, W, H, max_iter=2000, tol=1e-7)
        assert np.linalg.norm(X - found_W.T @ found_H) < 1.001 * reference.reconstruction_err_
        np.testing.assert_allclose(found_H.sum(axis=1), 1.0)


def test_alternation_leaves_its_start_alone_and_reports() -> None:
    """Arguments are not written to, and each alternation is told of."""
    X, W, H = draw()
    before = W.copy(), H.copy()
    told: list[int] = []
    _, _, done = alternate(Full(X), W, H, max_iter=4, tol=0.0, callback=lambda number, change: told.append(number))
    np.testing.assert_array_equal(W, before[0])
    np.testing.assert_array_equal(H, before[1])
    assert told == [1, 2, 3, 4]
    assert done == 4


def test_factors_of_whole_data() -> None:
    """Products with factors are products with scaled data."""
    X, W, H = draw()
    rng = np.random.default_rng(1)
    columns, rows = rng.uniform(0.5, 2.0, 40), rng.uniform(0.5, 2.0, 300)
    scaled = X * columns * rows[:, None]
    full = Full(X, columns, rows)
    np.testing.assert_allclose(full.times_components(H), H @ scaled.T)
    np.testing.assert_allclose(full.times_weights(W), W @ scaled)
