"""Many small non-negative least-squares problems at once, each with weights of its own."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EXCHANGES = 5
"""Full exchanges without progress before one index at a time is moved (Kim & Park's backup rule)."""


def pair_products(H: Floats) -> Floats:
    """Multiply all pairs of rows, so that weighted Gram matrices become one matrix product.

    Args:
        H: Rows, shape (k, m).

    Returns:
        Products of row i and row j for i <= j, shape (k (k + 1) / 2, m).
    """
    first, second = _upper(len(H))
    return H[first] * H[second]


@cache
def _upper(k: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column numbers of a symmetric matrix's upper half, in the order of packing."""
    first, second = np.triu_indices(k)
    return first, second


def unpack_pairs(packed: Floats, k: int) -> Floats:
    """Turn sums over :func:`pair_products` into symmetric matrices.

    Args:
        packed: Shape (n, k (k + 1) / 2).
        k: Number of components.

    Returns:
        Matrices, shape (n, k, k).
    """
    first, second = _upper(k)
    full = np.empty((len(packed), k, k))
    full[:, first, second] = packed
    full[:, second, first] = packed
    return full


def nnls(gram: Floats, right: Floats, max_iter: int = 100) -> Floats:
    """Solve min ½ wᵀ G w − bᵀ w subject to w ≥ 0 for many small problems.

    Block principal pivoting: Kim & Park, SIAM J. Sci. Comput. 33 (2011) 3261, algorithm 1, with every
    problem in one array. Exact up to round-off; components with an empty Gram row get weight 0.

    Args:
        gram: Positive semi-definite matrices G, shape (n, k, k).
        right: Right-hand sides b, shape (n, k).
        max_iter: Exchanges before the iteration is cut off.

    Returns:
        Solutions w, shape (n, k), all ≥ 0.
    """
    n, k = right.shape
    gram = _regular(gram)
    # Starting from all components passive makes the frequent case, an interior solution, one solve.
    passive = np.ones((n, k), bool)
    fewest = np.full(n, k + 1)
    chances = np.full(n, _EXCHANGES)
    solution = _solve_passive(gram, right, passive)
    for _ in range(max_iter):
        dual = np.einsum("nkl,nl->nk", gram, solution) - right
        scale = 1e-10 * np.abs(right).max(axis=1, keepdims=True)
        wrong = np.where(passive, solution < 0.0, dual < -scale)
        if not wrong.any():
            break
        passive ^= _exchanges(wrong, fewest, chances)
        solution = _solve_passive(gram, right, passive)
    return np.maximum(solution, 0.0)


def _exchanges(wrong: NDArray[np.bool_], fewest: NDArray[np.int_], chances: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Choose which indices change sides, and update the two counters of the backup rule in place."""
    count = wrong.sum(axis=1)
    better = (count < fewest) & (count > 0)
    fewest[better] = count[better]
    chances[better] = _EXCHANGES
    stuck = ~better & (count > 0)
    chances[stuck] -= 1
    single = chances < 0
    last = np.zeros_like(wrong)
    last[np.arange(len(wrong)), wrong.shape[1] - 1 - wrong[:, ::-1].argmax(axis=1)] = True
    return np.where(single[:, None], wrong & last, wrong)


def _regular(gram: Floats) -> Floats:
    """Make each matrix invertible: a relative ridge of 1e-12, and a 1 where a component is empty."""
    gram = gram.copy()
    diagonal = np.einsum("nkk->nk", gram)
    largest = diagonal.max(axis=1, keepdims=True)
    diagonal += 1e-12 * largest
    diagonal[diagonal <= 1e-200] = 1.0
    return gram


def _solve_passive(gram: Floats, right: Floats, passive: NDArray[np.bool_]) -> Floats:
    """Solve each system restricted to its passive set; the other entries are 0."""
    both = passive[:, :, None] & passive[:, None, :]
    restricted = np.where(both, gram, np.eye(gram.shape[1]))
    return np.linalg.solve(restricted, np.where(passive, right, 0.0)[..., None])[..., 0] * passive


def coordinate_sweeps(gram: Floats, right: Floats, start: Floats, sweeps: int) -> Floats:
    """Improve non-negative solutions by cyclic coordinate descent (HALS).

    Args:
        gram: Packed Gram matrices of the problems, shape (k (k + 1) / 2, m), as :func:`pair_products` orders them.
        right: Right-hand sides, shape (k, m).
        start: Solutions to start from, shape (k, m).
        sweeps: Passes over all components.

    Returns:
        Better solutions, shape (k, m), all ≥ 0; unchanged where the diagonal of the Gram matrix is 0.
    """
    k = len(right)
    row = np.zeros((k, k), int)
    row[_upper(k)] = np.arange(len(gram))
    row = np.maximum(row, row.T)
    H = start.copy()
    told = [gram[row[i, i]] > 0.0 for i in range(k)]
    inverse = [1.0 / np.where(told[i], gram[row[i, i]], np.inf) for i in range(k)]
    for _ in range(sweeps):
        for i in range(k):
            others = sum((gram[row[i, j]] * H[j] for j in range(k) if j != i), np.zeros(H.shape[1]))
            H[i] = np.where(told[i], np.maximum((right[i] - others) * inverse[i], 0.0), H[i])
    return H


def solution_errors(gram: Floats, solution: Floats) -> Floats:
    """Standard deviations of non-negative least-squares solutions, by propagation through the passive set.

    Components at the bound carry the deviation they would have alone: they are known to be below about that.

    Args:
        gram: Gram matrices weighted by inverse variance, shape (n, k, k).
        solution: Solutions of :func:`nnls`, shape (n, k).

    Returns:
        Standard deviations, shape (n, k); infinite for a component with an empty Gram row.
    """
    passive = solution > 0.0
    alone = np.einsum("nkk->nk", gram)
    both = passive[:, :, None] & passive[:, None, :]
    inverse = np.linalg.inv(np.where(both, _regular(gram), np.eye(gram.shape[1])))
    joint = np.einsum("nkk->nk", inverse)
    with np.errstate(divide="ignore"):
        variance = np.where(passive, joint, 1.0 / alone)
    return np.sqrt(np.maximum(variance, 0.0))
