"""The shared sweeps: scoring in a fixed basis, and improving the basis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.unmixing.factorisation import Prior, improve, score, unit_sum
from analysis.unmixing.noise import NoiseModel

GAUSSIAN = NoiseModel("gaussian")


def basis(k: int = 3, m: int = 30, seed: int = 0) -> np.ndarray:
    """Components of unit sum."""
    return unit_sum(np.random.default_rng(seed).uniform(size=(k, m)) ** 3)


def test_exact_mixtures_are_scored_exactly() -> None:
    """Without noise the weights come back, zeros included."""
    H, W = basis(), np.array([[10.0, 0.0, 5.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0]])
    scores = score(W @ H, H, GAUSSIAN, np.zeros(30))
    np.testing.assert_allclose(scores.weights, W, atol=1e-8)
    np.testing.assert_allclose(scores.misfit, 0.0, atol=1e-12)


def test_scores_are_hubers_estimate() -> None:
    """The weights minimise Huber's loss, found independently by a general optimiser."""
    rng = np.random.default_rng(1)
    H = basis()
    y = np.array([100.0, 60.0, 80.0]) @ H + rng.normal(scale=1.0, size=30)
    y[[3, 17]] += [80.0, -50.0]

    def loss(w: np.ndarray) -> float:
        z = np.abs(y - w @ H)
        return float(np.where(z <= 3, z**2 / 2, 3 * z - 4.5).sum())

    best = minimize(loss, [90.0, 90.0, 90.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    found = score(y[None], H, GAUSSIAN, np.zeros(30)).weights[0]
    assert (best.x > 0).all()
    np.testing.assert_allclose(found, best.x, rtol=2e-3)


def test_a_pattern_is_scored_alike_alone_and_in_company() -> None:
    """Blocks and early convergence of others must not change a result."""
    rng = np.random.default_rng(2)
    H = basis(m=700)
    Y = rng.poisson(rng.uniform(0, 1e4, (200, 3)) @ H).astype(float)
    Y[::7, 5] = 1e5
    noise, centre = NoiseModel("poisson", floor=0.5), Y.mean(axis=0)
    together = score(Y, H, noise, centre).weights
    alone = np.vstack([score(y[None], H, noise, centre).weights for y in Y[:30]])
    np.testing.assert_allclose(together[:30], alone, rtol=1e-9, atol=1e-9)


def test_improving_never_raises_the_squared_residual() -> None:
    """Without outliers each alternation is a step of least squares."""
    rng = np.random.default_rng(3)
    Y = rng.uniform(size=(20, 3)) @ basis() + rng.normal(scale=0.01, size=(20, 30))
    noise = NoiseModel("gaussian", dispersion=1e6)
    W, H = rng.uniform(size=(20, 3)), basis(seed=9)
    before = np.inf
    for _ in range(20):
        W, H, done = improve(Y, W, H, noise, iterations=1)
        residual = float(((Y - score(Y, H, noise, np.zeros(30)).weights @ H) ** 2).sum())
        assert residual <= before * (1 + 1e-9)
        assert done == 1
        before = residual


def test_a_belief_keeps_a_component_in_its_window() -> None:
    """Strong, it cuts a component to its window but not its shape there; weak, the patterns win."""
    H = basis(2)
    W = np.random.default_rng(6).uniform(50, 100, (10, 2))
    masks = np.ones((2, 30))
    masks[1, 15:] = 0.0
    strong, weak = (Prior(masks, np.array([0.0, strength])) for strength in (1e12, 1e-6))
    _, held, _ = improve(W @ H, W, H, GAUSSIAN, prior=strong, iterations=30)
    assert held[1, 15:].max() < 1e-6
    assert np.corrcoef(held[1, :15], H[1, :15])[0, 1] > 0.9
    _, free, _ = improve(W @ H, W, H, GAUSSIAN, prior=weak, iterations=30)
    np.testing.assert_allclose(free, H, atol=1e-4)


def test_distrusted_patterns_do_not_shape_the_basis() -> None:
    """A pattern with hardly any say leaves the components of the others."""
    H = basis(2)
    W = np.random.default_rng(4).uniform(10, 20, (12, 2))
    Y = W @ H
    Y[0] = np.random.default_rng(5).uniform(0, 5, 30)
    trust = np.ones(12)
    trust[0] = 1e-9
    noise = NoiseModel("gaussian", dispersion=1e6)
    _, kept, _ = improve(Y, W, H, noise, trust=trust, iterations=30)
    _, spoilt, _ = improve(Y, W, H, noise, iterations=30)
    assert np.abs(kept - H).max() < 1e-6 < np.abs(spoilt - H).max()


def test_missing_values_do_not_matter_whatever_they_hold() -> None:
    """The same weights with rubbish under the mask."""
    H, W = basis(), np.array([[10.0, 4.0, 5.0]])
    finite = np.ones((1, 30), bool)
    finite[0, :10] = False
    rubbish = np.where(finite, W @ H, 1e9)
    assert score(rubbish, H, GAUSSIAN, np.zeros(30), finite).weights[0] == pytest.approx(W[0])
