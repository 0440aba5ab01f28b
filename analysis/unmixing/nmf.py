"""Non-negative matrix factorisation of spectra that are all there."""

from __future__ import annotations

from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from analysis.unmixing.compression import Compressed, compress
from analysis.unmixing.hals import Full, Products, alternate
from analysis.unmixing.initial import pick_spectra, random_components, svd_components
from analysis.unmixing.likelihood import improve_likelihood, likelihood_weights, variance_scales
from analysis.unmixing.shared_nnls import shared_nnls

Floats = NDArray[np.float64]
Reals = NDArray[Any]
Loss = Literal["frobenius", "variance", "kullback-leibler"]
Negative = Literal["offset", "clip", "keep", "raise"]

_POLISH = 2
"""Alternations on the whole data after those on the compressed ones; more change nothing that is above the noise."""

_ROWS = 1024

_TRANSFORM_ITERATIONS = 50
"""Multiplicative updates with which a pixel's weights are found; they start from least squares, near the end."""


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Non-negative factorisation X ≈ W H by hierarchical alternating least squares in compressed data.

    The energy axis is compressed by a truncated singular value decomposition, in which an alternation costs a
    twentieth; spectra are non-negative on the whole axis all the same, and the last alternations use all of the data.
    Spectra have unit sum, so that weights are in counts.

    Args:
        n_components: Number of components k.
        loss: "frobenius" (least squares), "variance" (weighted so that counts of all pixels and energies matter as
            Poisson statistics has it, nearly; Keenan & Kotula), or "kullback-leibler" (Poisson likelihood, slower).
        negative: What becomes of negative values: "offset" adds the negative of the lowest value to everything
            (it becomes part of the components), "clip" sets them to 0, "keep" fits them as they are, which is right
            for noise around 0, "raise" refuses them.
        init: Start of the iteration: "svd", "spectra" (the purest spectra), "random", or spectra, shape (k, m).
        rank: Dimensions to compress to, 0 for not at all; None for 2 k + 2.
        max_iter: Alternations at most.
        tol: Largest relative change of a spectrum in one alternation at which it has converged.
        random_state: Seed for a random start.

    Attributes:
        components_: Spectra of unit sum, strongest first, shape (k, n_features).
        offset_: What was added to the data.
        reconstruction_err_: Frobenius distance between data and model.
        n_iter_: Alternations done.
        n_features_in_: Number of energies m.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        loss: Loss = "frobenius",
        negative: Negative = "offset",
        init: str | Floats = "svd",
        rank: int | None = None,
        max_iter: int = 500,
        tol: float = 1e-4,
        random_state: int | None = 0,
    ) -> None:
        self.n_components = n_components
        self.loss = loss
        self.negative = negative
        self.init = init
        self.rank = rank
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Factorise X (n_samples, n_features); y is ignored."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: ArrayLike, y: object = None, **fit_params: object) -> Reals:
        """Factorise spectra.

        Args:
            X: Spectra, shape (n_samples, n_features), finite.
            y: Ignored.
            **fit_params: None are known.

        Returns:
            Weights, shape (n_samples, k), in the spectra's unit.

        Raises:
            ValueError: A parameter is out of its range, or values are negative where that is refused.
        """
        if self.n_components < 1:
            raise ValueError(f"n_components must be at least 1, not {self.n_components!r}")
        X = np.asarray(validate_data(self, cast(Any, X), dtype=[np.float64, np.float32]))
        self.offset_ = max(0.0, -float(X.min())) if self.negative == "offset" else 0.0
        X = self._shifted(X)
        columns, rows = (None, None) if self.loss == "frobenius" else variance_scales(X)
        data = self._compressed(X, columns, rows)
        W, H, self.n_iter_ = self._factorise(data, X, columns, rows)
        if columns is not None:
            H = H / columns
        if self.loss == "kullback-leibler":
            W = shared_nnls(*_normal_equations(X, H, columns))
            W, H, more = improve_likelihood(X, W, H, self.max_iter, self.tol)
            self.n_iter_ += more
        self._column_scale = columns
        self.components_ = _unit_sum(H)
        W = self._weights(X, W)
        order = np.argsort(-W.sum(axis=0, dtype=float), kind="stable")
        self.components_, W = self.components_[order], W[:, order]
        self.reconstruction_err_ = _distance(X, W, self.components_)
        return W

    def transform(self, X: ArrayLike) -> Reals:
        """Weights (n_samples, k) of spectra X (n_samples, n_features) in the fitted basis."""
        check_is_fitted(self)
        X = np.asarray(validate_data(self, cast(Any, X), reset=False, dtype=[np.float64, np.float32]))
        return self._weights(self._shifted(X))

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Spectra (n_samples, n_features) that weights X (n_samples, k) stand for."""
        check_is_fitted(self)
        return np.asarray(X, float) @ self.components_ - self.offset_

    @property
    def _n_features_out(self) -> int:
        """Number of output columns, for ``get_feature_names_out``."""
        return len(self.components_)

    def _factorise(
        self, data: Compressed, X: Reals, columns: Floats | None, rows: Floats | None
    ) -> tuple[Reals, Floats, int]:
        """Iterate from the chosen start; returns maps and spectra of the scaled data, and alternations done."""
        H = self._start(data)
        # The sweeps that follow make of it what non-negative least squares would, and sooner.
        W = np.maximum(np.linalg.pinv(H @ H.T).astype(X.dtype) @ data.times_components(H), 0)
        W, H, done = self._alternate(data, W, H, self.max_iter)
        if len(data.basis) < min(X.shape) and done < self.max_iter:
            full = Full(X, columns, None if rows is None else rows.astype(X.dtype))
            W, H, more = self._alternate(full, W, H, min(_POLISH, self.max_iter - done))
            done += more
        return W, H, done

    def _alternate(self, data: Products, W: Reals, H: Floats, max_iter: int) -> tuple[Reals, Floats, int]:
        """One run of the iteration."""
        return alternate(data, W, H, max_iter=max_iter, tol=self.tol)

    def _compressed(self, X: Reals, columns: Floats | None, rows: Floats | None) -> Compressed:
        """The scaled data in as many dimensions as asked for."""
        rank = 2 * self.n_components + 2 if self.rank is None else self.rank
        return compress(X, max(rank, self.n_components) if rank else min(X.shape), columns, rows)

    def _start(self, data: Compressed) -> Floats:
        """Spectra to start from, shape (k, m)."""
        k = self.n_components
        if not isinstance(self.init, str):
            H = np.asarray(self.init, float)
            if H.shape != (k, data.shape[1]) or (H < 0.0).any():
                raise ValueError(
                    f"init holds {H.shape} values: give non-negative spectra of shape {(k, data.shape[1])}"
                )
            return H
        if self.init == "spectra":
            return pick_spectra(data, k)[0]
        if self.init == "random":
            return random_components(data, k, self.random_state)
        if self.init == "svd":
            return svd_components(data, k)
        raise ValueError(f'init must be "svd", "spectra", "random" or an array, not {self.init!r}')

    def _weights(self, X: Reals, start: Reals | None = None) -> Reals:
        """Weights (n, k) in the fitted basis, each pixel for itself; maps (k, n) to start from save time."""
        W = shared_nnls(*_normal_equations(X, self.components_, self._column_scale), start=start)
        if self.loss == "kullback-leibler":
            W = likelihood_weights(X, W, self.components_, _TRANSFORM_ITERATIONS)
        return np.ascontiguousarray(W.T)

    def _shifted(self, X: Reals) -> Reals:
        """Make the data as non-negative as chosen; spectra below the fitted offset are cut off at 0."""
        if self.negative == "keep" and self.loss != "kullback-leibler":
            return X
        if self.negative == "raise" and (X < 0).any():
            raise ValueError('Negative values in data passed to NMF: choose negative="offset", "clip" or "keep"')
        return np.maximum(X + X.dtype.type(self.offset_), 0) if X.min() < 0 or self.offset_ else X


def _normal_equations(X: Reals, H: Floats, columns: Floats | None) -> tuple[Floats, Reals]:
    """Gram matrix (k, k) and right-hand sides (k, n) of the weights, with factors on the energies."""
    weighted = H if columns is None else H * columns**2
    return weighted @ H.T, Full(X).times_components(weighted)


def _distance(X: Reals, W: Reals, H: Floats) -> float:
    """Frobenius norm of X − W H, summed in blocks that stay in the processor's cache."""
    square, H = 0.0, H.astype(W.dtype)
    for start in range(0, len(X), _ROWS):
        block = slice(start, start + _ROWS)
        left = X[block] - W[block] @ H
        square += float(np.vdot(left, left))
    return float(np.sqrt(square))


def _unit_sum(H: Floats) -> Floats:
    """Rows of unit sum; empty rows stay empty."""
    total = H.sum(axis=1, keepdims=True)
    return H / np.where(total > 0.0, total, 1.0)
