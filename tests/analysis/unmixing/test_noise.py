"""Variances, outlier weights and the dispersion."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.noise import NoiseModel


def test_weights_within_the_threshold_are_inverse_variances() -> None:
    """For counts the variance is the model plus the floor."""
    model = np.array([[4.0, 100.0]])
    weights = NoiseModel("poisson", floor=1.0).weights(model + 1.0, model)
    np.testing.assert_allclose(weights, [[1 / 5, 1 / 101]])


def test_a_spike_pulls_no_more_than_a_value_at_the_threshold() -> None:
    """Huber: weight × residual is bounded by threshold / σ."""
    noise = NoiseModel("gaussian", dispersion=4.0, threshold=3.0)
    residual = np.array([[6.0, 60.0, 6e6]])
    np.testing.assert_allclose(noise.weights(residual, np.zeros((1, 3))) * residual, 6.0)


def test_missing_values_weigh_nothing() -> None:
    """A mask sets weights to 0."""
    finite = np.array([[True, False]])
    assert NoiseModel("gaussian").weights(np.ones((1, 2)), np.ones((1, 2)), finite).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("outliers", [0.0, 0.2])
def test_dispersion_is_the_variance_in_spite_of_spikes(outliers: float) -> None:
    """The median residual gives the variance, with a fifth of all values ruined within some 60 %."""
    rng = np.random.default_rng(0)
    X = rng.normal(scale=3.0, size=(200, 100))
    X[rng.random(X.shape) < outliers] = 1e5
    found = NoiseModel("gaussian").fitted(X, np.zeros((200, 1)), np.zeros((1, 100)))
    assert found.dispersion == pytest.approx(9.0, rel=0.06 if outliers == 0 else 0.8)


def test_dispersion_counts_the_degrees_of_freedom_that_the_fit_used() -> None:
    """As many patterns as components fit exactly, and say nothing about noise."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4, 50))
    before = NoiseModel("gaussian", dispersion=7.0)
    assert before.fitted(X, np.eye(4), X).dispersion == 7.0


def test_counts_never_claim_to_be_quieter_than_counting() -> None:
    """With few counts the median residual is below 1; the dispersion is not."""
    X = np.random.default_rng(2).poisson(0.1, (100, 100)).astype(float)
    assert NoiseModel("poisson").fitted(X, np.full((100, 1), 10.0), np.full((1, 100), 0.01)).dispersion == 1.0
