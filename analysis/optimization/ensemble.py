"""A surrogate that does not choose its hyper-parameters: it weighs many Gaussian processes by their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from analysis.optimization.errors import NotFittedError
from analysis.optimization.factors import JITTER, Factors
from analysis.optimization.hypotheses import Hypotheses, weigh
from analysis.optimization.members import QUIET, make_members
from analysis.optimization.pathwise import draw
from analysis.optimization.projections import Projections
from analysis.optimization.surrogate import Mixture

Array = NDArray[np.float64]

POWERS = (0.5, 1.0)
"""Output transformations that every member is tried with: the square root, between counts and their logarithm; none."""

ROOM: tuple[tuple[int, int], ...] = ((20, 450), (32, 200), (64, 100), (128, 50), (256, 20))
"""From so many points on, only so many members are carried: by then the evidence has spoken."""

MARGIN, LEAST_GAIN = 1.5, 0.1
"""Smallest gain worth a point: so many standard deviations of the noise, plus so many of the measured values.

The second is for data with the noise of a measurement; see :data:`QUIET`."""

REACH = 0.1
"""How far a measurement tells of its surroundings, as a fraction of an axis' range."""

NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
"""Quadrature over a Gaussian, to bring moments back through a transformation."""


class Ensemble:
    """Gaussian processes over lengths, elongations, directions, noises and output scales, averaged by evidence.

    A new measurement costs one row of an inverse Cholesky factor per member, and no optimisation. The model depends
    on the measurements alone, not on the order of calls, until members are dropped at :data:`ROOM`; those that
    remain are the state.

    Args:
        dimension: Number of axes.
        powers: Output transformations (1 none, 0.5 square root, 0 logarithm).
        most: Hypotheses used for predictions at the most.
        **grid: ``lengths``, ``elongations``, ``noises`` and ``kernels`` of :func:`make_members`.
    """

    def __init__(self, dimension: int, *, powers: tuple[float, ...] = POWERS, most: int = 24, **grid: Any) -> None:
        self._grid = make_members(dimension, **grid)
        self._powers, self._most = tuple(powers), most
        self._carry(np.arange(len(self._grid)))
        self._hypotheses: Hypotheses | None = None

    def fit(self, positions: Array, values: Array, variances: Array | None, pending: Array) -> None:
        """Take in all measurements; see ``Surrogate.fit``."""
        points = np.concatenate([positions, pending]) if len(pending) else positions
        self._projections.truncate(self._factors.update(points, _noise_factors(variances, len(points))))
        belief = _noise_belief(self._factors.members.noise, values, variances)
        self._hypotheses = weigh(self._factors, values, self._powers, self._most, belief)
        room = min((most for start, most in ROOM if len(values) >= start), default=len(self._carried))
        if len(self._carried) > room:
            best = np.sort(np.argsort(self._hypotheses.log_evidence)[::-1][:room])
            self._carry(self._carried[best])
            self.fit(positions, values, variances, pending)

    def predict(self, candidates: Array) -> Mixture:
        """Predict in each hypothesis' own output scale; see ``Surrogate.predict``."""
        hypotheses = self._require()
        mean, deviation = self._project(hypotheses, candidates)
        return Mixture(hypotheses.weights, mean, deviation, self._incumbents(hypotheses))

    def moments(self, candidates: Array) -> tuple[Array, Array]:
        """Mean and standard deviation in the objective's units; see ``Surrogate.moments``."""
        hypotheses = self._require()
        means, deviations = self._project(hypotheses, candidates, keep=len(candidates) > 1)
        first, second = np.zeros(len(candidates)), np.zeros(len(candidates))
        quadrature = NODE_WEIGHTS / NODE_WEIGHTS.sum()
        for index, warping in enumerate(hypotheses.warpings):
            values = warping.inverse(means[index] + NODES[:, None] * deviations[index])
            first += hypotheses.weights[index] * (quadrature @ values)
            second += hypotheses.weights[index] * (quadrature @ values**2)
        return first, np.sqrt(np.maximum(second - first**2, 0.0))

    def sample(self, candidates: Array, rng: np.random.Generator, count: int) -> Array:
        """Draw joint samples; see ``Surrogate.sample``. Each sample is of one hypothesis, drawn by weight."""
        hypotheses = self._require()
        chosen = rng.choice(len(hypotheses.weights), size=count, p=hypotheses.weights)
        samples = np.empty((count, len(candidates)))
        for index in np.unique(chosen):
            rows = np.flatnonzero(chosen == index)
            warped = draw(self._factors, hypotheses, int(index), candidates, rng, len(rows))
            samples[rows] = hypotheses.warpings[index].inverse(warped)
        return samples

    def coverage(self, unit: Array) -> Array:
        """Share of the Gaussian surroundings of positions (m, d) that lies inside the unit cube, shape (m,).

        At an edge the deviation is largest, for want of neighbours on one side, and expected improvement would spend
        its points there; yet a point at an edge tells of half as many positions, and one in a corner of a quarter.
        """
        return (ndtr((1.0 - unit) / REACH) - ndtr(-unit / REACH)).prod(axis=1)

    def state(self) -> dict[str, Any]:
        """Return the members still carried."""
        return {"members": self._carried.tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up the members still carried."""
        self._carry(np.asarray(state["members"], dtype=np.intp))

    def _carry(self, members: NDArray[np.intp]) -> None:
        """Start again with these members of the grid."""
        self._carried = members
        self._factors = Factors(self._grid.take(members))
        self._projections = Projections(self._factors)

    def _require(self) -> Hypotheses:
        """Return the hypotheses of the last fit."""
        if self._hypotheses is None:
            raise NotFittedError("the ensemble has no measurements yet: call fit first")
        return self._hypotheses

    def _project(self, hypotheses: Hypotheses, candidates: Array, *, keep: bool = True) -> tuple[Array, Array]:
        """Means and deviations of every hypothesis at (m, d) candidates, each (H, m), in its output scale."""
        count = hypotheses.residual.shape[1]
        shape = (len(hypotheses.weights), len(candidates))
        mean, deviation = np.empty(shape), np.empty(shape)
        shared: dict[int, tuple[Array, Array, Array]] = {}
        for index, member in enumerate(hypotheses.members.tolist()):
            if member not in shared:
                rows = self._rows(member, candidates, keep)
                remaining = 1.0 - np.einsum("nm,nm->m", rows, rows)
                slack = 1.0 - hypotheses.ones[index] @ rows[:count]
                shared[member] = rows, remaining, slack
            rows, remaining, slack = shared[member]
            variance = np.maximum(remaining, 1e-9) + slack**2 / hypotheses.precision[index]
            mean[index] = hypotheses.mean[index] + hypotheses.residual[index] @ rows[:count]
            deviation[index] = np.sqrt(variance * hypotheses.variance[index])
        if keep:
            self._projections.retain(set(shared))
        return mean, deviation

    def _rows(self, member: int, candidates: Array, keep: bool) -> Array:
        """Projections of candidates on all points for one member, (n, m)."""
        if keep:
            return self._projections.of(member, candidates)
        return self._projections.fresh(member, candidates, np.empty((0, len(candidates))))

    def _incumbents(self, hypotheses: Hypotheses) -> Array:
        """What is to be improved upon, in each hypothesis' output scale, shape (H,).

        The best posterior *mean* at a measured point, because the best measured value of a noisy objective is mostly
        luck, and a margin above it: a gain that the noise would hide is not worth a point.
        """
        factors, count = self._factors, hypotheses.residual.shape[1]
        noise = factors.members.noise[hypotheses.members]
        # At the measured points the mean is z − D K⁻¹ (z − mean): no covariance with the points is needed.
        inverse = factors.inverse(count)[hypotheses.members]
        weighted = np.matmul(hypotheses.residual[:, None, :], inverse)[:, 0]
        mean = hypotheses.targets - (noise[:, None] * factors.noise_factors[:count] + JITTER) * weighted
        deviation = np.sqrt(noise * hypotheses.variance)
        least = LEAST_GAIN * np.sqrt(np.minimum(noise / QUIET, 1.0))
        return mean.max(axis=1) + MARGIN * deviation + least


def _noise_factors(variances: Array | None, n: int) -> Array:
    """Each point's noise variance relative to the typical one, shape (n,); pending points are typical.

    Rounded to powers of two, so that a factor computed once mostly serves on when all errors move a little.
    """
    factors = np.ones(n)
    if variances is not None and (positive := variances[variances > 0.0]).size:
        ratio = np.maximum(variances / np.median(positive), 2.0**-4)
        factors[: len(variances)] = 2.0 ** np.minimum(np.round(np.log2(ratio)), 4.0)
    return factors


def _noise_belief(levels: Array, values: Array, variances: Array | None) -> Array:
    """Log prior of each member's noise level (K,) given what is known of the noise; zero where nothing is.

    Counting statistics leave out what the beam and the sample add, so known errors make levels an order of magnitude
    away improbable, and no more.
    """
    spread = float(np.var(values))
    if variances is None or not spread > 0.0 or not (variances > 0.0).any():
        return np.zeros(len(levels))
    known = np.log(np.median(variances[variances > 0.0]) / spread)
    return -0.5 * (np.log(levels) - np.clip(known, *np.log([levels.min(), levels.max()]))) ** 2
