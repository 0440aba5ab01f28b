"""What the measured points say about each candidate: rows of L⁻¹ k(points, candidates), kept from call to call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.factors import Factors

Array = NDArray[np.float64]


class Projections:
    """Projections of candidates on the measured points, for the few members that predict.

    Args:
        factors: The factors of all members; their ``update`` must be followed by :meth:`truncate`.
    """

    def __init__(self, factors: Factors) -> None:
        self._factors = factors
        self._candidates: Array | None = None
        self._buffers: dict[int, Array] = {}
        self._rows: dict[int, int] = {}

    def truncate(self, kept: int) -> None:
        """Forget the rows of points after the first ``kept``."""
        self._rows = {member: min(rows, kept) for member, rows in self._rows.items()}

    def retain(self, members: set[int]) -> None:
        """Keep only these members' projections, so that memory stays bounded."""
        for member in set(self._rows) - members:
            del self._rows[member], self._buffers[member]

    def of(self, member: int, candidates: Array) -> Array:
        """Project candidates on all points.

        Args:
            member: Index of the member.
            candidates: Positions in the unit cube, shape (m, d). Work is kept as long as the same array is passed.

        Returns:
            L⁻¹ k(points, candidates), shape (n, m).
        """
        if candidates is not self._candidates:
            self._candidates = candidates
            self._buffers, self._rows = {}, {}
        n, have = len(self._factors), self._rows.get(member, 0)
        buffer = self._room(member, n, len(candidates))
        if have < n:
            buffer[have:n] = self.fresh(member, candidates, buffer[:have])
            self._rows[member] = n
        return buffer[:n]

    def fresh(self, member: int, candidates: Array, known: Array) -> Array:
        """Compute the rows that follow ``known``, shape (h, m), by block forward substitution; shape (n − h, m)."""
        factors, have = self._factors, len(known)
        inverse, points = factors.inverse(len(factors))[member], factors.points
        covariance = factors.members.cross_covariance(member, points[have:], candidates)
        if have:
            border = inverse[:have, :have] @ factors.members.cross_covariance(member, points[:have], points[have:])
            covariance -= border.T @ known
        return inverse[have:, have:] @ covariance

    def _room(self, member: int, n: int, width: int) -> Array:
        """Return a buffer of at least n rows for a member, its first rows kept."""
        buffer = self._buffers.get(member)
        if buffer is None or len(buffer) < n:
            larger = np.empty((max(16, 2 * n), width))
            if buffer is not None:
                larger[: len(buffer)] = buffer
            self._buffers[member] = buffer = larger
        return buffer
