"""Output transformations: the scales in which an objective may look Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FLOOR = 0.02
"""Added to the values scaled to [0, 1], so that the lowest one does not stretch a root or a logarithm."""


@dataclass(frozen=True, slots=True)
class Warping:
    """A monotone transformation fitted to values: scale to [0, 1], raise to a power, standardise.

    Attributes:
        power: Exponent of the Box-Cox family; 1 leaves the values as they are, 0 is the logarithm.
        low: Value that maps to 0.
        span: Range of the values.
        centre: Mean after the power.
        spread: Standard deviation after the power.
    """

    power: float
    low: float
    span: float
    centre: float
    spread: float

    @classmethod
    def fit(cls, power: float, values: Array) -> Warping:
        """Fit to values of shape (n,); constant values are left unscaled."""
        low, span = float(values.min()), float(np.ptp(values))
        if not span > 1e-12 * float(np.abs(values).max()):
            span = 1.0
        raw = _raise((values - low) / span, power)
        spread = float(raw.std())
        return cls(power, low, span, float(raw.mean()), spread if spread > 1e-9 else 1.0)

    def forward(self, values: Array) -> Array:
        """Transform values of any shape."""
        return (_raise((values - self.low) / self.span, self.power) - self.centre) / self.spread

    def log_jacobian(self, values: Array) -> float:
        """Log of the product of the derivatives at values (n,), per unit of the range."""
        scaled = np.maximum((values - self.low) / self.span, 0.0) + FLOOR
        slope = (self.power - 1.0) * np.log(scaled) + (np.log(self.power) if self.power else 0.0)
        return float(slope.sum() - len(values) * np.log(self.spread))

    def inverse(self, warped: Array) -> Array:
        """Transform back, any shape; what lies below the transformation's foot is its foot."""
        raw = warped * self.spread + self.centre
        scaled = np.exp(np.minimum(raw, 3.0)) if self.power == 0.0 else np.maximum(raw, 0.0) ** (1.0 / self.power)
        if self.power == 1.0:
            scaled = raw
        return self.low + self.span * (scaled - FLOOR)


def _raise(scaled: Array, power: float) -> Array:
    """Apply the power to values scaled to [0, 1]."""
    if power == 1.0:
        return scaled + FLOOR
    floored = np.maximum(scaled, 0.0) + FLOOR
    return np.log(floored) if power == 0.0 else floored**power
