"""The evidence of a Gaussian process with its priors, and the exact gradient of it, without automatic differentiation.

The model is that of botorch's ``SingleTaskGP``: ARD kernel of unit variance, constant mean, log-normal priors on the
length-scales that grow with √d (Hvarfner, Hellsten & Nardi 2024) and on an inferred noise variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs

Array = NDArray[np.float64]

LENGTH_SCALE_FLOOR = 2.5e-2
NOISE_FLOOR = 1e-4
LENGTH_SCALE_SPREAD = np.sqrt(3.0)
NOISE_LOCATION, NOISE_SPREAD = -4.0, 1.0
FIXED_NOISE_FLOOR = 1e-6

_potrf, _potri = get_lapack_funcs(("potrf", "potri"), dtype=np.float64)


def length_scale_location(dimension: int) -> float:
    """Location of the log-normal prior on a length-scale of a d-dimensional kernel."""
    return float(np.sqrt(2.0) + 0.5 * np.log(dimension))


def prior_mode(dimension: int, infer_noise: bool) -> Array:
    """Return the parameters at the mode of their priors: log length-scales, then the log noise variance."""
    parameters = np.full(dimension, length_scale_location(dimension) - LENGTH_SCALE_SPREAD**2)
    return np.append(parameters, NOISE_LOCATION - NOISE_SPREAD**2) if infer_noise else parameters


def parameter_bounds(dimension: int, infer_noise: bool) -> list[tuple[float, float]]:
    """Bounds of the parameters, in their order."""
    scales = [(float(np.log(LENGTH_SCALE_FLOOR)), float(np.log(1e4)))] * dimension
    return [*scales, (float(np.log(NOISE_FLOOR)), float(np.log(1e2)))] if infer_noise else scales


@dataclass(frozen=True, slots=True)
class Evidence:
    """Negative log posterior density of the kernel's parameters, per measurement.

    Attributes:
        squared: Squared differences of the positions along each axis, shape (d, n, n).
        targets: Standardised values, shape (n,).
        noise: Known noise variances in standardised units, shape (n,), or None to infer one variance.
        kernel: "rbf" or "matern" (ν = 5/2).
    """

    squared: Array
    targets: Array
    noise: Array | None
    kernel: str

    @classmethod
    def of(cls, positions: Array, targets: Array, noise: Array | None, kernel: str) -> Evidence:
        """Prepare the evidence of targets (n,) measured at positions (n, d) of the unit cube."""
        columns = positions.T
        return cls((columns[:, :, None] - columns[:, None, :]) ** 2, targets, noise, kernel)

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        """Evaluate value and gradient.

        The constant mean is profiled out, c = 1ᵀK⁻¹y / 1ᵀK⁻¹1, so the gradient is that of Rasmussen & Williams
        (2006), eq. 5.9: ∂/∂θ = −½ tr[(ααᵀ − K⁻¹) ∂K/∂θ] with α = K⁻¹(y − c).

        Args:
            parameters: Log length-scales (d,), then the log noise variance if it is inferred.

        Returns:
            −(log p(y | θ) + log p(θ)) / n, and its gradient, shape of the parameters; a very large value where the
            covariance is not positive definite.
        """
        d, n = len(self.squared), len(self.targets)
        inverse_squares = np.exp(-2.0 * parameters[:d])
        covariance, slope = self._kernel(np.tensordot(inverse_squares, self.squared, axes=1))
        diagonal = np.exp(parameters[d]) if self.noise is None else np.maximum(self.noise, FIXED_NOISE_FLOOR)
        covariance[np.diag_indices(n)] += diagonal
        factor, failed = _potrf(covariance, lower=1, clean=0)
        if failed:
            return 1e10, np.zeros_like(parameters)
        inverse, _ = _potri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = inverse.sum(axis=0)
        constant = float(weights @ self.targets) / float(weights.sum())
        alpha = inverse @ (self.targets - constant)
        log_likelihood = -0.5 * float(alpha @ (self.targets - constant)) - float(np.log(np.diag(factor)).sum())
        log_likelihood -= 0.5 * n * float(np.log(2.0 * np.pi))
        outer = np.outer(alpha, alpha) - inverse
        gradient = np.empty_like(parameters)
        # ∂K/∂ log ℓⱼ = slope ⊙ Dⱼ / ℓⱼ²: all axes in one product.
        gradient[:d] = 0.5 * (self.squared.reshape(d, -1) @ (outer * slope).ravel()) * inverse_squares
        if self.noise is None:
            gradient[d] = 0.5 * float(np.trace(outer)) * diagonal
        prior, prior_gradient = log_prior(parameters, d)
        return -(log_likelihood + prior) / n, -(gradient + prior_gradient) / n

    def _kernel(self, distance_squared: Array) -> tuple[Array, Array]:
        """Kernel matrix and −2 ∂k/∂(r²), from squared scaled distances, each (n, n)."""
        if self.kernel == "rbf":
            covariance = np.exp(-0.5 * distance_squared)
            return covariance, covariance.copy()
        root = np.sqrt(5.0 * distance_squared)
        decay = np.exp(-root)
        return (1.0 + root + root**2 / 3.0) * decay, 5.0 / 3.0 * (1.0 + root) * decay


def log_prior(parameters: Array, dimension: int) -> tuple[float, Array]:
    """Log density of the priors, as densities of the parameters themselves, and its gradient in their logarithms."""
    locations = np.full(len(parameters), length_scale_location(dimension))
    spreads = np.full(len(parameters), LENGTH_SCALE_SPREAD)
    locations[dimension:], spreads[dimension:] = NOISE_LOCATION, NOISE_SPREAD
    scaled = (parameters - locations) / spreads
    density = -parameters - 0.5 * scaled**2 - np.log(spreads) - 0.5 * np.log(2.0 * np.pi)
    return float(density.sum()), -1.0 - scaled / spreads
