"""Non-negative matrix factorisation of patterns that arrive one at a time during a scan."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.decomposition import NMF as BatchNMF  # noqa: N811
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from analysis.unmixing.factorisation import Prior, Scores, improve, score, unit_sum, without_lone_values
from analysis.unmixing.identity import Window, match_components, match_windows, window_masks, window_templates
from analysis.unmixing.noise import Kind, NoiseModel

Floats = NDArray[np.float64]

_STATE_VERSION = 1


class OnlineNMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Robust NMF whose components keep their identity while patterns arrive.

    Patterns X (n_samples, n_features) are approximated by weights × components, both ≥ 0. Components have unit sum,
    so a weight is the number of counts that its component contributes. After each refit the new components are put
    in the order of the old ones (Hungarian algorithm), and all patterns seen so far are scored again in the new basis.

    Missing pixels are NaN; a pattern of NaN alone keeps its row, with NaN weights. Spikes have bounded influence
    (Huber). Negative values are fitted as they are, which is right for noise around 0; a signal of both signs needs
    an ``offset`` that is added to every pixel of every pattern first and so becomes part of the components.

    Args:
        n_components: Number of components k.
        noise: "poisson" for counts, "gaussian" for anything else (one deviation for all pixels, estimated).
        offset: Added to all patterns: a number, or "auto" for the negative of the lowest of the pixels' 5 %
            quantiles over the patterns seen (never lowered afterwards), at least 0.
        shape: Shape of a pattern, (y, x), when it is a frame; needed for anchors in frames.
        anchors: Per component a pixel window (see :func:`analysis.unmixing.identity.window_masks`) or None;
            component k is the one whose intensity lies in window k, from the first pattern on.
        anchor_weight: Number of patterns that the belief in an anchor weighs as much as.
        huber: Residuals beyond this many standard deviations are outliers.
        refit_every: Patterns after which the components are refitted at the latest (5 % of those seen, if more).
        max_iter: Alternations at most in :meth:`fit`.
        tol: Change of a component, in L1 distance, at which a fit has converged.

    Attributes:
        components_: Basis, rows of unit sum, shape (k, n_features).
        weights_: Weights of all patterns seen, in order, shape (n_samples_seen_, k).
        weight_errors_: Their standard deviations, same shape.
        misfit_: Reduced χ² of each pattern, shape (n_samples_seen_,).
        offset_: What is added to the patterns.
        noise_: The noise model with its fitted dispersion.
        n_samples_seen_: Number of patterns seen.
        revision_: Counts the changes of the basis, after each of which all weights changed.
    """

    def __init__(
        self,
        n_components: int = 4,
        *,
        noise: Kind = "poisson",
        offset: float | Literal["auto"] = 0.0,
        shape: tuple[int, ...] | None = None,
        anchors: Sequence[Window | None] | None = None,
        anchor_weight: float = 0.05,
        huber: float = 3.0,
        refit_every: int = 4,
        max_iter: int = 200,
        tol: float = 1e-4,
    ) -> None:
        self.n_components = n_components
        self.noise = noise
        self.offset = offset
        self.shape = shape
        self.anchors = anchors
        self.anchor_weight = anchor_weight
        self.huber = huber
        self.refit_every = refit_every
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Forget everything and fit all patterns until convergence.

        Args:
            X: Patterns, shape (n_samples, n_features); NaN marks missing pixels.
            y: Ignored.

        Returns:
            Self.
        """
        self._forget()
        self._append(self._validated(X, reset=True))
        self._refit(self.max_iter, cold=True)
        return self

    def partial_fit(self, X: ArrayLike, y: object = None) -> Self:
        """Take in further patterns; refit the components when that is due.

        Args:
            X: Patterns, shape (n_samples, n_features), or one pattern, shape (n_features,).
            y: Ignored.

        Returns:
            Self.
        """
        if np.ndim(X) == 1:
            X = np.asarray(X)[None, :]
        first = not hasattr(self, "components_")
        X = self._validated(X, reset=first)
        if first:
            self._forget()
        self._append(X)
        if self._refit_due(len(X)):
            seen = self.n_samples_seen_
            young = seen <= self._warm_up
            doubled = seen >= 2 * self._cold_at
            self._refit(max(3, 160 // seen), cold=young or doubled)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Score patterns in the present basis.

        Args:
            X: Patterns, shape (n_samples, n_features); NaN marks missing pixels.

        Returns:
            Weights, shape (n_samples, k), in counts.
        """
        check_is_fitted(self)
        return self.score_patterns(X).weights

    def score_patterns(self, X: ArrayLike) -> Scores:
        """Score patterns in the present basis, with errors and misfits.

        Args:
            X: Patterns, shape (n_samples, n_features); NaN marks missing pixels.

        Returns:
            Weights, errors and misfits.
        """
        check_is_fitted(self)
        return self._score(self._validated(X, reset=False))

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Patterns that weights stand for, in the units that were fitted.

        Args:
            X: Weights, shape (n_samples, k).

        Returns:
            Patterns, shape (n_samples, n_features).
        """
        check_is_fitted(self)
        return np.asarray(X, float) @ self.components_ - self.offset_

    @property
    def patterns_(self) -> Floats:
        """All patterns seen, in order, shape (n_samples_seen_, n_features); NaN where missing (read-only)."""
        view = self._buffer[: self.n_samples_seen_]
        view.flags.writeable = False
        return view

    def state(self, patterns: bool = True) -> dict[str, Any]:
        """Everything needed to go on exactly as if never stopped.

        Args:
            patterns: Include the patterns; False where they are kept elsewhere, to be given to :meth:`from_state`.

        Returns:
            Plain numbers and strings, and NumPy arrays.
        """
        check_is_fitted(self)
        state: dict[str, Any] = {
            "version": _STATE_VERSION,
            "parameters": self.get_params(),
            "components": self.components_.copy(),
            "weights": self.weights_.copy(),
            "weight_errors": self.weight_errors_.copy(),
            "misfit": self.misfit_.copy(),
            "offset": self.offset_,
            "floor": self.noise_.floor,
            "dispersion": self.noise_.dispersion,
            "centre": self._centre.copy(),
            "revision": self.revision_,
            "refitted_at": self._refitted_at,
            "cold_at": self._cold_at,
            "novelty": self._novelty,
        }
        if patterns:
            state["patterns"] = self.patterns_.copy()
        return state

    @classmethod
    def from_state(cls, state: Mapping[str, Any], patterns: ArrayLike | None = None) -> OnlineNMF:
        """Restore what :meth:`state` gave.

        Args:
            state: The state; arrays may be nested lists, as after JSON.
            patterns: The patterns seen, in order, when the state holds none.

        Returns:
            An estimator that goes on exactly as the first would have.

        Raises:
            ValueError: The state is of another version, or patterns are missing or of another number.
        """
        if state.get("version") != _STATE_VERSION:
            raise ValueError(f"unmixing state has version {state.get('version')!r}, not {_STATE_VERSION}")
        held = state.get("patterns") if patterns is None else patterns
        weights = np.array(state["weights"], float)
        if held is None or len(np.asarray(held)) != len(weights):
            raise ValueError(f"give the {len(weights)} patterns seen, in order: the state holds none of its own")
        new = cls(**state["parameters"])
        new._forget()
        new.n_features_in_ = np.asarray(held).shape[1]
        new._append(np.array(held, float))
        new.components_ = np.array(state["components"], float)
        new.weights_, new.weight_errors_ = weights, np.array(state["weight_errors"], float)
        new.misfit_, new._centre = np.array(state["misfit"], float), np.array(state["centre"], float)
        new.offset_ = float(state["offset"])
        new.noise_ = NoiseModel(new.noise, float(state["floor"]), float(state["dispersion"]), new.huber)
        new.revision_, new._refitted_at = int(state["revision"]), int(state["refitted_at"])
        new._cold_at, new._novelty = int(state["cold_at"]), float(state["novelty"])
        return new

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @property
    def _n_features_out(self) -> int:
        """Number of output columns, for ``get_feature_names_out``."""
        return len(self.components_)

    @property
    def _warm_up(self) -> int:
        """Number of patterns up to which every refit starts afresh: early patterns say little of the later ones."""
        return max(2 * self.n_components, 8)

    def _validated(self, X: ArrayLike, *, reset: bool) -> Floats:
        """Check parameters and patterns; returns a float64 array (n, m)."""
        if self.n_components < 1:
            raise ValueError(f"n_components must be at least 1, not {self.n_components!r}")
        if self.anchors is not None and len(self.anchors) != self.n_components:
            raise ValueError(f"{len(self.anchors)} anchors for {self.n_components} components: give one (or None) each")
        X = np.asarray(validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"))
        if self.shape is not None and np.prod(self.shape) != X.shape[1]:
            raise ValueError(f"patterns have {X.shape[1]} pixels, but shape {tuple(self.shape)} says otherwise")
        return X

    def _forget(self) -> None:
        """Return to the state before the first pattern."""
        self.n_samples_seen_ = 0
        self.revision_ = 0
        self.offset_ = 0.0 if isinstance(self.offset, str) else float(self.offset)
        self._refitted_at = self._cold_at = 0
        self._novelty = 0.0
        for name in ("components_", "_buffer"):
            if hasattr(self, name):
                delattr(self, name)

    def _append(self, X: Floats) -> None:
        """Store patterns in a buffer that doubles when it is full."""
        seen, total = self.n_samples_seen_, self.n_samples_seen_ + len(X)
        if not hasattr(self, "_buffer"):
            self._buffer = np.empty((max(64, total), X.shape[1]))
            self._any_missing = False
        elif total > len(self._buffer):
            larger = np.empty((max(2 * len(self._buffer), total), X.shape[1]))
            larger[:seen] = self._buffer[:seen]
            self._buffer = larger
        self._buffer[seen:total] = X
        self._any_missing = self._any_missing or bool(np.isnan(X).any())
        self.n_samples_seen_ = total

    def _refit_due(self, new: int) -> bool:
        """Score the new patterns in the present basis and decide whether it still serves."""
        if not hasattr(self, "components_"):
            return True
        fresh = self._score(self._buffer[self.n_samples_seen_ - new : self.n_samples_seen_])
        self.weights_ = np.vstack([self.weights_, fresh.weights])
        self.weight_errors_ = np.vstack([self.weight_errors_, fresh.errors])
        self.misfit_ = np.concatenate([self.misfit_, fresh.misfit])
        waiting = self.n_samples_seen_ - self._refitted_at
        due = waiting >= max(self.refit_every, 0.05 * self.n_samples_seen_)
        surprising = bool(fresh.misfit.max() > 1.5 * self._novelty)
        return due or surprising or self.n_samples_seen_ <= self._warm_up

    def _score(self, X: Floats) -> Scores:
        """Score patterns as measured (NaN where missing) in the present basis."""
        Y, finite = self._filled(X)
        return score(Y, self.components_, self.noise_, self._centre, finite)

    def _filled(self, X: Floats) -> tuple[Floats, NDArray[np.bool_] | None]:
        """Add the offset and replace missing values by 0; returns them with a mask, None when none is missing."""
        missing = np.isnan(X)
        Y = X + self.offset_ if self.offset_ else X
        if not missing.any():
            return Y, None
        return np.where(missing, 0.0, Y), ~missing

    def _refit(self, iterations: int, *, cold: bool) -> None:
        """Fit the components to all patterns seen, keep their identity, and score everything again."""
        X = self._buffer[: self.n_samples_seen_]
        self._raise_offset(X)
        Y, finite = self._filled(X)
        prior = self._prior(Y)
        old = getattr(self, "components_", None)
        if old is None:
            floor = max(0.1 * float(np.abs(Y).mean()), 1e-300)
            self.noise_ = NoiseModel(self.noise, floor, self._first_dispersion(Y), self.huber)
            H = self._first_components(without_lone_values(Y), prior)
        else:
            H = old
        W = self.weights_ if old is not None else score(Y, H, self.noise_, np.median(Y, axis=0), finite).weights
        W = np.nan_to_num(W)
        W, H = improve(Y, W, H, self.noise_, finite=finite, prior=prior, iterations=iterations, tol=self.tol)
        if cold and prior is None:
            W, H = self._restarted(Y, W, H, finite, iterations)
            self._cold_at = self.n_samples_seen_
        self.noise_ = self.noise_.fitted(Y, W @ H, finite)
        self._centre = np.median(W, axis=0) @ H
        self.components_ = self._in_order(H, W, old)
        scores = self._score(X)
        self.weights_, self.weight_errors_, self.misfit_ = scores.weights, scores.errors, scores.misfit
        self._novelty = float(scores.misfit.max())
        self._refitted_at = self.n_samples_seen_
        self.revision_ += 1

    def _raise_offset(self, X: Floats) -> None:
        """Let an automatic offset follow the lowest pixel, without following spikes."""
        if self.offset == "auto":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # a pixel that is always missing has no quantile
                lowest = np.nanmin(np.nanquantile(X, 0.05, axis=0))
            if -lowest > self.offset_:
                self.offset_ = float(-lowest)

    def _first_dispersion(self, Y: Floats) -> float:
        """Dispersion before there is any model: large, so that nothing is an outlier yet."""
        return 1.0 if self.noise == "poisson" else max(float(np.var(Y)), 1e-300)

    def _prior(self, Y: Floats) -> Prior | None:
        """The anchors as extra patterns, each holding one component alone at the median pattern's total."""
        if self.anchors is None:
            return None
        templates = window_templates(self.anchors, self._shape(Y))
        total = float(np.median(Y.sum(axis=1)))
        strength = np.where(templates.any(axis=1), self.anchor_weight * total**2, 0.0)
        return Prior(templates, strength)

    def _shape(self, Y: Floats) -> tuple[int, ...]:
        """Shape of a pattern."""
        return (Y.shape[1],) if self.shape is None else tuple(self.shape)

    def _first_components(self, Y: Floats, prior: Prior | None) -> Floats:
        """Components to start from: the anchors' templates, and the mean pattern for the others."""
        if prior is None:
            return self._cold_components(Y)
        H = prior.templates.copy()
        free = ~H.any(axis=1)
        rest = np.maximum(Y.mean(axis=0), 0.0) * ~H.any(axis=0)
        H[free] = rest * np.random.default_rng(0).uniform(0.5, 1.0, size=(int(free.sum()), Y.shape[1]))
        return unit_sum(H)

    def _cold_components(self, Y: Floats) -> Floats:
        """Components of a plain factorisation that knows nothing of the past; fewer patterns leave empty rows."""
        H = np.zeros((self.n_components, Y.shape[1]))
        rank = min(self.n_components, *Y.shape)
        plain = BatchNMF(rank, init="nndsvda", max_iter=30, tol=1e-3, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            H[:rank] = plain.fit(np.maximum(Y, 0.0)).components_
        return unit_sum(H)

    def _restarted(
        self, Y: Floats, W: Floats, H: Floats, finite: NDArray[np.bool_] | None, iterations: int
    ) -> tuple[Floats, Floats]:
        """Try a fresh start, which may escape what the first few patterns led to, and keep the better fit."""
        noise = self.noise_.fitted(Y, W @ H, finite)
        model = W @ H
        filled = Y if finite is None else np.where(finite, Y, model)
        fresh = self._cold_components(without_lone_values(filled))
        V = np.nan_to_num(score(Y, fresh, noise, model.mean(axis=0), finite).weights)
        V, fresh = improve(Y, V, fresh, noise, finite=finite, iterations=iterations, tol=self.tol)
        better = noise.loss(Y, V @ fresh, finite) < 0.98 * noise.loss(Y, model, finite)
        return (V, fresh) if better else (W, H)

    def _in_order(self, H: Floats, W: Floats, old: Floats | None) -> Floats:
        """Put components in the windows' order, in that of the last refit, or the strongest first."""
        if self.anchors is not None:
            return H[match_windows(window_masks(self.anchors, self._shape(H)), H)]
        if old is not None:
            return H[match_components(old, H)]
        return H[np.argsort(-W.sum(axis=0), kind="stable")]
