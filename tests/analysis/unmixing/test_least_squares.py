"""Batched non-negative least squares against SciPy's, one problem at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls as reference

from analysis.unmixing.least_squares import coordinate_sweeps, nnls, pair_products, solution_errors, unpack_pairs


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6), k=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_each_problem_is_solved_as_scipy_solves_it(seed: int, n: int, k: int) -> None:
    """Half of the true coefficients are negative, so that many bounds are active."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, 12, k))
    b = np.einsum("nmk,nk->nm", A, rng.normal(size=(n, k))) + rng.normal(size=(n, 12))
    found = nnls(np.einsum("nmk,nml->nkl", A, A), np.einsum("nmk,nm->nk", A, b))
    for a, target, solution in zip(A, b, found, strict=True):
        np.testing.assert_allclose(solution, reference(a, target)[0], atol=1e-7)


def test_nearly_equal_components_still_give_the_smallest_residual() -> None:
    """Where the solution is not unique to round-off, the residual is."""
    rng = np.random.default_rng(1)
    A = rng.uniform(size=(50, 5))
    A[:, 4] = A[:, 3] + 1e-7 * rng.normal(size=50)
    b = A @ np.array([1.0, 0.0, 2.0, 1.0, 1.0])
    found = nnls((A.T @ A)[None], (A.T @ b)[None])[0]
    assert (found >= 0).all()
    assert np.linalg.norm(A @ found - b) <= reference(A, b)[1] + 1e-6


def test_an_empty_component_gets_weight_zero() -> None:
    """A row of zeros in the basis must not make the system singular."""
    H = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    found = nnls((H @ H.T)[None], (H @ np.array([2.0, 4.0, 1.0]))[None])
    np.testing.assert_allclose(found, [[3.0, 0.0]])


def test_packed_gram_matrices_equal_the_weighted_products() -> None:
    """One matrix product with packed pairs gives all weighted Gram matrices."""
    rng = np.random.default_rng(2)
    H, V = rng.uniform(size=(3, 7)), rng.uniform(size=(5, 7))
    expected = np.einsum("km,nm,lm->nkl", H, V, H)
    np.testing.assert_allclose(unpack_pairs(V @ pair_products(H).T, 3), expected)


def test_coordinate_sweeps_converge_to_the_solution() -> None:
    """Many sweeps of HALS reach what the active-set method finds at once."""
    rng = np.random.default_rng(3)
    W, X = rng.uniform(size=(20, 3)), rng.normal(size=(20, 8))
    packed = np.repeat((W.T @ W)[np.triu_indices(3)][:, None], 8, axis=1)
    swept = coordinate_sweeps(packed, W.T @ X, np.zeros((3, 8)), 500)
    expected = np.array([reference(W, column)[0] for column in X.T]).T
    np.testing.assert_allclose(swept, expected, atol=1e-8)


def test_errors_are_the_scatter_of_repeated_measurements() -> None:
    """Propagated deviations agree with 4,000 simulated measurements, for weights far from the bound."""
    rng = np.random.default_rng(4)
    H, w, sigma = rng.uniform(size=(3, 40)), np.array([20.0, 30.0, 25.0]), 2.0
    Y = w @ H + rng.normal(scale=sigma, size=(4000, 40))
    gram = np.repeat((H @ H.T / sigma**2)[None], 4000, axis=0)
    found = nnls(gram, Y @ H.T / sigma**2)
    np.testing.assert_allclose(found.std(axis=0), solution_errors(gram, found).mean(axis=0), rtol=0.05)


def test_an_inactive_weight_carries_the_error_it_would_have_alone() -> None:
    """At the bound the covariance of the others does not apply."""
    gram = np.array([[[4.0, 1.0], [1.0, 9.0]]])
    assert solution_errors(gram, np.array([[1.0, 0.0]]))[0] == pytest.approx([0.5, 1.0 / 3.0])
