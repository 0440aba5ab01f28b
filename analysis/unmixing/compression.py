"""A stack of spectra in the few dimensions that hold its signal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Reals = NDArray[Any]

_ROWS = 16384
"""Spectra that are converted or multiplied at a time."""


@dataclass(frozen=True, slots=True)
class Compressed:
    """Spectra as coordinates in an orthonormal basis of the energy axis: X ≈ coordinatesᵀ basis.

    Attributes:
        coordinates: Shape (r, n), float32 or float64.
        basis: Orthonormal rows, strongest first, shape (r, m).
        values: All squared singular values of X, falling, shape (min(n, m),).
    """

    coordinates: Reals
    basis: Floats
    values: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Number of spectra n and of energies m."""
        return self.coordinates.shape[1], self.basis.shape[1]

    def times_components(self, H: Floats) -> Reals:
        """Product H Xᵀ, shape (k, n), for spectra H of shape (k, m)."""
        return (H @ self.basis.T).astype(self.coordinates.dtype) @ self.coordinates

    def times_weights(self, W: Reals) -> Floats:
        """Product W X, shape (k, m), for maps W of shape (k, n)."""
        return (W @ self.coordinates.T).astype(float) @ self.basis


def second_moments(X: Reals, column_scale: Floats | None = None, row_scale: Floats | None = None) -> Floats:
    """Matrix XᵀX of scaled spectra, summed in blocks.

    Args:
        X: Spectra, shape (n, m), any real dtype.
        column_scale: Factor on each energy, shape (m,).
        row_scale: Factor on each spectrum, shape (n,).

    Returns:
        Symmetric matrix, shape (m, m).
    """
    total = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), _ROWS):
        part = _scaled(X, slice(start, start + _ROWS), None, row_scale)
        total += part.T @ part
    return total if column_scale is None else total * np.outer(column_scale, column_scale)


def compress(X: Reals, rank: int, column_scale: Floats | None = None, row_scale: Floats | None = None) -> Compressed:
    """Project spectra onto their strongest singular vectors.

    The truncated singular value decomposition by way of XᵀX, which is exact enough for noisy data: a singular value is
    lost in round-off when it is below 1e-8 (float32 data: 1e-4) of the first.

    Args:
        X: Spectra, shape (n, m), float32 or float64.
        rank: Number of dimensions to keep, at most m.
        column_scale: Factor on each energy, shape (m,).
        row_scale: Factor on each spectrum, shape (n,).

    Returns:
        The compressed spectra, in the dtype of X.
    """
    if len(X) < X.shape[1]:
        return _compress_few(_scaled(X, slice(None), column_scale, row_scale), rank)
    values, vectors = np.linalg.eigh(second_moments(X, column_scale, row_scale))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    basis = vectors[:, : min(rank, X.shape[1])]
    projector = basis if column_scale is None else basis * column_scale[:, None]
    coordinates = np.empty((basis.shape[1], len(X)), X.dtype)
    for start in range(0, len(X), _ROWS):
        block = slice(start, start + _ROWS)
        np.matmul(projector.T.astype(X.dtype), _scaled(X, block, None, row_scale).T, out=coordinates[:, block])
    return Compressed(coordinates, np.ascontiguousarray(basis.T), values)


def compress_blocks(
    blocks: Callable[[], Iterable[Reals]], n: int, rank: int, column_scale: Floats | None = None
) -> Compressed:
    """Compress spectra that come in blocks and are never in memory all at once.

    Args:
        blocks: Gives the blocks of spectra, shape (any, m), float32 or float64, in the same order each time; called
            twice.
        n: Number of spectra in all.
        rank: Number of dimensions to keep, at most m.
        column_scale: Factor on each energy, shape (m,).

    Returns:
        The compressed spectra, float32.
    """
    total = sum((second_moments(X, column_scale) for X in blocks()), start=np.zeros(()))
    values, vectors = np.linalg.eigh(total)
    basis = vectors[:, ::-1][:, :rank]
    projector = (basis if column_scale is None else basis * column_scale[:, None]).T
    coordinates, start = np.empty((basis.shape[1], n), np.float32), 0
    for X in blocks():
        coordinates[:, start : start + len(X)] = projector.astype(X.dtype) @ X.T
        start += len(X)
    return Compressed(coordinates, np.ascontiguousarray(basis.T), np.maximum(values[::-1], 0.0))


def _compress_few(X: Reals, rank: int) -> Compressed:
    """The same for fewer spectra than energies."""
    left, singular, right = np.linalg.svd(X.astype(float), full_matrices=False)
    coordinates = (left[:, :rank] * singular[:rank]).T.astype(X.dtype)
    return Compressed(np.ascontiguousarray(coordinates), right[:rank], singular**2)


def _scaled(X: Reals, block: slice, column_scale: Floats | None, row_scale: Floats | None) -> Reals:
    """One block of spectra with its factors, in the dtype of X."""
    part = X[block]
    if row_scale is not None:
        part = part * row_scale[block, None].astype(X.dtype)
    return part if column_scale is None else part * column_scale.astype(X.dtype)
