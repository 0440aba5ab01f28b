"""The patterns of a scan in the order they arrived."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class PatternStore:
    """Patterns in one array that grows by doubling.

    Args:
        n_features: Number of pixels of a pattern, m.
    """

    def __init__(self, n_features: int) -> None:
        self._buffer = np.empty((64, n_features))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, X: Floats) -> None:
        """Add patterns, shape (n, m), NaN where missing."""
        total = self._count + len(X)
        if total > len(self._buffer):
            larger = np.empty((max(2 * len(self._buffer), total), self._buffer.shape[1]))
            larger[: self._count] = self._buffer[: self._count]
            self._buffer = larger
        self._buffer[self._count : total] = X
        self._count = total

    def last(self, n: int | None = None) -> Floats:
        """The last n patterns, or all of them, shape (n, m); read-only."""
        view = self._buffer[0 if n is None else self._count - n : self._count]
        view.flags.writeable = False
        return view


def filled(X: Floats, offset: float) -> tuple[Floats, Mask | None]:
    """Add an offset, and put 0 in the place of missing values.

    Args:
        X: Patterns, shape (n, m), NaN where missing.
        offset: Added to each value.

    Returns:
        Patterns without NaN, and a mask that is False where a value is missing, or None when none is.
    """
    finite = np.isfinite(X)
    Y = X + offset if offset else X
    if finite.all():
        return Y, None
    return np.where(finite, Y, 0.0), finite


def lowest_level(X: Floats) -> float:
    """How far a signal of both signs reaches below 0, spikes and bad patterns left out.

    Args:
        X: Patterns, shape (n, m), NaN where missing.

    Returns:
        Largest over the pixels of 3 robust standard deviations minus the median over the patterns, at least 0.
    """
    known = X[:, np.isfinite(X).any(axis=0)]
    if not known.size:
        return 0.0
    median = np.nanmedian(known, axis=0)
    deviation = 1.4826 * np.nanmedian(np.abs(known - median), axis=0)
    return max(0.0, float((3.0 * deviation - median).max()))


def without_lone_values(Y: Floats) -> Floats:
    """Bring each pixel's extreme values in to the next ones: a component shows in two patterns, a spike in one.

    Args:
        Y: Patterns, shape (n, m).

    Returns:
        Patterns, shape (n, m), with 1 + n // 16 values at either end of each pixel's range brought in (n ≥ 3).
    """
    n = len(Y)
    if n < 3:
        return Y
    extreme = min(1 + n // 16, (n - 1) // 2)
    ordered = np.partition(Y, (extreme, n - 1 - extreme), axis=0)
    return np.clip(Y, ordered[extreme], ordered[n - 1 - extreme])
