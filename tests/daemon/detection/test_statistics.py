"""Counts and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from daemon.detection.statistics import poisson_interval, size_counts


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_the_interval_is_exact(count: int) -> None:
    """At its ends, a count as far out has a probability of 2.5 %."""
    low, high = poisson_interval(count)
    assert poisson.cdf(count, high) == pytest.approx(0.025)
    assert (poisson.sf(count - 1, low) == pytest.approx(0.025)) if count else low == 0.0


def test_counts_by_size() -> None:
    """Numbers, densities and fractions, empty classes included."""
    one, two, three = size_counts(np.array([0, 0, 2, 0]), ("Pb1", "Pb2", "Pb3"), 400.0)
    assert (one.count, two.count, three.count) == (3, 0, 1)
    assert one.density == pytest.approx(0.75)
    assert one.density_high == pytest.approx(one.high / 4.0)
    assert (one.fraction, two.fraction) == (0.75, 0.0)
    assert two.low == 0.0 < two.high


def test_nothing_found() -> None:
    """No clusters, and an interval all the same."""
    (one,) = size_counts(np.zeros(0, np.int64), ("Pb1",), 100.0)
    assert (one.count, one.fraction) == (0, 0.0)
    assert one.high == pytest.approx(3.689, abs=1e-3)
