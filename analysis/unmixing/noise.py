"""How far a measured value may lie from its model: variances, and the weights that tame outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["poisson", "gaussian"]

_CHI2_MEDIAN = 0.4549364
"""Median of the χ² distribution with one degree of freedom."""

_SAMPLED = 16384
"""Residuals that the dispersion is estimated from; its relative error is then about 1 %."""


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """Variance of each measured value, and Huber's weights for it.

    Attributes:
        kind: "poisson" (variance proportional to the model, data in counts) or "gaussian" (constant).
        floor: Added to the model's value in the Poisson variance, counts; keeps empty pixels from counting too much.
        dispersion: Factor on the variance, > 0; 1 for ideal counting.
        threshold: Residuals beyond this many standard deviations count as outliers.
    """

    kind: Kind
    floor: float = 1.0
    dispersion: float = 1.0
    threshold: float = 3.0

    def weights(self, X: Floats, model: Floats, finite: NDArray[np.bool_] | None = None) -> Floats:
        """Weights of iteratively reweighted least squares: inverse variance × Huber's ψ(z)/z.

        Args:
            X: Measured values, shape (n, m).
            model: Modelled values, broadcastable to (n, m).
            finite: False where a value is missing; None when none is.

        Returns:
            Weights, shape (n, m); 0 for missing values. The dispersion is left out, as it is common to all.
        """
        # In place throughout: this is the innermost loop, and fresh arrays cost more than the arithmetic.
        weights = X - model
        np.abs(weights, out=weights)
        weights *= 1.0 / (self.threshold * np.sqrt(self.dispersion))
        if self.kind == "gaussian":
            np.maximum(weights, 1.0, out=weights)
        else:
            deviation = np.maximum(model, 0.0)
            deviation += self.floor
            np.sqrt(deviation, out=deviation)
            np.maximum(weights, deviation, out=weights)
            weights *= deviation
        np.reciprocal(weights, out=weights)
        if finite is not None:
            weights *= finite
        return weights

    def chi_squares(self, X: Floats, model: Floats) -> Floats:
        """Squared residuals over the variance without dispersion, shape (n, m)."""
        residual = X - model
        return residual**2 if self.kind == "gaussian" else residual**2 / (np.maximum(model, 0.0) + self.floor)

    def loss(self, X: Floats, model: Floats, finite: NDArray[np.bool_] | None = None) -> float:
        """Mean squared residual of the values that are not missing, in variances, each cut off at the threshold.

        Huber's own loss would be mostly the spikes', and hide which of two bases fits the rest better.
        """
        square = np.minimum(self.chi_squares(X, model), self.threshold**2 * self.dispersion)
        return float(square.mean() if finite is None else square.mean(where=finite))

    def fitted(self, X: Floats, W: Floats, H: Floats, finite: NDArray[np.bool_] | None = None) -> NoiseModel:
        """The same noise model with its dispersion estimated from the median residual of W H.

        Counting statistics are a lower bound for "poisson": few counts make the median residual too small.
        As many patterns as components, or fewer, say nothing about noise, and leave the dispersion as it is.
        """
        freedom = 1.0 - H.shape[0] / max(len(X), 1)
        # An odd stride shares no factor with common frame widths, and so samples all columns.
        pick = slice(None, None, max(X.size // _SAMPLED, 1) | 1)
        floor = self._floor(X.ravel()[pick])
        known = slice(None) if finite is None else finite.ravel()[pick]
        values = X.ravel()[pick][known]
        noise = NoiseModel(self.kind, floor, self.dispersion, self.threshold)
        if freedom <= 0.0 or not values.size:
            return noise
        square = noise.chi_squares(values, (W @ H).ravel()[pick][known])
        dispersion = float(np.median(square)) / (_CHI2_MEDIAN * freedom)
        smallest = 1.0 if self.kind == "poisson" else 1e-12 * float(np.mean(values**2)) + 1e-300
        return NoiseModel(self.kind, floor, max(dispersion, smallest), self.threshold)

    def _floor(self, values: Floats) -> float:
        """A tenth of the mean count: pixels much emptier than the average all count alike."""
        mean = float(np.abs(values).mean())
        return 0.1 * mean if mean > 0.0 else 1.0
