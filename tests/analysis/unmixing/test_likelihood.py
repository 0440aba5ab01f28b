"""Factorisation by the likelihood of counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from analysis.unmixing import NMF
from analysis.unmixing.likelihood import improve_likelihood, kullback_leibler, likelihood_weights, variance_scales


def draw() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Few counts of two components: data, weights (k, n), spectra (k, m)."""
    rng = np.random.default_rng(0)
    H = np.array([np.exp(-0.5 * (np.arange(40) - c) ** 2 / 9.0) for c in (12, 25)]) + 0.02
    H /= H.sum(axis=1, keepdims=True)
    W = 40.0 * rng.uniform(size=(2, 400))
    return rng.poisson(W.T @ H).astype(float), W, H


def test_divergence_is_the_likelihood_but_for_a_constant() -> None:
    """Differences of it are differences of the log-likelihood."""
    X, W, H = draw()
    first, second = W.T @ H, (1.3 * W).T @ H
    expected = poisson.logpmf(X, first).sum() - poisson.logpmf(X, second).sum()
    np.testing.assert_allclose(kullback_leibler(X, 1.3 * W, H) - kullback_leibler(X, W, H), expected, rtol=1e-9)


def test_steps_raise_the_likelihood() -> None:
    """Iterating from the truth ends in a likelier model, with spectra near the truth."""
    X, W, H = draw()
    found_W, found_H, _ = improve_likelihood(X, W, H, 200, 1e-6)
    assert kullback_leibler(X, found_W, found_H) < kullback_leibler(X, W, H)
    assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(H, found_H, strict=True)) > 0.98


def test_weights_sum_to_the_counts() -> None:
    """At the likeliest weights in spectra of unit sum a pixel's model holds as many counts as were counted."""
    X, W, H = draw()
    found = likelihood_weights(X, np.ones_like(W), H, 2000)
    np.testing.assert_allclose(found.sum(axis=0), X.sum(axis=1), rtol=1e-6)


def test_factors_even_out_the_variance() -> None:
    """Scaled counts vary alike at bright and dark energies and pixels."""
    rng = np.random.default_rng(1)
    mean = np.outer(rng.uniform(5.0, 50.0, 2000), np.linspace(0.2, 2.0, 30))
    columns, rows = variance_scales(rng.poisson(mean).astype(float))
    noise = (rng.poisson(mean) - mean) * columns * rows[:, None]
    np.testing.assert_allclose(noise.var(axis=0) / noise.var(), 1.0, atol=0.15)


@pytest.mark.parametrize("loss", ["variance", "kullback-leibler"])
def test_losses_for_counts_beat_least_squares_on_uneven_ones(loss: str) -> None:
    """A weak component among strong lines is found better when noise is weighed as it is."""
    rng = np.random.default_rng(2)
    axis = np.arange(60)
    H = np.array([np.exp(-0.5 * (axis - 15) ** 2 / 2.0) + 0.01, 0.05 * np.exp(-0.5 * (axis - 40) ** 2 / 20.0) + 0.01])
    W = rng.uniform(size=(1500, 2)) * (rng.random((1500, 2)) < 0.7) * [300.0, 40.0]
    X = rng.poisson(W @ H).astype(float)

    def agreement(model: NMF) -> float:
        found = model.fit(X).components_
        return max(float(np.corrcoef(row, H[1])[0, 1]) for row in found)

    weighed = agreement(NMF(2, loss=loss, max_iter=1000))  # pyright: ignore[reportArgumentType]
    assert weighed > agreement(NMF(2, max_iter=1000))
