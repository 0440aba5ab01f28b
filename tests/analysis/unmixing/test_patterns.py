"""The store of patterns, and what is done to patterns before they are fitted."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.patterns import PatternStore, filled, lowest_level, without_lone_values


def test_the_store_keeps_patterns_in_order_while_it_grows() -> None:
    """More patterns than the first buffer holds, in batches of different size."""
    patterns = np.random.default_rng(0).normal(size=(333, 3))
    store = PatternStore(3)
    for start, stop in [(0, 1), (1, 64), (64, 65), (65, 333)]:
        store.append(patterns[start:stop])
    np.testing.assert_array_equal(store.last(), patterns)
    np.testing.assert_array_equal(store.last(2), patterns[-2:])


def test_stored_patterns_cannot_be_changed_from_outside() -> None:
    """Views are read-only."""
    store = PatternStore(2)
    store.append(np.ones((1, 2)))
    with pytest.raises(ValueError, match="read-only"):
        store.last()[0, 0] = 5.0


def test_missing_values_are_filled_and_masked() -> None:
    """NaN becomes 0 with False in the mask; the offset is added to the others."""
    values, finite = filled(np.array([[1.0, np.nan]]), 2.0)
    assert values.tolist() == [[3.0, 0.0]]
    assert finite is not None
    assert finite.tolist() == [[True, False]]
    assert filled(np.ones((1, 2)), 0.0)[1] is None


def test_the_level_of_a_signed_signal_ignores_spikes() -> None:
    """A sine with noise 0.01 reaches about 1.03 below zero, whatever its spikes do."""
    rng = np.random.default_rng(1)
    X = np.sin(np.linspace(0, 2 * np.pi, 65)) + rng.normal(scale=0.01, size=(50, 65))
    X[rng.random(X.shape) < 0.05] = -1e3
    X[:, 7] = np.nan
    assert lowest_level(X) == pytest.approx(1.03, abs=0.03)
    assert lowest_level(np.ones((5, 3))) == 0.0
    assert lowest_level(np.full((5, 3), np.nan)) == 0.0


def test_a_spike_in_one_pattern_goes_and_a_component_in_two_stays() -> None:
    """Only what no other pattern has is brought in."""
    X = np.ones((8, 6))
    X[3, 2] = 1e4
    X[[1, 5], 4] = 50.0
    cleaned = without_lone_values(X)
    assert cleaned[3, 2] == 1.0
    assert cleaned[1, 4] == cleaned[5, 4] == 50.0
