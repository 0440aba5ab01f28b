"""What has been measured and what is being measured, and which candidates that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.optimization.errors import MeasurementError
from analysis.optimization.space import SearchSpace

Array = NDArray[np.float64]

SAME = 1e-4
"""Positions of a continuous space closer than this along every axis (unit cube) count as one."""


class Measurements:
    """Told points in order, pending points in order, and the candidates they use up.

    Args:
        space: Where they lie.

    Attributes:
        positions: Told positions, axes' units, each shape (d,).
        values: Their values as measured; NaN where the measurement failed.
        errors: Their standard errors; NaN where none was given.
        pending: Positions asked for and not told yet, each shape (d,).
        attempts: How often each candidate was told, shape (m,).
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.positions: list[Array] = []
        self.values: list[float] = []
        self.errors: list[float] = []
        self.pending: list[Array] = []
        self.attempts = np.zeros(len(space.candidates), dtype=np.intp)
        self.failures = np.zeros(len(space.candidates), dtype=np.intp)

    def add(self, position: Array, value: float, error: float | None) -> None:
        """Append a told point and drop the pending one it answers.

        Raises:
            MeasurementError: The error is negative.
        """
        checked = _value(value), _error(error)
        self.positions.append(position)
        self.values.append(checked[0])
        self.errors.append(checked[1])
        self.withdraw(position)
        used = self._at(position)
        self.attempts[used] += 1
        self.failures[used] += not np.isfinite(self.values[-1])

    def withdraw(self, position: Array) -> bool:
        """Drop the pending point nearest to a position, if one is within half a step; tell whether there was one."""
        if not self.pending:
            return False
        distances = np.abs(self.space.to_unit(np.stack(self.pending)) - self.space.to_unit(position))
        relative = (distances / self._tolerance()).max(axis=1)
        nearest = int(np.argmin(relative))
        if relative[nearest] > 1.0:
            return False
        del self.pending[nearest]
        return True

    def retell(self, values: ArrayLike, errors: ArrayLike | None) -> None:
        """Replace all values, and the errors when given.

        Raises:
            MeasurementError: Their number is not that of the told points.
        """
        values = np.asarray(values, float)
        replaced = np.asarray(self.errors if errors is None else errors, float)
        if values.shape != (len(self.values),) or replaced.shape != values.shape:
            raise MeasurementError(
                f"{len(self.values)} points were told: give as many values, not shape {values.shape}"
            )
        self.errors = [_error(error) for error in replaced]
        self.values = [_value(value) for value in values]
        self.failures[:] = 0
        for position, value in zip(self.positions, self.values, strict=True):
            self.failures[self._at(position)] += not np.isfinite(value)

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which told points have a value, shape (n,)."""
        return np.isfinite(np.asarray(self.values, float))

    def array(self, positions: Sequence[Array]) -> Array:
        """Stack positions to shape (n, d), also when there are none."""
        return np.array(positions, dtype=float).reshape(-1, self.space.dimension)

    def taken(self) -> NDArray[np.bool_]:
        """Which candidates are told or pending, shape (m,)."""
        taken = self.attempts > 0
        for position in self.pending:
            taken[self._at(position)] = True
        return taken

    def is_taken(self, positions: Array) -> NDArray[np.bool_]:
        """Which of some positions (q, d), axes' units, are told or pending; shape (q,)."""
        if self.space.grid is not None:
            indices = self.space.nearest(positions)
            return np.where(indices >= 0, self.taken()[indices], False)
        known = self.space.to_unit(self.array([*self.positions, *self.pending]))
        unit = self.space.to_unit(positions)
        return (np.abs(unit[:, None] - known[None]).max(axis=-1, initial=0.0) < SAME).any(axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Describe all points for JSON: no NaN, floats exact."""
        told = [
            {"position": position.tolist(), "value": _or_none(value), "error": _or_none(error)}
            for position, value, error in zip(self.positions, self.values, self.errors, strict=True)
        ]
        return {"told": told, "pending": [position.tolist() for position in self.pending]}

    def restore(self, description: dict[str, Any]) -> None:
        """Take in what ``to_dict`` described."""
        for point in description["told"]:
            value = np.nan if point["value"] is None else point["value"]
            self.add(np.array(point["position"], dtype=float), value, point["error"])
        self.pending = [np.array(position, dtype=float) for position in description["pending"]]

    def _at(self, position: Array) -> NDArray[np.intp]:
        """Indices of the candidates that a measurement at a position uses up."""
        if self.space.grid is not None:
            nearest = self.space.nearest(position)
            return nearest[nearest >= 0]
        near = np.abs(self.space.unit_candidates - self.space.to_unit(position)).max(axis=1) < SAME
        return np.flatnonzero(near)

    def _tolerance(self) -> Array:
        """How far a readback may lie from what was asked for, along each axis, unit cube."""
        if self.space.grid is None:
            return np.full(self.space.dimension, 0.01)
        return np.array([0.5 / max(count - 1, 1) for count in self.space.grid.values()])


def _value(value: float) -> float:
    """A finite value as it is, anything else as NaN: the measurement failed."""
    value = float(value)
    return value if np.isfinite(value) else float("nan")


def _error(error: float | None) -> float:
    """A standard error, NaN for none given.

    Raises:
        MeasurementError: It is negative.
    """
    if error is None or not np.isfinite(error):
        return float("nan")
    if error < 0.0:
        raise MeasurementError(f"a standard error cannot be negative: {error}")
    return float(error)


def _or_none(number: float) -> float | None:
    """NaN as None, which JSON can carry."""
    return number if np.isfinite(number) else None
