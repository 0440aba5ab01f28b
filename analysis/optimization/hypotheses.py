"""Weighing hypotheses: the evidence of every member in every output scale, and what each then believes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.factors import Factors
from analysis.optimization.warping import Warping

Array = NDArray[np.float64]

TAIL = 4.0
"""Hypotheses whose log weight is this much below the best are left out of predictions."""

SHAPE, RATE = 2.0, 1.0
"""Inverse-gamma prior of the signal variance, for standardised values."""

MEAN, MEAN_VARIANCE = -0.3, 4.0
"""Gaussian prior of the constant mean, for standardised values; its variance in units of the signal variance.

Below zero, because maxima stand out of a ground that covers most of a map."""


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """H hypotheses, each a member of the ensemble and an output scale, with all that a prediction needs.

    Attributes:
        weights: Posterior probabilities, shape (H,), sum 1.
        members: Index of the member, shape (H,).
        warpings: Output scale of each, length H.
        mean: Posterior of the constant mean in the output scale, shape (H,).
        precision: Its precision, in units of the inverse signal variance, shape (H,).
        variance: Signal variance, shape (H,).
        targets: Measured values z in each output scale, shape (H, n).
        residual: L⁻¹ (z − mean), shape (H, n).
        ones: L⁻¹ 1, shape (H, n).
        log_evidence: Best log evidence of each member over the output scales, shape (K,).
    """

    weights: Array
    members: NDArray[np.intp]
    warpings: tuple[Warping, ...]
    mean: Array
    precision: Array
    variance: Array
    targets: Array
    residual: Array
    ones: Array
    log_evidence: Array


def weigh(
    factors: Factors, values: Array, powers: tuple[float, ...], most: int, belief: Array | None = None
) -> Hypotheses:
    """Weigh all hypotheses by their evidence.

    The constant mean (normal prior) and the signal variance (inverse-gamma prior) are integrated out, so the
    evidence is that of a multivariate Student t (O'Hagan 1978; Rasmussen & Williams 2006, eq. 2.43 for the mean).

    Args:
        factors: Factors whose first n points are the measured ones.
        values: Measured values, shape (n,).
        powers: Output transformations to try.
        most: Hypotheses to keep at the most.
        belief: Further log prior of the members, shape (K,).

    Returns:
        The most probable ones.
    """
    n = len(values)
    warpings = tuple(Warping.fit(power, values) for power in powers)
    targets = np.stack([warping.forward(values) for warping in warpings] + [np.ones(n)], axis=1)
    whitened = np.matmul(factors.inverse(n), targets)
    ones = whitened[:, :, -1]
    precision = np.einsum("kn,kn->k", ones, ones) + 1.0 / MEAN_VARIANCE
    constant = factors.members.log_prior - 0.5 * factors.log_determinant(n) - 0.5 * np.log(precision)
    constant = constant if belief is None else constant + belief
    mean = (np.einsum("kn,knw->kw", ones, whitened[:, :, :-1]) + MEAN / MEAN_VARIANCE) / precision[:, None]
    residual = whitened[:, :, :-1] - ones[:, :, None] * mean[:, None, :]
    rate = RATE + 0.5 * (np.einsum("knw,knw->kw", residual, residual) + (mean - MEAN) ** 2 / MEAN_VARIANCE)
    jacobian = np.array([warping.log_jacobian(values) for warping in warpings])
    log_weight = constant[:, None] - (SHAPE + 0.5 * n) * np.log(rate) + jacobian
    order = np.argsort(log_weight, axis=None)[::-1][:most]
    member, scale = np.unravel_index(order[log_weight.flat[order] > log_weight.max() - TAIL], log_weight.shape)
    weights = np.exp(log_weight[member, scale] - log_weight.max())
    return Hypotheses(
        weights / weights.sum(),
        member,
        tuple(warpings[index] for index in scale),
        mean[member, scale],
        precision[member],
        rate[member, scale] / (SHAPE + 0.5 * n),
        targets.T[scale],
        residual[member, :, scale],
        ones[member],
        log_weight.max(axis=1),
    )
