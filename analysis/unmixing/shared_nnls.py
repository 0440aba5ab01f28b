"""Non-negative least squares of very many right-hand sides that share one matrix."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)

BLOCK = 16384
"""Right-hand sides that are worked on at a time, few enough to stay in the processor's cache."""

_EXCHANGES = 3
"""Full exchanges without progress before one index at a time is moved (the backup rule)."""


def shared_nnls(
    gram: NDArray[np.float64], right: NDArray[Real], max_iter: int = 60, start: NDArray[Any] | None = None
) -> NDArray[Real]:
    """Solve min ½ wᵀ G w − bᵀ w subject to w ≥ 0 for many b and one G, exactly.

    Block principal pivoting (Kim & Park, SIAM J. Sci. Comput. 33 (2011) 3261, algorithm 1), in which all problems
    with the same passive set are one matrix product (Van Benthem & Keenan, J. Chemom. 18 (2004) 441).

    Args:
        gram: Positive semi-definite matrix G, shape (k, k).
        right: Right-hand sides b, shape (k, n), float32 or float64.
        max_iter: Exchanges before the iteration is cut off.
        start: A guess, shape (k, n), where one is known: only which of its values are above 0 counts, and only for how
            long it takes.

    Returns:
        Solutions w, shape (k, n), of the right-hand sides' dtype, all ≥ 0; a component with an empty row of G gets 0.
    """
    k, n = right.shape
    solver = _Solver(_regular(np.asarray(gram, float)))
    out = np.empty((k, n), right.dtype)
    for first in range(0, n, BLOCK):
        block = slice(first, first + BLOCK)
        guess = None if start is None else start[:, block] > 0.0
        out[:, block] = _solve_block(solver, right[:, block].astype(float), guess, max_iter)
    return out


class _Solver:
    """Inverses of G restricted to passive sets, each made once."""

    def __init__(self, gram: NDArray[np.float64]) -> None:
        self.gram = gram
        self._inverses: dict[bytes, NDArray[np.float64]] = {}

    def __call__(self, passive: NDArray[np.bool_], right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve with one passive set (k,) for right-hand sides (k, n); entries outside the set are 0."""
        key = passive.tobytes()
        if key not in self._inverses:
            inverse = np.zeros_like(self.gram)
            inside = np.ix_(passive, passive)
            inverse[inside] = np.linalg.inv(self.gram[inside])
            self._inverses[key] = inverse
        return self._inverses[key] @ right


def _solve_block(
    solver: _Solver, right: NDArray[np.float64], guess: NDArray[np.bool_] | None, max_iter: int
) -> NDArray[np.float64]:
    """Pivot one block until every problem is solved; arguments as in :func:`shared_nnls`."""
    k, n = right.shape
    tolerance = 1e-9 * np.abs(right).max(axis=0)
    fewest, chances = np.full(n, k + 1), np.full(n, _EXCHANGES)
    if guess is None:
        passive = np.ones((k, n), bool)
        solution, dual = solver(passive[:, 0], right), np.zeros_like(right)
        active = np.flatnonzero((solution < 0.0).any(axis=0))
    else:
        passive, solution, active = guess, np.zeros_like(right), np.arange(n)
        _solve_groups(solver, passive, right, solution, active)
        dual = solver.gram @ solution - right
    for _ in range(max_iter):
        wrong = np.where(passive[:, active], solution[:, active] < 0.0, dual[:, active] < -tolerance[active])
        open_ = wrong.any(axis=0)
        active, wrong = active[open_], wrong[:, open_]
        if not active.size:
            break
        passive[:, active] ^= _exchanges(wrong, active, fewest, chances)
        _solve_groups(solver, passive, right, solution, active)
        dual[:, active] = solver.gram @ solution[:, active] - right[:, active]
    return np.maximum(solution, 0.0, out=solution)


def _solve_groups(
    solver: _Solver,
    passive: NDArray[np.bool_],
    right: NDArray[np.float64],
    solution: NDArray[np.float64],
    active: NDArray[np.intp],
) -> None:
    """Solve the active problems anew, those with equal passive sets together; writes into the solution."""
    packed = np.packbits(passive[:, active], axis=0)
    # Numbers of one byte are sorted by counting, many times as fast.
    codes = packed[0] if len(packed) == 1 else packed.astype(np.int64).T @ 256 ** np.arange(len(packed))[::-1]
    order = np.argsort(codes, kind="stable")
    for members in np.split(active[order], np.flatnonzero(np.diff(codes[order])) + 1):
        solution[:, members] = solver(passive[:, members[0]], right[:, members])


def _exchanges(
    wrong: NDArray[np.bool_], active: NDArray[np.intp], fewest: NDArray[np.int_], chances: NDArray[np.int_]
) -> NDArray[np.bool_]:
    """Choose which indices change sides, and update the two counters of the backup rule in place."""
    count = wrong.sum(axis=0)
    better = count < fewest[active]
    fewest[active[better]] = count[better]
    chances[active[better]] = _EXCHANGES
    chances[active[~better]] -= 1
    single = chances[active] < 0
    if not single.any():
        return wrong
    last = np.zeros_like(wrong)
    last[len(wrong) - 1 - wrong[::-1].argmax(axis=0), np.arange(wrong.shape[1])] = True
    return np.where(single, last, wrong)


def _regular(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make the matrix invertible: a relative ridge of 1e-12, and a 1 where a component is empty."""
    gram = gram.copy()
    diagonal = np.einsum("kk->k", gram)
    diagonal += 1e-12 * diagonal.max(initial=0.0)
    diagonal[diagonal <= 1e-200] = 1.0
    return gram
