"""Joint samples of a Gaussian process without a covariance matrix over the candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.factors import Factors
from analysis.optimization.hypotheses import Hypotheses
from analysis.optimization.members import KERNELS, TREND

Array = NDArray[np.float64]

FEATURES = 512
"""Random Fourier features of a prior sample."""


def draw(
    factors: Factors, hypotheses: Hypotheses, index: int, candidates: Array, rng: np.random.Generator, count: int
) -> Array:
    """Draw posterior samples of one hypothesis, in its output scale, by Matheron's rule.

    A prior sample from random Fourier features is corrected by how far it misses the measurements
    (Wilson et al. 2020, eq. 5), so the cost grows with the candidates, not with their cube.

    Args:
        factors: Factors whose first n points are the measured ones.
        hypotheses: All hypotheses.
        index: Which one.
        candidates: Positions in the unit cube, shape (m, d).
        rng: Source of randomness.
        count: Number of samples.

    Returns:
        Shape (count, m).
    """
    member, n = int(hypotheses.members[index]), hypotheses.residual.shape[1]
    members, points = factors.members, factors.points[:n]
    scale = np.sqrt(hypotheses.variance[index])
    inverse = factors.inverse(n)[member]
    gain = members.cross_covariance(member, candidates, points) @ inverse.T
    slack = 1.0 - gain @ hypotheses.ones[index]
    deviation = np.sqrt(members.noise[member] * factors.noise_factors[:n])
    prior = _prior(factors, member, np.concatenate([candidates, points]), rng, count)
    missed = prior[:, len(candidates) :] + deviation * rng.normal(size=(count, n))
    offset = rng.normal(size=(count, 1)) / np.sqrt(hypotheses.precision[index])
    path = prior[:, : len(candidates)] - (missed @ inverse.T) @ gain.T + slack * offset
    return hypotheses.mean[index] + gain @ hypotheses.residual[index] + scale * path


def _prior(factors: Factors, member: int, positions: Array, rng: np.random.Generator, count: int) -> Array:
    """Draw prior samples of unit variance at positions (m, d), all from one set of features; shape (count, m)."""
    members = factors.members
    frequencies = rng.normal(size=(FEATURES, positions.shape[1]))
    frequencies *= _mixing(list(KERNELS)[members.kernel[member]], rng)
    angle = positions @ members.transform[member].T @ frequencies.T + rng.uniform(0.0, 2.0 * np.pi, size=FEATURES)
    # The cosines cost most: samples share them and differ in their weights.
    weights = rng.normal(size=(FEATURES, count)) * np.sqrt(2.0 / FEATURES)
    return (np.cos(angle) @ weights).T


def _mixing(kernel: str, rng: np.random.Generator) -> Array:
    """Factors that turn Gaussian frequencies into those of a kernel, shape (features, 1).

    The spectral density of a Matérn kernel of order ν is a Student t with 2ν degrees of freedom (Rasmussen & Williams
    2006, eq. 4.15); that of a sum of kernels is the sum of theirs.
    """
    degrees = {"matern": 5.0, "matern32": 3.0, "two-scale": 3.0}.get(kernel)
    if degrees is not None:
        factors = np.sqrt(degrees / rng.chisquare(degrees, size=(FEATURES, 1)))
        return np.where(rng.random((FEATURES, 1)) < 0.5, factors, 1.0 / TREND) if kernel == "two-scale" else factors
    return np.ones((FEATURES, 1))
