"""Acquisition functions over a mixture of Gaussian predictions, in the log domain where values underflow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, log_ndtr, logsumexp, ndtr

from analysis.optimization.surrogate import Mixture

Array = NDArray[np.float64]

LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
SMALLEST_DEVIATION = 1e-100
"""Deviations below this are taken as this: the square of (μ − f*)/σ still fits a double."""

NAMES: dict[str, str] = {
    "ei": "expected improvement",
    "nei": "noisy expected improvement",
    "pi": "probability of improvement",
    "ucb": "upper confidence bound",
    "variance": "maximum variance",
    "thompson": "Thompson sampling",
    "ei_per_second": "expected improvement per second",
}
"""The acquisition functions, and what a suggestion's reason calls them."""


def log_improvement(u: ArrayLike) -> Array:
    """Logarithm of h(u) = φ(u) + u Φ(u), accurate for all u (Ament et al. 2023, eq. 9).

    Args:
        u: Standardised improvement (μ − f*)/σ, any shape.

    Returns:
        log h(u), same shape.
    """
    u = np.asarray(u, float)
    near, middle = np.maximum(u, -1.0), np.clip(u, -1e6, -1.0)
    upper = np.log(np.exp(-0.5 * near**2 - LOG_SQRT_2PI) + near * ndtr(near))
    ratio = np.log(-middle) + np.log(erfcx(-middle / np.sqrt(2.0))) + 0.5 * np.log(0.5 * np.pi)
    tail = np.where(u > -1e6, _log1mexp(ratio), -2.0 * np.log(np.maximum(-u, 1.0)))
    return np.where(u > -1.0, upper, -0.5 * u**2 - LOG_SQRT_2PI + tail)


def _log1mexp(x: Array) -> Array:
    """Logarithm of 1 − eˣ for x < 0 (Mächler 2012)."""
    x = np.minimum(x, -1e-300)
    near, far = np.maximum(x, -np.log(2.0)), np.minimum(x, -np.log(2.0))
    return np.where(x > -np.log(2.0), np.log(-np.expm1(near)), np.log1p(-np.exp(far)))


def log_expected_improvement(mean: ArrayLike, deviation: ArrayLike, incumbent: ArrayLike) -> Array:
    """Logarithm of E[max(f − f*, 0)] for f ~ N(μ, σ²); arguments broadcast."""
    deviation = np.maximum(np.asarray(deviation, float), SMALLEST_DEVIATION)
    return np.log(deviation) + log_improvement((np.asarray(mean, float) - np.asarray(incumbent, float)) / deviation)


def expected_improvement(mixture: Mixture) -> Array:
    """Log expected improvement of a mixture, log Σ wₖ EIₖ, shape (m,).

    Members may use different output scales: each one's improvement counts in its own.
    """
    members = log_expected_improvement(mixture.mean, mixture.deviation, mixture.incumbent[:, None])
    return _mix(mixture, members)


def probability_of_improvement(mixture: Mixture) -> Array:
    """Log probability that a candidate beats the incumbent, log Σ wₖ Φ(uₖ), shape (m,)."""
    deviation = np.maximum(mixture.deviation, SMALLEST_DEVIATION)
    return _mix(mixture, log_ndtr((mixture.mean - mixture.incumbent[:, None]) / deviation))


def upper_confidence_bound(mean: Array, deviation: Array, beta: float = 2.0) -> Array:
    """Upper confidence bound μ + β σ, shape (m,), objective's units."""
    return mean + beta * deviation


def per_second(log_value: Array, travel: Array, overhead: float) -> Array:
    """Log of an acquisition value per second: log a − log(travel + overhead).

    Args:
        log_value: Logarithm of the acquisition values, shape (m,).
        travel: Time to reach each candidate, s, shape (m,).
        overhead: Time that every point costs wherever it is (exposure, settling), s, > 0.

    Returns:
        Shape (m,).
    """
    return log_value - np.log(travel + overhead)


def _mix(mixture: Mixture, members: Array) -> Array:
    """Weighted sum of exponentials over the members, in the log domain; (K, m) to (m,)."""
    if len(mixture.weights) == 1:
        return members[0]
    with np.errstate(divide="ignore"):
        return np.asarray(logsumexp(members + np.log(mixture.weights)[:, None], axis=0))


LOG_DOMAIN: dict[str, Callable[[Mixture], Array]] = {
    "ei": expected_improvement,
    "nei": expected_improvement,
    "pi": probability_of_improvement,
    "ei_per_second": expected_improvement,
}
"""Acquisition functions of a mixture alone; their values are logarithms."""
