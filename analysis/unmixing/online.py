"""Non-negative matrix factorisation of patterns that arrive one at a time during a scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from analysis.unmixing.energy_direction import EnergyDirection
from analysis.unmixing.factorisation import Prior, Scores, improve, score
from analysis.unmixing.identity import Window, match_components, match_windows, window_masks, window_templates
from analysis.unmixing.initialisation import anchored_components, first_noise, plain_components, restarted
from analysis.unmixing.noise import Kind, NoiseModel
from analysis.unmixing.patterns import PatternStore, filled, lowest_level
from analysis.unmixing.recipes import Method

Floats = NDArray[np.float64]

_STATE_VERSION = 1

_FIT_ROUNDS = 4
"""Times that a batch fit looks again at how large the noise is, and so at what is an outlier."""

_ARRAYS = ("components_", "weights_", "weight_errors_", "misfit_", "_centre")
_NUMBERS = ("offset_", "revision_", "n_iter_", "_refitted_at", "_cold_at", "_novelty")


class OnlineNMF(EnergyDirection, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Robust NMF whose components keep their identity while patterns, or energies, arrive.

    Patterns X (n_samples, n_features) are approximated by weights × components, both ≥ 0. Components have unit sum,
    so a weight is the number of counts that its component contributes. After each refit the new components are put
    in the order of the old ones (Hungarian algorithm), and all patterns seen so far are scored again in the new basis.

    Missing pixels are NaN; a pattern of NaN alone keeps its row, with NaN weights. Spikes have bounded influence
    (Huber). Negative values are fitted as they are, which is right for noise around 0; a signal of both signs needs
    an ``offset`` that is added to every pixel of every pattern first and so becomes part of the components.

    A stack that grows by energies instead (:meth:`partial_fit_energies`) is fitted by least squares, with the variance
    of counts where the noise is Poisson's, and kept compressed; anchors, offset and limits are for patterns.

    Args:
        n_components: Number of components k.
        noise: "poisson" for counts, "gaussian" for anything else (one deviation for all pixels, estimated).
        offset: Added to all patterns: a number, or "auto" for how far the signal reaches below 0 without its
            outliers, determined again each time the number of patterns has doubled.
        shape: Shape of a frame, (y, x): of a pattern, where it is one (needed for anchors in frames), or of the image
            that each energy gives.
        anchors: Per component a pixel window (see :func:`analysis.unmixing.identity.window_masks`) or None;
            component k is the one whose intensity lies in window k, from the first pattern on.
        anchor_weight: How many patterns the belief in an anchor weighs as much as.
        huber: Residuals beyond this many standard deviations are outliers.
        max_misfit: Patterns with a larger reduced χ² are failed measurements; None keeps all.
        max_total: Patterns whose weights add up to more than this many times the median are, too; None keeps all.
        refit_every: Patterns after which the components are refitted at the latest (5 % of those seen, if more).
        max_iter: Alternations at most in :meth:`fit`.
        tol: Change of a component, in L1 distance, at which a fit has converged.
        method: How spectra are found from energies: "nmf-so", "corners" or "minimum volume".
        omega: Weight of the maps' orthogonality for "nmf-so", 0 (plain NMF) to 1.
        forgetting: Factor on the weight of all earlier energies when one comes; 1 forgets nothing.

    Attributes:
        components_: Basis, rows of unit sum, shape (k, n_features).
        weights_: Weights of all patterns seen, in order, shape (n_samples_seen_, k); NaN where a measurement failed.
        weight_errors_: Their standard deviations for the basis as it is, same shape.
        misfit_: Reduced χ² of each pattern, shape (n_samples_seen_,).
        offset_: What is added to the patterns.
        noise_: The noise model with its fitted dispersion.
        n_iter_: Alternations in the last refit.
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
        anchor_weight: float = 1.0,
        huber: float = 3.0,
        max_misfit: float | None = None,
        max_total: float | None = None,
        refit_every: int = 4,
        max_iter: int = 200,
        tol: float = 1e-4,
        method: Method = "nmf-so",
        omega: float = 0.0,
        forgetting: float = 1.0,
    ) -> None:
        self.n_components = n_components
        self.noise = noise
        self.offset = offset
        self.shape = shape
        self.anchors = anchors
        self.anchor_weight = anchor_weight
        self.huber = huber
        self.max_misfit = max_misfit
        self.max_total = max_total
        self.refit_every = refit_every
        self.max_iter = max_iter
        self.tol = tol
        self.method: Method = method
        self.omega = omega
        self.forgetting = forgetting

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Forget everything and fit all patterns until convergence.

        Args:
            X: Patterns, shape (n_samples, n_features); NaN marks missing pixels.
            y: Ignored.

        Returns:
            Self.
        """
        self._begin(self._validated(X, reset=True))
        for _ in range(_FIT_ROUNDS):
            self._refit(max(self.max_iter // _FIT_ROUNDS, 1), cold=True)
        return self

    def partial_fit(self, X: ArrayLike, y: object = None) -> Self:
        """Take in further patterns; refit the components when that is due.

        Args:
            X: Patterns, shape (n_samples, n_features), or one pattern, shape (n_features,).
            y: Ignored.

        Returns:
            Self.
        """
        if self._energies is not None:
            raise ValueError("this estimator holds a stack that grows by energies: begin a new one for patterns")
        if np.ndim(X) == 1:
            X = np.asarray(X)[None, :]
        if not hasattr(self, "components_"):
            self._begin(self._validated(X, reset=True))
            due = True
        else:
            due = self._take_in(self._validated(X, reset=False))
        if due:
            seen = self.n_samples_seen_
            # Few patterns are quickly fitted, and the first ones say little of the later: start afresh each time.
            cold = seen <= self._warm_up or seen >= 2 * self._cold_at
            self._refit(min(max(3, 160 // seen), 20), cold=cold)
        return self

    @property
    def n_samples_seen_(self) -> int:
        """Number of patterns seen."""
        return len(self._store)

    @property
    def patterns_(self) -> Floats:
        """All patterns seen, in order, shape (n_samples_seen_, n_features); NaN where missing (read-only)."""
        return self._store.last()

    def transform(self, X: ArrayLike) -> Floats:
        """Score patterns in the present basis.

        Args:
            X: Patterns, shape (n_samples, n_features); NaN marks missing pixels.

        Returns:
            Weights, shape (n_samples, k), in counts.
        """
        if self._energies is not None:
            return self._energies.score(np.asarray(validate_data(self, cast(Any, X), reset=False, dtype=np.float64)))
        return self.score_patterns(X).weights

    def score_patterns(self, X: ArrayLike) -> Scores:
        """Score patterns in the present basis, with errors and misfits.

        Args:
            X: Patterns, shape (n_samples, n_features); NaN marks missing pixels.

        Returns:
            Weights, errors and misfits.
        """
        check_is_fitted(self, "components_")
        return self._score(self._validated(X, reset=False))

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Patterns that weights stand for, in the units that were fitted.

        Args:
            X: Weights, shape (n_samples, k).

        Returns:
            Patterns, shape (n_samples, n_features).
        """
        check_is_fitted(self, "components_")
        return np.asarray(X, float) @ self.components_ - (0.0 if self._energies is not None else self.offset_)

    def state(self, patterns: bool = True) -> dict[str, Any]:
        """Everything needed to go on exactly as if never stopped.

        Args:
            patterns: Include the patterns; False where they are kept elsewhere, to be given to :meth:`from_state`.

        Returns:
            Plain numbers and strings, and NumPy arrays.
        """
        check_is_fitted(self, "components_")
        if self._energies is not None:
            raise ValueError("a stack that grows by energies has no state to keep: take its frames in again")
        state: dict[str, Any] = {"version": _STATE_VERSION, "parameters": self.get_params()}
        state |= {name.strip("_"): getattr(self, name).copy() for name in _ARRAYS}
        state |= {name.strip("_"): getattr(self, name) for name in _NUMBERS}
        state |= {"floor": self.noise_.floor, "dispersion": self.noise_.dispersion}
        return state | ({"patterns": self.patterns_.copy()} if patterns else {})

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
        held = np.array(state.get("patterns", []) if patterns is None else patterns, float)
        if len(held) != len(state["weights"]):
            raise ValueError(f"give the {len(state['weights'])} patterns seen, in order, not {len(held)}")
        new = cls(**state["parameters"])
        new._begin(new._validated(held, reset=True))
        for name in _ARRAYS:
            setattr(new, name, np.array(state[name.strip("_")], float))
        for name in _NUMBERS:
            setattr(new, name, state[name.strip("_")])
        new.noise_ = NoiseModel(cast(Kind, new.noise), state["floor"], state["dispersion"], new.huber)
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
        """Number of patterns up to which every one of them brings a refit."""
        return max(2 * self.n_components, 8)

    def _validated(self, X: ArrayLike, *, reset: bool) -> Floats:
        """Check parameters and patterns; returns a float64 array (n, m)."""
        if self.n_components < 1:
            raise ValueError(f"n_components must be at least 1, not {self.n_components!r}")
        if self.anchors is not None and len(self.anchors) != self.n_components:
            raise ValueError(f"{len(self.anchors)} anchors for {self.n_components} components: give one (or None) each")
        checked = validate_data(self, cast(Any, X), reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        X = np.asarray(checked)
        if self.shape is not None and np.prod(self.shape) != X.shape[1]:
            raise ValueError(f"patterns have {X.shape[1]} pixels, but shape {tuple(self.shape)} says otherwise")
        return X

    def _begin(self, X: Floats) -> None:
        """Forget all, and take in the first patterns."""
        self._store = PatternStore(X.shape[1])
        self._store.append(X)
        self.offset_ = 0.0 if isinstance(self.offset, str) else float(self.offset)
        self.revision_ = self._refitted_at = self._cold_at = 0
        self._novelty = 0.0
        self._energies = None
        if hasattr(self, "components_"):
            del self.components_

    def _take_in(self, X: Floats) -> bool:
        """Score new patterns in the present basis; returns whether a refit is due."""
        self._store.append(X)
        fresh = self._score(X)
        self.weights_ = np.vstack([self.weights_, fresh.weights])
        self.weight_errors_ = np.vstack([self.weight_errors_, fresh.errors])
        self.misfit_ = np.concatenate([self.misfit_, fresh.misfit])
        seen = self.n_samples_seen_
        due = seen - self._refitted_at >= max(self.refit_every, 0.05 * seen)
        surprising = bool(fresh.misfit.max() > 1.5 * self._novelty)
        return due or surprising or seen <= self._warm_up

    def _score(self, X: Floats) -> Scores:
        """Score patterns as measured (NaN where missing) in the present basis, and reject those that failed."""
        Y, finite = filled(X, self.offset_)
        scores = score(Y, self.components_, self.noise_, self._centre, finite)
        limit = np.inf if self.max_misfit is None else self.max_misfit
        failed = scores.misfit > limit
        if self.max_total is not None:
            failed |= scores.weights.sum(axis=1) > self.max_total * self._centre.sum()
        scores.weights[failed], scores.errors[failed] = np.nan, np.nan
        return scores

    def _refit(self, iterations: int, *, cold: bool) -> None:
        """Fit the components to all patterns seen, keep their identity, and score everything again."""
        X = self._store.last()
        if self.offset == "auto" and cold:
            self.offset_ = lowest_level(X)
        Y, finite = filled(X, self.offset_)
        prior = self._prior(Y)
        W, H = self._start(Y, finite)
        options: dict[str, Any] = {"finite": finite, "iterations": iterations, "tol": self.tol}
        W, H, self.n_iter_ = improve(Y, W, H, self.noise_, prior=prior, trust=self._trust(), **options)
        if cold:
            self._cold_at = len(Y)
            if prior is None:
                W, H = restarted(Y, W, H, self.noise_.fitted(Y, W, H, finite), **options)
        self.noise_ = self.noise_.fitted(Y, W, H, finite)
        self._centre = np.median(W, axis=0) @ H
        self.components_ = self._in_order(W, H)
        scores = self._score(X)
        self.weights_, self.weight_errors_, self.misfit_ = scores.weights, scores.errors, scores.misfit
        self._novelty = float(scores.misfit.max())
        self._refitted_at = len(Y)
        self.revision_ += 1

    def _start(self, Y: Floats, finite: NDArray[np.bool_] | None) -> tuple[Floats, Floats]:
        """Weights and components that a refit starts from: the last ones, or the first."""
        if hasattr(self, "components_"):
            return np.nan_to_num(self.weights_), self.components_
        self.noise_ = first_noise(Y, cast(Kind, self.noise), self.huber)
        if self.anchors is None:
            H = plain_components(Y, self.n_components)
        else:
            H = anchored_components(Y, window_templates(self.anchors, self._shape(Y)))
        return np.nan_to_num(score(Y, H, self.noise_, np.median(Y, axis=0), finite).weights), H

    def _trust(self) -> Floats | None:
        """Let patterns that are all noise say less, however large they are; counts know their noise already."""
        if self.noise == "poisson" or not hasattr(self, "components_"):
            return None
        return 1.0 / np.sqrt(np.maximum(self.misfit_, 1.0))

    def _prior(self, Y: Floats) -> Prior | None:
        """The belief in the anchors, at the total of the median pattern."""
        if self.anchors is None:
            return None
        masks = window_masks(self.anchors, self._shape(Y))
        total = float(np.median(Y.sum(axis=1)))
        return Prior(masks, np.where(masks.any(axis=1), self.anchor_weight * total**2, 0.0))

    def _shape(self, Y: Floats) -> tuple[int, ...]:
        """Shape of a pattern."""
        return (Y.shape[1],) if self.shape is None else tuple(self.shape)

    def _in_order(self, W: Floats, H: Floats) -> Floats:
        """Put components in the windows' order, in that of the last refit, or the strongest first."""
        if self.anchors is not None:
            return H[match_windows(window_masks(self.anchors, self._shape(H)), H)]
        if hasattr(self, "components_"):
            return H[match_components(self.components_, H)]
        return H[np.argsort(-W.sum(axis=0), kind="stable")]
