"""Inverse Cholesky factors of many covariance matrices at once, grown point by point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.members import Members

Array = NDArray[np.float64]

JITTER = 1e-8
"""Added to the diagonal, in units of the signal variance, so that repeated positions stay factorable."""


class Factors:
    """L⁻¹ of K = L Lᵀ for every member, where K is the covariance of the measured and pending points.

    A new point adds one row (bordering), O(n²) per member instead of the O(n³) of a new factorisation.

    Args:
        members: The K kernels.

    Attributes:
        points: Positions in the unit cube, shape (n, d).
        noise_factors: Each point's noise variance relative to the member's own, shape (n,).
    """

    def __init__(self, members: Members) -> None:
        self.members = members
        self.points: Array = np.empty((0, members.transform.shape[-1]))
        self.noise_factors: Array = np.empty(0)
        self._inverse = np.zeros((len(members), 16, 16))
        self._log_diagonal = np.zeros((len(members), 16))

    def __len__(self) -> int:
        """Number of points."""
        return len(self.points)

    def update(self, points: Array, noise_factors: Array) -> int:
        """Make the points these, keeping the longest common beginning.

        Args:
            points: Shape (n, d).
            noise_factors: Shape (n,).

        Returns:
            How many points were kept.
        """
        shorter = min(len(self), len(points))
        same = (self.points[:shorter] == points[:shorter]).all(axis=1)
        same &= self.noise_factors[:shorter] == noise_factors[:shorter]
        kept = int(np.argmin(same)) if not same.all() else shorter
        self.points, self.noise_factors = self.points[:kept], self.noise_factors[:kept]
        for point, factor in zip(points[kept:], noise_factors[kept:], strict=True):
            self._append(point, factor)
        return kept

    def inverse(self, n: int) -> Array:
        """L⁻¹ of the first n points, lower triangular, shape (K, n, n)."""
        return self._inverse[:, :n, :n]

    def log_determinant(self, n: int) -> Array:
        """Log determinant of K over the first n points, shape (K,)."""
        return 2.0 * self._log_diagonal[:, :n].sum(axis=1)

    def take(self, indices: NDArray[np.intp]) -> None:
        """Keep only some of the members."""
        self.members = self.members.take(indices)
        self._inverse, self._log_diagonal = self._inverse[indices], self._log_diagonal[indices]

    def _append(self, point: Array, factor: float) -> None:
        """Border every factor by one point."""
        n = len(self)
        if n == self._inverse.shape[1]:
            self._grow()
        variance = 1.0 + JITTER + self.members.noise * factor
        if n:
            inverse = self._inverse[:, :n, :n]
            covariance = self.members.covariance(self.points, point)
            row = np.matmul(inverse, covariance[:, :, None])[:, :, 0]
            variance = np.maximum(variance - (row**2).sum(axis=1), JITTER)
            projected = np.matmul(row[:, None, :], inverse)[:, 0]
            self._inverse[:, n, :n] = -projected / np.sqrt(variance)[:, None]
        self._inverse[:, n, n] = 1.0 / np.sqrt(variance)
        self._log_diagonal[:, n] = 0.5 * np.log(variance)
        self.points = np.concatenate([self.points, point[None]])
        self.noise_factors = np.append(self.noise_factors, factor)

    def _grow(self) -> None:
        """Double the room."""
        members, room, _ = self._inverse.shape
        inverse = np.zeros((members, 2 * room, 2 * room))
        inverse[:, :room, :room] = self._inverse
        self._inverse = inverse
        self._log_diagonal = np.concatenate([self._log_diagonal, np.zeros((members, room))], axis=1)
