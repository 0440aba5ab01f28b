"""Non-negative matrix factorisation of patterns that are all there."""

from __future__ import annotations

from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.decomposition import NMF as PlainNMF  # noqa: N811
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """scikit-learn's NMF with components of unit sum, so that weights are in counts, and with negative values.

    Args:
        n_components: Number of components k.
        negative: What becomes of negative values: "offset" adds the negative of the lowest value to everything
            (it becomes part of the components), "clip" sets them to 0, "raise" refuses them.
        init: Start of the iteration, as in scikit-learn.
        solver: "cd" (coordinate descent) or "mu" (multiplicative updates).
        beta_loss: "frobenius", or with "mu" also "kullback-leibler", the likelihood of counts.
        max_iter: Iterations at most.
        tol: Relative change of the loss at which it has converged.
        random_state: Seed for a random start.

    Attributes:
        components_: Rows of unit sum, strongest first, shape (k, n_features).
        offset_: What was added to the data.
        reconstruction_err_: Distance between data and model, as scikit-learn reports it.
        n_iter_: Iterations done.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        negative: Literal["offset", "clip", "raise"] = "offset",
        init: str | None = "nndsvda",
        solver: Literal["cd", "mu"] = "cd",
        beta_loss: str = "frobenius",
        max_iter: int = 500,
        tol: float = 1e-4,
        random_state: int | None = 0,
    ) -> None:
        self.n_components = n_components
        self.negative = negative
        self.init = init
        self.solver = solver
        self.beta_loss = beta_loss
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Factorise X (n_samples, n_features); y is ignored."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: ArrayLike, y: object = None, **fit_params: object) -> Floats:
        """Factorise patterns.

        Args:
            X: Patterns, shape (n_samples, n_features), finite.
            y: Ignored.
            **fit_params: None are known.

        Returns:
            Weights, shape (n_samples, k), in the patterns' unit.
        """
        X = np.asarray(validate_data(self, cast(Any, X), dtype=[np.float64, np.float32]))
        self.offset_ = max(0.0, -float(X.min())) if self.negative == "offset" else 0.0
        rank = min(self.n_components, *X.shape) if self.init in ("nndsvd", "nndsvda", "nndsvdar") else self.n_components
        self._plain = PlainNMF(
            cast(Any, rank),  # scikit-learn's own annotation knows only the word
            init=self.init,
            solver=self.solver,
            beta_loss=self.beta_loss,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=self.random_state,
        )
        weights = self._plain.fit_transform(self._shifted(X))
        total = self._plain.components_.sum(axis=1)
        self._order = np.argsort(-weights.sum(axis=0) * total, kind="stable")
        self._total = np.where(total > 0.0, total, 1.0)[self._order]
        self.components_ = self._plain.components_[self._order] / self._total[:, None]
        self.reconstruction_err_, self.n_iter_ = self._plain.reconstruction_err_, self._plain.n_iter_
        return weights[:, self._order] * self._total

    def transform(self, X: ArrayLike) -> Floats:
        """Weights (n_samples, k) of patterns X (n_samples, n_features) in the fitted basis."""
        check_is_fitted(self)
        X = np.asarray(validate_data(self, cast(Any, X), reset=False, dtype=[np.float64, np.float32]))
        return self._plain.transform(self._shifted(X))[:, self._order] * self._total

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Patterns (n_samples, n_features) that weights X (n_samples, k) stand for."""
        check_is_fitted(self)
        return np.asarray(X, float) @ self.components_ - self.offset_

    @property
    def _n_features_out(self) -> int:
        """Number of output columns, for ``get_feature_names_out``."""
        return len(self.components_)

    def _shifted(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Make the data non-negative as chosen; patterns below the fitted offset are cut off at 0."""
        if self.negative == "raise":
            if (X < 0).any():
                raise ValueError('Negative values in data passed to NMF: choose negative="offset" or "clip"')
            return X
        return np.maximum(X + X.dtype.type(self.offset_), 0)
