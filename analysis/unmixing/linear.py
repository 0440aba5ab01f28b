"""Principal and independent components: decompositions that know nothing of non-negative spectra and amounts."""

from __future__ import annotations

from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import decomposition
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]
Reals = NDArray[Any]


class _Linear(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Weights and spectra of both signs around a mean: X ≈ W H + mean.

    Spectra point to where their largest value is positive, strongest first, so that two fits can be compared.
    """

    components_: Floats
    mean_: Floats

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Decompose X (n_samples, n_features); y is ignored."""
        X = np.asarray(validate_data(self, cast(Any, X), dtype=[np.float64, np.float32], ensure_min_samples=2))
        spectra, self.mean_ = self._decompose(X)
        largest = np.take_along_axis(spectra, np.abs(spectra).argmax(axis=1)[:, None], axis=1)
        self.components_ = np.where(largest < 0.0, -spectra, spectra)
        # Weights by least squares, exact where spectra are no orthonormal rows.
        self._inverse = np.linalg.pinv(self.components_)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Weights (n_samples, k) of spectra X (n_samples, n_features), of both signs."""
        check_is_fitted(self)
        X = np.asarray(validate_data(self, cast(Any, X), reset=False, dtype=[np.float64, np.float32]))
        return (X - self.mean_.astype(X.dtype)) @ self._inverse.astype(X.dtype)

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Spectra (n_samples, n_features) that weights X (n_samples, k) stand for."""
        check_is_fitted(self)
        return np.asarray(X, float) @ self.components_ + self.mean_

    @property
    def _n_features_out(self) -> int:
        """Number of output columns, for ``get_feature_names_out``."""
        return len(self.components_)

    def _decompose(self, X: Reals) -> tuple[Floats, Floats]:
        """Spectra (k, m), strongest first, and the mean (m,)."""
        raise NotImplementedError

    def _count(self, X: Reals) -> int:
        """Number of components that the data can give."""
        k = cast(Any, self).n_components
        if k < 1:
            raise ValueError(f"n_components must be at least 1, not {k!r}")
        return min(k, *X.shape)


class PCA(_Linear):
    """Principal component analysis of spectra: orthonormal spectra of greatest variance around the mean.

    Args:
        n_components: Number of components k; fewer where the data have fewer dimensions.

    Attributes:
        components_: Orthonormal spectra, of greatest variance first, shape (k, n_features).
        mean_: Mean spectrum, shape (n_features,).
        explained_variance_ratio_: Share of each in the variance, shape (k,).
        n_features_in_: Number of energies m.
    """

    def __init__(self, n_components: int = 2) -> None:
        self.n_components = n_components

    def _decompose(self, X: Reals) -> tuple[Floats, Floats]:
        """By way of the covariance matrix, which is small where pixels are many."""
        solver = "covariance_eigh" if len(X) > X.shape[1] else "full"
        model = decomposition.PCA(self._count(X), svd_solver=solver).fit(X)
        self.explained_variance_ratio_ = np.nan_to_num(model.explained_variance_ratio_)
        return np.asarray(model.components_, float), np.asarray(model.mean_, float)


class ICA(_Linear):
    """Independent component analysis of spectra: maps as independent of one another as can be (FastICA).

    Hyvärinen & Oja, Neural Netw. 13 (2000) 411. Here, other than in scikit-learn, ``components_`` are the components'
    spectra, the columns of the mixing matrix, and not the filters that find their weights.

    Args:
        n_components: Number of components k; fewer where the data have fewer dimensions.
        max_iter: Iterations at most.
        tol: Change at which the iteration has converged.
        random_state: Seed of the start.

    Attributes:
        components_: Spectra at weights of unit variance, strongest first, shape (k, n_features).
        mean_: Mean spectrum, shape (n_features,).
        n_iter_: Iterations done.
        n_features_in_: Number of energies m.
    """

    def __init__(
        self, n_components: int = 2, *, max_iter: int = 500, tol: float = 1e-4, random_state: int | None = 0
    ) -> None:
        self.n_components = n_components
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _decompose(self, X: Reals) -> tuple[Floats, Floats]:
        """Independent directions among the principal ones."""
        mean = X.mean(axis=0, dtype=float)
        k = self._count(X)
        principal = PCA(k).fit(X)
        scores = principal.transform(X).astype(float)
        deviation = scores.std(axis=0)
        told = deviation > 1e-7 * max(float(deviation.max(initial=0.0)), 1e-300)
        if not told.any():
            self.n_iter_ = 0
            return principal.components_, mean
        model = decomposition.FastICA(
            int(told.sum()),
            whiten=cast(Any, "unit-variance"),
            whiten_solver="eigh",
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=self.random_state,
        ).fit(scores[:, told])
        self.n_iter_ = int(model.n_iter_)
        spectra = np.asarray(model.mixing_, float).T @ principal.components_[told]
        return spectra[np.argsort(-np.linalg.norm(spectra, axis=1), kind="stable")], mean
