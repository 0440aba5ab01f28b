"""Hierarchical alternating least squares: the sweeps that the non-negative factorisations share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.shared_nnls import BLOCK

Floats = NDArray[np.float64]
Reals = NDArray[Any]


class Products(Protocol):
    """Data that a factorisation only ever meets in products with its factors."""

    def times_components(self, H: Floats) -> Reals:
        """Product H Xᵀ, shape (k, n)."""
        ...

    def times_weights(self, W: Reals) -> Floats:
        """Product W X, shape (k, m)."""
        ...


@dataclass(frozen=True, slots=True)
class Full:
    """The data as they are, but for factors on pixels and energies.

    Attributes:
        X: Spectra, shape (n, m), float32 or float64.
        column_scale: Factor on each energy, shape (m,); 1 when None.
        row_scale: Factor on each spectrum, shape (n,); 1 when None.
    """

    X: Reals
    column_scale: Floats | None = None
    row_scale: Reals | None = None

    def times_components(self, H: Floats) -> Reals:
        """Product H Xᵀ, shape (k, n)."""
        product = (H if self.column_scale is None else H * self.column_scale).astype(self.X.dtype) @ self.X.T
        return product if self.row_scale is None else product * self.row_scale

    def times_weights(self, W: Reals) -> Floats:
        """Product W X, shape (k, m)."""
        product = ((W if self.row_scale is None else W * self.row_scale) @ self.X).astype(float)
        return product if self.column_scale is None else product * self.column_scale


def sweep_weights(W: Reals, gram: Floats, right: Reals, sweeps: int) -> None:
    """Improve the maps in place, each pixel for itself, with cyclic coordinate descent.

    Cichocki & Phan, IEICE Trans. Fundamentals E92-A (2009) 708, equation 24; several sweeps per product with the data
    as in Gillis & Glineur, Neural Comput. 24 (2012) 1085.

    Args:
        W: Maps, shape (k, n), ≥ 0.
        gram: Product of the spectra, H Hᵀ, shape (k, k).
        right: Product of spectra and data, H Xᵀ, shape (k, n).
        sweeps: Passes over all components.
    """
    k, n = W.shape
    diagonal = np.diag(gram)
    # Rows divided by their diagonal, which is left out, make a sweep one product, one difference and one clipping.
    told = np.where(diagonal > 0.0, diagonal, np.inf)
    rows = ((gram - np.diag(diagonal)) / told[:, None]).astype(W.dtype)
    inverse = (1.0 / told).astype(W.dtype)
    for start in range(0, n, BLOCK):
        w = W[:, start : start + BLOCK].copy()
        target = right[:, start : start + BLOCK] * inverse[:, None]
        for _ in range(sweeps):
            for j in range(k):
                np.maximum(target[j] - rows[j] @ w, 0.0, out=w[j])
        W[:, start : start + BLOCK] = w


def sweep_soft_orthogonal(W: Reals, gram: Floats, right: Reals, omega: float) -> None:
    """Improve the maps in place, taking a part ω of what each has in common with the others out of it.

    Shiga et al., Ultramicroscopy 170 (2016) 43, algorithm 1: c ← c − ω (c̃ᵀc)/(c̃ᵀc̃) c̃ with c̃ the sum of the other
    maps, each map of unit length; left out where c̃ is 0.

    Args:
        W: Maps of unit length, shape (k, n), ≥ 0.
        gram: Product of the spectra, H Hᵀ, shape (k, k).
        right: Product of spectra and data, H Xᵀ, shape (k, n).
        omega: Weight of the orthogonality, 0 to 1.
    """
    total = W.sum(axis=0)
    for j in range(len(W)):
        row = gram[j].astype(W.dtype)
        c = right[j] - row @ W + row[j] * W[j]
        others = total - W[j]
        square = float(others @ others)
        if omega and square > 0.0:
            c -= W.dtype.type(omega * float(others @ c) / square) * others
        np.maximum(c, 0.0, out=c)
        length = float(np.sqrt(c @ c))
        # A map of zeros could never return.
        if length > 0.0:
            W[j] = c / W.dtype.type(length)
        total = others + W[j]


def sweep_components(H: Floats, gram: Floats, right: Floats, sweeps: int) -> None:
    """Improve the spectra in place, exactly non-negative on every energy.

    Args:
        H: Spectra, shape (k, m), ≥ 0.
        gram: Product of the maps, W Wᵀ, shape (k, k).
        right: Product of maps and data, W X, shape (k, m).
        sweeps: Passes over all components.
    """
    for _ in range(sweeps):
        for j in range(len(H)):
            if gram[j, j] > 0.0:
                new = np.maximum(H[j] + (right[j] - gram[j] @ H) / gram[j, j], 0.0)
                H[j] = new if new.any() else 1e-12 * H[j]


def alternate(
    data: Products,
    W: Reals,
    H: Floats,
    *,
    max_iter: int,
    tol: float,
    sweeps: int = 2,
    callback: Callable[[int, float], None] | None = None,
) -> tuple[Reals, Floats, int]:
    """Alternate between maps and spectra until the spectra no longer change.

    Each alternation starts from spectra carried on in the direction of the last step, by Nesterov's sequence, which
    begins anew when a step turns back (O'Donoghue & Candès, Found. Comput. Math. 15 (2015) 715, section 3.2).

    Args:
        data: The data.
        W: Maps to start from, shape (k, n); not changed.
        H: Spectra to start from, shape (k, m); not changed.
        max_iter: Alternations at most.
        tol: Largest change of a spectrum per alternation, relative to its length, at which to stop.
        sweeps: Passes over the components within each half step.
        callback: Called with the alternation's number and the change.

    Returns:
        Maps, spectra of unit sum, and alternations done.
    """
    W, H, done, momentum = W.copy(), _unit(H), 0, 1.0
    ahead = H
    for done in range(1, max_iter + 1):
        sweep_weights(W, ahead @ ahead.T, data.times_components(ahead), sweeps)
        new = ahead.copy()
        sweep_components(new, _gram(W), data.times_weights(W), 2 * sweeps)
        scale = new.sum(axis=1)
        scale[scale <= 0.0] = 1.0
        new /= scale[:, None]
        W *= scale.astype(W.dtype)[:, None]
        step = new - H
        change = float((np.linalg.norm(step, axis=1) / np.linalg.norm(H, axis=1)).max())
        if callback is not None:
            callback(done, change)
        following = 0.5 + np.sqrt(0.25 + momentum**2)
        turned = float(np.vdot(ahead - new, step)) > 0.0
        ahead = new if turned else np.maximum(new + (momentum - 1.0) / following * step, 0.0)
        H, momentum = new, 1.0 if turned else following
        if change < tol:
            break
    return W, H, done


def _gram(W: Reals) -> Floats:
    """W Wᵀ in float64."""
    return (W @ W.T).astype(float)


def _unit(H: Floats) -> Floats:
    """Rows of unit sum; empty rows become flat, because a component of zeros could never grow."""
    H = np.where(H.any(axis=1, keepdims=True), H, 1.0)
    return H / H.sum(axis=1, keepdims=True)
