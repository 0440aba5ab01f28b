"""Factorisation of counts by their Poisson likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Reals = NDArray[Any]

_ROWS = 8192
"""Spectra worked on at a time."""

_TINY = 1e-30
"""Least value of a factor: a multiplicative update cannot leave 0."""


def variance_scales(X: Reals) -> tuple[Floats, Floats]:
    """Factors that make the variance of counts as even as factors on pixels and energies can.

    Keenan & Kotula, Surf. Interface Anal. 36 (2004) 203, equation 7: one over the root of the mean spectrum, and one
    over the root of the mean image.

    Args:
        X: Counts, shape (n, m).

    Returns:
        Factors on the energies, shape (m,), of mean 1, and on the pixels, shape (n,).
    """
    columns, rows = _mean(X, 0), _mean(X, 1)
    columns, rows = np.maximum(columns, 0.05 * columns.mean()), np.maximum(rows, 0.05 * rows.mean())
    if not columns.max() > 0.0 or not rows.max() > 0.0:
        return np.ones(X.shape[1]), np.ones(len(X))
    column_scale = 1.0 / np.sqrt(columns)
    return column_scale / column_scale.mean(), 1.0 / np.sqrt(rows / rows.mean())


def kullback_leibler(X: Reals, W: Reals, H: Floats) -> float:
    """Generalised Kullback-Leibler divergence of counts from a model, Σ x ln(x / y) − x + y.

    Args:
        X: Counts, shape (n, m), ≥ 0.
        W: Maps, shape (k, n).
        H: Spectra, shape (k, m).

    Returns:
        The divergence, ≥ 0.
    """
    total = 0.0
    for start in range(0, len(X), _ROWS):
        x = X[start : start + _ROWS].astype(float)
        y = np.maximum(W[:, start : start + _ROWS].T.astype(float) @ H, 1e-300)
        total += float((x * np.log(np.where(x > 0.0, x, 1.0) / np.where(x > 0.0, y, 1.0)) - x + y).sum())
    return total


def improve_likelihood(X: Reals, W: Reals, H: Floats, max_iter: int, tol: float) -> tuple[Reals, Floats, int]:
    """Raise the likelihood by multiplicative updates of both factors.

    Lee & Seung, NIPS 13 (2000) 556, theorem 2.

    Args:
        X: Counts, shape (n, m), ≥ 0.
        W: Maps to start from, shape (k, n).
        H: Spectra to start from, shape (k, m).
        max_iter: Updates at most.
        tol: Largest change of a spectrum per update, relative to its length, at which to stop.

    Returns:
        Maps, spectra, and updates done.
    """
    W, H, done = _lifted(W), _lifted(H), 0
    while done < max_iter:
        done += 1
        rising = np.zeros_like(H)
        for start in range(0, len(X), _ROWS):
            block = slice(start, start + _ROWS)
            W[:, block] = _raise_weights(X[block], W[:, block], H, 1)
            rising += W[:, block].astype(float) @ _ratio(X[block], W[:, block], H)
        total = W.sum(axis=1, dtype=float)[:, None]
        new = H * rising / np.where(total > 0.0, total, 1.0)
        change = np.linalg.norm(new - H, axis=1) / np.maximum(np.linalg.norm(H, axis=1), 1e-300)
        H = new
        if change.max() < tol:
            break
    return W, H, done


def likelihood_weights(X: Reals, W: Reals, H: Floats, max_iter: int) -> Reals:
    """Maps of greatest likelihood for given spectra.

    Args:
        X: Counts, shape (n, m), ≥ 0.
        W: Maps to start from, shape (k, n).
        H: Spectra, shape (k, m).
        max_iter: Updates.

    Returns:
        Maps, shape (k, n).
    """
    W = _lifted(W, axis=0)
    for start in range(0, len(X), _ROWS):
        block = slice(start, start + _ROWS)
        W[:, block] = _raise_weights(X[block], W[:, block], H, max_iter)
    return W


def _raise_weights(x: Reals, w: Reals, H: Floats, times: int) -> Reals:
    total = H.sum(axis=1)[:, None]
    total = np.where(total > 0.0, total, 1.0)
    for _ in range(times):
        w = (w * (H @ _ratio(x, w, H).T) / total).astype(w.dtype)
    return w


def _ratio(x: Reals, w: Reals, H: Floats) -> Floats:
    """Counts over model, shape (n, m)."""
    return x / np.maximum(w.T @ H, 1e-30)


def _lifted(factor: Reals, axis: int = 1) -> Reals:
    """A copy with no exact zeros."""
    return np.maximum(factor, 1e-4 * factor.mean(axis=axis, keepdims=True, dtype=float) + _TINY).astype(factor.dtype)


def _mean(X: Reals, axis: int) -> Floats:
    return np.maximum(X.mean(axis=axis, dtype=float), 0.0)
