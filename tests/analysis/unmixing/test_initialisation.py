"""What a factorisation starts from."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.identity import window_templates
from analysis.unmixing.initialisation import anchored_components, first_noise, plain_components, restarted
from analysis.unmixing.noise import NoiseModel


def mixture(points: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Two clearly different components, each alone in some patterns."""
    H = np.zeros((2, 20))
    H[0, :8], H[1, 10:] = 1 / 8, 1 / 10
    W = np.random.default_rng(0).uniform(0, 100, (points, 2))
    W[:5, 0], W[5:10, 1] = 0.0, 0.0
    return W, H


def test_plain_components_leave_empty_what_few_patterns_cannot_tell() -> None:
    """One pattern tells one component."""
    W, H = mixture()
    found = plain_components((W @ H)[:1], 4)
    np.testing.assert_allclose(found.sum(axis=1), [1, 0, 0, 0])


def test_components_without_an_anchor_differ_and_avoid_the_windows() -> None:
    """Equal components would stay equal."""
    W, H = mixture()
    templates = window_templates([(0, 8), None, None], (20,))
    found = anchored_components(W @ H, templates)
    np.testing.assert_array_equal(found[0], templates[0])
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert not np.allclose(found[1], found[2])
    assert found[1, 8:].sum() > 0.8


def test_a_restart_escapes_from_a_bad_fit_and_keeps_a_good_one() -> None:
    """Both components equal is a fixed point of the sweeps; the truth cannot be beaten."""
    W, H = mixture()
    Y, noise = W @ H, NoiseModel("gaussian", dispersion=1e-4)
    equal = np.full((2, 20), 1 / 20)
    _, escaped = restarted(Y, Y.sum(axis=1)[:, None] / 2 * np.ones(2), equal, noise, finite=None, iterations=50, tol=0)
    assert escaped[:, :8].sum(axis=1).max() > 0.99
    kept_weights, kept = restarted(Y, W, H, noise, finite=None, iterations=5, tol=0)
    assert kept is H
    assert kept_weights is W


def test_the_first_noise_ignores_spikes() -> None:
    """A hundredth of the values being huge does not double the deviation."""
    rng = np.random.default_rng(1)
    Y = 5.0 + rng.normal(scale=0.1, size=(50, 40))
    Y[rng.random(Y.shape) < 0.01] = 1e6
    assert first_noise(Y, "gaussian", 3.0).dispersion == pytest.approx(0.01, rel=0.5)
    assert first_noise(np.zeros((3, 4)), "poisson", 3.0).floor > 0.0
