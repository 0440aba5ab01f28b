"""Weighted, robust non-negative matrix factorisation: the sweeps that the estimators share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.least_squares import (
    coordinate_sweeps,
    nnls,
    pair_products,
    solution_errors,
    unpack_pairs,
)
from analysis.unmixing.noise import NoiseModel

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SCORING_STEPS = 12
"""Reweighting steps at most; clean patterns settle in two or three."""

_SCORING_TOL = 1e-4
"""Relative change of a pattern's weights at which they have settled, far below their counting error."""

_BLOCK = 65536
"""Values that are worked on at a time: half a megabyte."""


@dataclass(frozen=True, slots=True)
class Prior:
    """The belief that a component's intensity lies in its window, in whatever shape it has been found to have there.

    It acts like further patterns that hold one component alone, cut to its window. So a component that the patterns
    hardly contain cannot drift away or change places, while inside its window nothing holds it back.

    Attributes:
        masks: 1 inside each component's window and 0 outside, shape (k, m).
        strength: Weight of the belief per component, in squared counts, shape (k,); 0 for a component without a window.
    """

    masks: Floats
    strength: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """Weights of patterns in a fixed basis.

    Attributes:
        weights: Shape (n, k), in counts when the components have unit sum.
        errors: Their standard deviations, shape (n, k).
        misfit: Reduced χ² of each pattern with outliers bounded, over the dispersion, shape (n,).
    """

    weights: Floats
    errors: Floats
    misfit: Floats


def score(Y: Floats, H: Floats, noise: NoiseModel, centre: Floats, finite: Mask | None = None) -> Scores:
    """Find the weights of patterns in a given basis, robustly.

    Huber's M-estimate by iteratively reweighted non-negative least squares. Every pattern is treated alone,
    so that scoring it again, alone or in company, gives the same weights.

    Args:
        Y: Patterns, shape (n, m); missing values hold any number.
        H: Basis, rows of unit sum, shape (k, m).
        noise: Variance and outlier threshold.
        centre: A typical pattern, from which the first weights are taken, shape (m,).
        finite: False where a value is missing, shape (n, m); None when none is.

    Returns:
        Weights, errors and misfits.
    """
    pairs = pair_products(H).T
    parts = [
        _score_block(Y[block], H, pairs, noise, centre, None if finite is None else finite[block])
        for block in _blocks(Y)
    ]
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in Scores.__slots__))


def _score_block(Y: Floats, H: Floats, pairs: Floats, noise: NoiseModel, centre: Floats, finite: Mask | None) -> Scores:
    """Score the patterns of one block; arguments as in :func:`score`."""
    n, k = len(Y), len(H)
    weights, grams, misfit = np.zeros((n, k)), np.zeros((n, k, k)), np.zeros(n)
    active = np.arange(n)
    model: Floats = centre[None, :]
    for step in range(_SCORING_STEPS):
        seen = None if finite is None else finite[active]
        V = noise.weights(Y, model, seen)
        gram = unpack_pairs(V @ pairs, k)
        new = nnls(gram, (V * Y) @ H.T)
        change = np.abs(new - weights[active]).max(axis=1)
        weights[active], grams[active] = new, gram
        model = new @ H
        moving = (change > _SCORING_TOL * new.max(axis=1)) | (step == 0)
        if not moving.all() or step == _SCORING_STEPS - 1:
            misfit[active] = _misfit(Y, model, V, k)
            active, model, Y = active[moving], model[moving], Y[moving]
        if not len(active):
            break
    misfit /= noise.dispersion
    # A pattern that fits worse than counting allows knows its weights worse, too.
    errors = solution_errors(grams, weights) * np.sqrt(noise.dispersion * np.maximum(misfit, 1.0))[:, None]
    if finite is not None:
        empty = ~finite.any(axis=1)
        weights[empty], errors[empty] = np.nan, np.nan
    return Scores(weights, errors, misfit)


def _blocks(Y: Floats) -> list[slice]:
    """Rows in blocks that stay in the processor's cache."""
    rows = max(_BLOCK // Y.shape[1], 1)
    return [slice(start, start + rows) for start in range(0, len(Y), rows)]


def _misfit(y: Floats, model: Floats, V: Floats, k: int) -> Floats:
    """Mean weighted squared residual of each pattern per degree of freedom, shape (n,)."""
    freedom = np.maximum((V > 0.0).sum(axis=1) - k, 1)
    return np.einsum("nm,nm->n", V, (y - model) ** 2) / freedom


def improve(
    Y: Floats,
    W: Floats,
    H: Floats,
    noise: NoiseModel,
    *,
    finite: Mask | None = None,
    prior: Prior | None = None,
    trust: Floats | None = None,
    iterations: int = 3,
    tol: float = 0.0,
) -> tuple[Floats, Floats, int]:
    """Alternate between basis and weights, each step not worse in the reweighted least-squares sense.

    Args:
        Y: Patterns, shape (n, m).
        W: Weights to start from, shape (n, k).
        H: Basis to start from, shape (k, m).
        noise: Variance and outlier threshold.
        finite: False where a value is missing, shape (n, m).
        prior: Belief about where components lie.
        trust: Factor on each pattern's say in the basis, shape (n,); 1 for all when None.
        iterations: Alternations at most.
        tol: Stop when no component changes by more than this, in L1 distance at unit sum.

    Returns:
        Weights (n, k), basis (k, m) with rows of unit sum, and alternations done.
    """
    W, done = W.copy(), 0
    while done < iterations:
        done += 1
        gram, right, typical = _normal_equations(Y, W, H, noise, finite, trust)
        if prior is not None:
            _add_prior(gram, right, prior, H, typical)
        new = unit_sum(coordinate_sweeps(gram, right, H, 2))
        # A component of zeros could never return.
        new = np.where(new.any(axis=1, keepdims=True), new, H)
        change = np.abs(new - H).sum(axis=1).max()
        H = new
        if change < tol:
            break
    return W, H, done


def _normal_equations(
    Y: Floats, W: Floats, H: Floats, noise: NoiseModel, finite: Mask | None, trust: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Refresh the weights (in place), and gather what the update of the basis needs, in one pass over the data.

    Returns:
        Packed Gram matrices (k (k + 1) / 2, m), right-hand sides (k, m), and the mean weight of each pixel (m,).
    """
    k, m = H.shape
    pairs = pair_products(H).T
    gram, right, typical = np.zeros((pairs.shape[1], m)), np.zeros((k, m)), np.zeros(m)
    for block in _blocks(Y):
        y = Y[block]
        V = noise.weights(y, W[block] @ H, None if finite is None else finite[block])
        weighted = V * y
        W[block] = nnls(unpack_pairs(V @ pairs, k), weighted @ H.T)
        say = W[block].T if trust is None else W[block].T * np.sqrt(trust[block])
        gram += pair_products(say) @ V
        right += (say if trust is None else say * np.sqrt(trust[block])) @ weighted
        typical += V.sum(axis=0)
    return gram, right, typical / len(Y)


def _add_prior(gram: Floats, right: Floats, prior: Prior, H: Floats, typical: Floats) -> None:
    """Add one further pattern per component to the normal equations of the basis, in place."""
    diagonal = np.flatnonzero(np.equal(*np.triu_indices(len(right))))
    weight = prior.strength[:, None] * typical
    gram[diagonal] += weight
    right += weight * prior.masks * H


def unit_sum(H: Floats) -> Floats:
    """Scale rows to unit sum, so that weights are in the patterns' own unit; empty rows stay empty."""
    total = H.sum(axis=1, keepdims=True)
    return H / np.where(total > 0.0, total, 1.0)
