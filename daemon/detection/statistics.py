"""How many clusters of each size there are, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

CONFIDENCE = 0.95
"""Of the intervals."""


@dataclass(frozen=True, slots=True)
class SizeCount:
    """Clusters of one size in all images together.

    Attributes:
        name: Of the class.
        count: How many were found.
        low: Least number expected in images like these, at the confidence of 95 %.
        high: Largest number expected.
        density: Clusters per 100 nm² of scanned surface.
        density_low: Of the least number.
        density_high: Of the largest number.
        fraction: Part of all clusters.
    """

    name: str
    count: int
    low: float
    high: float
    density: float
    density_low: float
    density_high: float
    fraction: float


def poisson_interval(count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of the mean of a Poisson distribution that gave a count (Garwood, Biometrika 28 (1936) 437)."""
    tail = 0.5 * (1.0 - confidence)
    low = 0.5 * float(chi2.ppf(tail, 2 * count)) if count else 0.0
    return low, 0.5 * float(chi2.ppf(1.0 - tail, 2 * count + 2))


def size_counts(labels: NDArray[np.int64], classes: Sequence[str], area: float) -> list[SizeCount]:
    """Count clusters by size.

    Args:
        labels: Class of each cluster in all images, (n,).
        classes: Names of the classes.
        area: Surface scanned, nm².
    """
    numbers = np.bincount(labels, minlength=len(classes))
    per = 100.0 / area if area > 0.0 else float("nan")
    found = []
    for name, count in zip(classes, numbers.tolist(), strict=True):
        low, high = poisson_interval(count)
        found.append(SizeCount(name, count, low, high, per * count, per * low, per * high, count / max(len(labels), 1)))
    return found
