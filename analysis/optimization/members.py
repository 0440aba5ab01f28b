"""The hypotheses of the ensemble: kernels of many lengths, elongations and directions, and how probable each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LENGTHS = (0.025, 0.04, 0.065, 0.1, 0.16, 0.25)
"""Shortest length-scale of a member, fractions of the axes' ranges."""

ELONGATIONS: dict[float, int] = {1.0: 1, 2.0: 4, 4.0: 8, 8.0: 12}
"""Ratio of the longest to the shortest length-scale, and how many directions are tried in the plane."""

NOISES = (1e-5, 0.0005, 0.005, 0.03)
"""Noise variance as a fraction of the signal variance."""

QUIET, DOUBT = 0.0005, 4.0
"""Measurements are noisier than this: a lower noise is that of a computed function, and its log prior is so much less.

Under it the smallest gains count, so a smooth function without noise is followed to its very maximum."""


@dataclass(frozen=True, slots=True)
class Members:
    """K kernels.

    Attributes:
        transform: Maps a difference in the unit cube to units of the length-scales, shape (K, d, d).
        noise: Noise variance relative to the signal variance, shape (K,).
        kernel: Index of the kernel in :data:`KERNELS`, shape (K,).
        log_prior: Logarithm of the prior probability, up to a constant, shape (K,).
    """

    transform: Array
    noise: Array
    kernel: NDArray[np.intp]
    log_prior: Array

    def __len__(self) -> int:
        """Return K."""
        return len(self.noise)

    def take(self, indices: NDArray[np.intp]) -> Members:
        """Return some of the members."""
        return Members(self.transform[indices], self.noise[indices], self.kernel[indices], self.log_prior[indices])

    def covariance(self, points: Array, centre: Array) -> Array:
        """Prior covariance, in units of the signal variance, of points (n, d) with one point (d,); shape (K, n)."""
        scaled = np.matmul(self.transform, (points - centre).T)
        square = np.einsum("kdn,kdn->kn", scaled, scaled)
        result = np.empty_like(square)
        for index, correlation in enumerate(KERNELS.values()):
            rows = self.kernel == index
            result[rows] = correlation(square[rows])
        return result

    def cross_covariance(self, member: int, points: Array, others: Array) -> Array:
        """Prior covariance of points (n, d) with others (m, d) for one member; shape (n, m)."""
        first, second = points @ self.transform[member].T, others @ self.transform[member].T
        square = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None, :] - 2.0 * first @ second.T
        np.maximum(square, 0.0, out=square)
        return list(KERNELS.values())[self.kernel[member]](square)


def _squared_exponential(square: Array) -> Array:
    """Squared exponential of a squared scaled distance (Rasmussen & Williams 2006, eq. 4.9)."""
    return np.exp(-0.5 * square)


def _matern(square: Array) -> Array:
    """Matérn-5/2 of a squared scaled distance (Rasmussen & Williams 2006, eq. 4.17)."""
    root = np.sqrt(5.0 * square)
    return (1.0 + root + root**2 / 3.0) * np.exp(-root)


def _rough_matern(square: Array) -> Array:
    """Matérn-3/2 of a squared scaled distance (Rasmussen & Williams 2006, eq. 4.17)."""
    root = np.sqrt(3.0 * square)
    return (1.0 + root) * np.exp(-root)


TREND = 8.0
"""How much longer the trend of the two-scale kernel is than its detail."""


def _two_scale(square: Array) -> Array:
    """Half the variance in a smooth trend, half in Matérn-3/2 detail upon it, of a squared scaled distance.

    A map whose rough part is confined to some region: away from it the trend stays low, and nobody need look there.
    """
    return 0.5 * _squared_exponential(square / TREND**2) + 0.5 * _rough_matern(square)


KERNELS: dict[str, Callable[[Array], Array]] = {
    "rbf": _squared_exponential,
    "matern": _matern,
    "matern32": _rough_matern,
    "two-scale": _two_scale,
}
"""Correlation as a function of the squared scaled distance."""


def make_members(
    dimension: int,
    lengths: tuple[float, ...] = LENGTHS,
    elongations: dict[float, int] | None = None,
    noises: tuple[float, ...] = NOISES,
    kernels: tuple[str, ...] = ("rbf", "two-scale"),
) -> Members:
    """Lay out the members: every length × elongation × direction × noise × kernel.

    Args:
        dimension: Number of axes; directions are angles in the plane for two, else the axes themselves.
        lengths: Shortest length-scales, fractions of the ranges.
        elongations: Ratio of longest to shortest length-scale -> number of directions in the plane.
        noises: Noise variances relative to the signal variance.
        kernels: Names in :data:`KERNELS`.

    Returns:
        The members. Directions of one elongation share its prior probability; noises below :data:`QUIET` are
        improbable.
    """
    shapes = _shapes(dimension, ELONGATIONS if elongations is None else elongations)
    names = list(KERNELS)
    transform, noise, kind, prior = [], [], [], []
    for kernel in kernels:
        for length in lengths:
            for scales, log_prior in shapes:
                for level in noises:
                    transform.append(scales / length)
                    noise.append(level)
                    kind.append(names.index(kernel))
                    prior.append(log_prior - DOUBT * (level < QUIET))
    return Members(np.array(transform), np.array(noise), np.array(kind), np.array(prior))


def _shapes(dimension: int, elongations: dict[float, int]) -> list[tuple[Array, float]]:
    """Matrices that scale and turn a difference, for a shortest length-scale of 1, with their log prior."""
    shapes: list[tuple[Array, float]] = []
    for ratio, directions in elongations.items():
        if ratio == 1.0 or dimension == 1:
            shapes.append((np.eye(dimension), 0.0))
        elif dimension == 2:
            for angle in np.arange(directions) * np.pi / directions:
                cosine, sine = np.cos(angle), np.sin(angle)
                turned = np.array([[cosine / ratio, sine / ratio], [-sine, cosine]])
                shapes.append((turned, -np.log(directions)))
        else:
            for axis in range(dimension):
                scales = np.ones(dimension)
                scales[axis] = 1.0 / ratio
                shapes.append((np.diag(scales), -np.log(dimension)))
        if dimension == 1:
            break
    return shapes
