"""How many clusters an area holds, from counts in some of its fields: a log-Gaussian Cox process.

The density of clusters varies over a surface. Its logarithm is a Gaussian process, counts are Poisson-distributed
around it (Møller, Syversveen & Waagepetersen, Scand. J. Stat. 25 (1998) 451). The posterior is Laplace's (Rasmussen &
Williams 2006, algorithms 3.1 and 3.2); how strongly and over what length the density varies is averaged over, by the
evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.special import gammaln
from scipy.stats import norm

Floats = NDArray[np.float64]

LEVEL = 2.0
"""Deviation of the logarithm of the mean density, about the density that is expected beforehand."""

SPREADS = (0.05, 0.15, 0.3, 0.6, 1.0)
"""Deviations of the density's logarithm over the area that are thought possible, equally likely beforehand."""

LENGTHS = (1.5, 3.0, 6.0, 12.0)
"""Lengths over which it may change, in units of a field's side."""

NEGLIGIBLE = 0.02
"""Assumptions that are less probable than this do not count."""

ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Places:
    """Where an area can be looked at: one field in each cell of a grid that covers it.

    Attributes:
        centres: Middles of the fields, x and y, nm, shape (n, 2); line by line, x fastest.
        shape: Rows and columns of the grid.
        cell: Area that one field stands for, nm².
        field: Area that one field shows, nm²; at most ``cell``.
    """

    centres: Floats
    shape: tuple[int, int]
    cell: float
    field: float

    @property
    def distances(self) -> Floats:
        """Distance of each two, nm, shape (n, n)."""
        return np.sqrt(((self.centres[:, None] - self.centres[None]) ** 2).sum(axis=2))


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is known of the density under one assumption.

    Attributes:
        mean: Of its logarithm (clusters per nm²) at each place, shape (n,).
        covariance: Of the same, shape (n, n).
    """

    mean: Floats
    covariance: Floats

    @property
    def density(self) -> Floats:
        """Expected density at each place, clusters per nm², shape (n,)."""
        return np.exp(self.mean + 0.5 * np.diag(self.covariance))


@dataclass(frozen=True, slots=True)
class _Fit:
    """Laplace's approximation at the places seen: gradient, root of the rates, factor of B, evidence."""

    spread: float
    length: float
    gradient: Floats
    root: Floats
    factor: Floats
    evidence: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many clusters there are in an area.

    Attributes:
        count: Expected number in the whole area, those seen included.
        deviation: Its standard deviation.
        area: Of the area, nm².
    """

    count: float
    deviation: float
    area: float

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Where the number lies, with a confidence: as if its logarithm were normal, which keeps it positive."""
        relative = self.deviation / max(self.count, 1e-12)
        width = float(norm.ppf(0.5 + 0.5 * confidence)) * float(np.sqrt(np.log1p(relative**2)))
        return self.count * float(np.exp(-width)), self.count * float(np.exp(width))

    def relative_error(self, confidence: float = 0.95) -> float:
        """Half the interval's width, relative to the number."""
        low, high = self.interval(confidence)
        return 0.5 * (high - low) / max(self.count, 1e-12)


class CountField:
    """Counts in some fields of an area, and what they tell of all of it.

    Args:
        places: Where fields can be.
        guess: Density that is expected beforehand, clusters per nm²; known to a factor of ten.
    """

    def __init__(self, places: Places, guess: float = 0.01) -> None:
        self._places, self._guess = places, guess
        self._counts = np.zeros(len(places.centres))
        self._looks = np.zeros(len(places.centres))
        self._correlations: dict[float, Floats] = {}

    def add(self, place: int, count: float) -> None:
        """Take in what a field holds.

        Args:
            place: Its number.
            count: Clusters in it; not a whole number where it is an expectation. A field that was there before counts
                with the mean.

        Raises:
            ValueError: The count is negative or no number.
        """
        if not (np.isfinite(count) and count >= 0.0):
            raise ValueError(f"a count must be a number of at least 0, not {count}")
        self._looks[place] += 1.0
        self._counts[place] += (count - self._counts[place]) / self._looks[place]
        self.__dict__.pop("posteriors", None)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which places have been looked at, shape (n,)."""
        return self._looks > 0

    @cached_property
    def posteriors(self) -> list[tuple[float, Posterior]]:
        """What is known under each assumption that is not negligible, and its probability."""
        fits = [self._fit(spread, length) for spread, length in product(SPREADS, LENGTHS)]
        if not self.seen.any():
            fits = [self._fit(SPREADS[2], LENGTHS[1])]
        weights = np.exp([one.evidence - max(other.evidence for other in fits) for one in fits])
        weights /= weights.sum()
        keep = weights >= NEGLIGIBLE
        kept = [(weight, fit) for weight, fit, stays in zip(weights, fits, keep, strict=True) if stays]
        return [(float(weight / weights[keep].sum()), self._infer(fit)) for weight, fit in kept]

    @property
    def density(self) -> tuple[Floats, Floats]:
        """Expected density at each place and its deviation, clusters per nm², shape (n,) each."""
        mean = sum(w * one.density for w, one in self.posteriors)
        square = sum(w * one.density**2 * np.exp(np.diag(one.covariance)) for w, one in self.posteriors)
        return np.asarray(mean), np.sqrt(np.maximum(np.asarray(square) - np.asarray(mean) ** 2, 0.0))

    def estimate(self) -> Estimate:
        """The number of clusters in the area: those counted, and those expected where nobody has looked."""
        counted = float(self._counts.sum())
        means, squares, probabilities = [], [], []
        for weight, one in self.posteriors:
            unseen = self._unseen * one.density
            with np.errstate(over="ignore"):
                varied = float(unseen @ np.expm1(np.minimum(one.covariance, 50.0)) @ unseen)
            means.append(float(unseen.sum()))
            squares.append(varied + means[-1] + means[-1] ** 2)
            probabilities.append(weight)
        mean = float(np.dot(probabilities, means))
        variance = max(float(np.dot(probabilities, squares)) - mean**2, 0.0)
        return Estimate(counted + mean, float(np.sqrt(variance)), self._places.cell * len(self._counts))

    def information(self) -> Floats:
        """How much the next look at each place is expected to tell of the number in the area, nats, shape (n,).

        With λ the expected count in a field and C the covariance of the logarithm of the density, a count adds the
        Fisher information λ. The variance of the number in the area, gᵀ C g with g its derivative, falls by
        (gᵀ c_j)² / (1/λ_j + C_jj) (Rasmussen & Williams, eq. 2.26 for one more observation), and by the λ_j that are
        then counted and no longer guessed. The information is half the logarithm of the ratio of the variances.
        """
        total = np.zeros(len(self._counts))
        for weight, one in self.posteriors:
            g = self._unseen * one.density
            along, own = one.covariance @ g, np.diag(one.covariance)
            count = self._places.field * one.density
            known = np.where(self.seen, 0.0, count)
            gained = along**2 / (1.0 / np.maximum(count, 1e-12) + own) + known
            variance = float(g @ along) + float(g.sum())
            total += weight * -0.5 * np.log1p(-np.minimum(gained / max(variance, 1e-300), 1.0 - 1e-9))
        return total

    @property
    def _unseen(self) -> Floats:
        """Area of each cell that nobody has looked at, nm²."""
        return self._places.cell - np.where(self.seen, self._places.field, 0.0)

    def _prior(self, spread: float, length: float, rows: NDArray[np.intp] | None = None) -> Floats:
        """Prior covariance of all places with some, or with all, shape (n, k)."""
        if length not in self._correlations:
            side = float(np.sqrt(self._places.field))
            self._correlations[length] = _matern(self._places.distances / (length * side))
        correlation = self._correlations[length]
        return LEVEL**2 + spread**2 * (correlation if rows is None else correlation[:, rows])

    def _fit(self, spread: float, length: float) -> _Fit:
        """Laplace's approximation at the places seen, for one assumption."""
        places = np.flatnonzero(self.seen)
        if not places.size:
            return _Fit(spread, length, np.zeros(0), np.zeros(0), np.zeros((0, 0)), 0.0)
        level = float(np.log(self._guess))
        exposure, counts = self._looks[places] * self._places.field, self._looks[places] * self._counts[places]
        inner = self._prior(spread, length, places)[places]
        mode, gradient = _mode(inner, np.log(exposure) + level, counts)
        rate = counts - gradient
        root = np.sqrt(np.maximum(rate, 1e-12))
        factor = cholesky(np.eye(len(places)) + root[:, None] * inner * root[None, :], lower=True)
        likelihood = float((counts * np.log(np.maximum(rate, 1e-300)) - rate - gammaln(counts + 1.0)).sum())
        evidence = likelihood - 0.5 * float(mode @ gradient) - float(np.log(np.diag(factor)).sum())
        return _Fit(spread, length, gradient, root, factor, evidence)

    def _infer(self, fit: _Fit) -> Posterior:
        """The posterior at all places (algorithm 3.2)."""
        prior, level = self._prior(fit.spread, fit.length), float(np.log(self._guess))
        places = np.flatnonzero(self.seen)
        if not places.size:
            return Posterior(np.full(len(prior), level), prior)
        outer = prior[:, places]
        reduced = solve_triangular(fit.factor, fit.root[:, None] * outer.T, lower=True)
        return Posterior(level + outer @ fit.gradient, prior - reduced.T @ reduced)


def _mode(prior: Floats, offset: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Newton's method for the mode of a latent Gaussian field under Poisson counts (algorithm 3.1).

    Args:
        prior: Covariance of the field at the places seen, shape (k, k).
        offset: Logarithm of the expected count for a field of 0, shape (k,).
        counts: Shape (k,).

    Returns:
        The field's mode, and the gradient of the log likelihood there, shape (k,) each.
    """
    # A start near the data: from far away the first step would overflow.
    field = np.full(len(counts), float(np.log((counts.sum() + 0.5) / np.exp(offset).sum())))
    alpha = np.zeros(len(counts))
    for _ in range(ROUNDS):
        rate = np.exp(np.clip(offset + field, -50.0, 50.0))
        root = np.sqrt(rate)
        wanted = rate * field + counts - rate
        factor = cholesky(np.eye(len(counts)) + root[:, None] * prior * root[None, :], lower=True)
        alpha = wanted - root * cho_solve((factor, True), root * (prior @ wanted))
        step = prior @ alpha - field
        field = field + step / max(1.0, float(np.abs(step).max()) / 2.0)
        if float(np.abs(step).max()) < 1e-8:
            break
    return field, counts - np.exp(np.clip(offset + field, -50.0, 50.0))


def _matern(distance: Floats) -> Floats:
    """Matérn's correlation of smoothness 3/2, of distances in units of its length (R & W eq. 4.17)."""
    scaled = np.sqrt(3.0) * distance
    return (1.0 + scaled) * np.exp(-scaled)


def cover(low: ArrayLike, high: ArrayLike, size: ArrayLike, most: int = 700) -> Places:
    """Cover an area with fields: side by side where that takes few enough, with gaps elsewhere.

    Args:
        low: Lower ends of the fields' middles along either axis, nm, shape (2,).
        high: Upper ends, nm, shape (2,).
        size: Width and height of a field, nm, shape (2,).
        most: Fields at most.

    Returns:
        The places, line by line, the first axis fastest. The area reaches half a field beyond the middles.
    """
    start, end, field = (np.asarray(value, float) for value in (low, high, size))
    span = end - start + field
    numbers = np.maximum(np.floor(span / field + 1e-9).astype(int), 1)
    if numbers.prod() > most:
        numbers = np.maximum(np.floor(numbers * np.sqrt(most / numbers.prod())).astype(int), 1)
    lines = [
        (np.linspace(a, b, n) if n > 1 else np.array([0.5 * (a + b)]))
        for a, b, n in zip(start, end, numbers, strict=True)
    ]
    x, y = np.meshgrid(*lines)
    cell = float(span.prod()) / int(numbers.prod())
    shape = (int(numbers[1]), int(numbers[0]))
    return Places(np.column_stack([x.ravel(), y.ravel()]), shape, cell, min(float(field.prod()), cell))
