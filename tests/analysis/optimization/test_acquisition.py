"""Acquisition functions against closed forms, quadrature and botorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import LogExpectedImprovement, LogProbabilityOfImprovement
from botorch.models.model import Model
from botorch.posteriors import GPyTorchPosterior
from gpytorch.distributions import MultivariateNormal
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from analysis.optimization import acquisition
from analysis.optimization.surrogate import Mixture


class Fixed(Model):
    """A botorch model with one given Gaussian prediction per candidate."""

    num_outputs = 1

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        self.mean, self.deviation = torch.tensor(mean), torch.tensor(deviation)

    def posterior(self, X: torch.Tensor, **_: object) -> GPyTorchPosterior:
        """Answer with the given prediction, whatever the candidates are."""
        return GPyTorchPosterior(MultivariateNormal(self.mean[:, None], torch.diag_embed(self.deviation[:, None] ** 2)))


def one(mean: np.ndarray, deviation: np.ndarray, incumbent: float) -> Mixture:
    """A mixture of a single member."""
    return Mixture(np.ones(1), mean[None], deviation[None], np.array([incumbent]))


@pytest.mark.parametrize("deviation", [1.0, 0.3, 30.0])
def test_logarithms_are_botorchs_far_into_the_tails(deviation: float) -> None:
    """Logarithms are botorch's far into the tails."""
    u = np.concatenate([np.linspace(-60, 20, 801), [-1e3, -1e5, -2e6, -1e8, 1e3, -1.0, -1.0000001, 0.0]])
    mean, spread = 0.7 + u * deviation, np.full(len(u), deviation)
    model, X = Fixed(mean, spread), torch.zeros(len(u), 1, 1, dtype=torch.float64)
    mixture = one(mean, spread, 0.7)
    ei = LogExpectedImprovement(model, best_f=0.7)(X).numpy()
    np.testing.assert_allclose(acquisition.expected_improvement(mixture), ei, rtol=1e-6, atol=1e-6)
    pi = LogProbabilityOfImprovement(model, best_f=0.7)(X).numpy()
    near = np.abs(u) < 1e3
    np.testing.assert_allclose(acquisition.probability_of_improvement(mixture)[near], pi[near], rtol=1e-6, atol=1e-6)


@given(st.floats(-4, 4), st.floats(0.05, 3), st.floats(-2, 2))
def test_expected_improvement_is_its_integral(mean: float, deviation: float, incumbent: float) -> None:
    """Expected improvement is its integral."""
    low, high = max(incumbent, mean - 12 * deviation), max(incumbent, mean + 12 * deviation)
    integral, _ = quad(lambda f: (f - incumbent) * norm.pdf(f, mean, deviation), low, high, epsabs=1e-13, limit=200)
    found = np.exp(acquisition.log_expected_improvement(mean, deviation, incumbent))
    assert found == pytest.approx(integral, rel=1e-5, abs=1e-10)


def test_without_deviation_the_improvement_is_certain() -> None:
    """Without deviation the improvement is certain."""
    values = acquisition.log_expected_improvement([3.0, 1.5, 1.0, 0.0], 0.0, 1.0)
    np.testing.assert_allclose(values[:2], np.log([2.0, 0.5]))
    assert values[2] < -200
    assert values[3] < -1e100
    assert np.isfinite(values).all()


@given(st.floats(-1e80, 1e8), st.floats(0, 10))
def test_log_improvement_is_finite_and_increasing(u: float, step: float) -> None:
    """Log improvement is finite and increasing."""
    low, high = acquisition.log_improvement([u, u + step])
    assert np.isfinite(low)
    assert low <= high + 1e-12 * abs(high)


def test_a_mixture_averages_improvements_not_their_logarithms() -> None:
    """A mixture averages improvements not their logarithms."""
    rng = np.random.default_rng(0)
    mixture = Mixture(
        np.array([0.2, 0.5, 0.3]), rng.normal(size=(3, 40)), rng.uniform(0.1, 1, (3, 40)), rng.normal(size=3)
    )
    members = [one(mixture.mean[k], mixture.deviation[k], mixture.incumbent[k]) for k in range(3)]
    for function in (acquisition.expected_improvement, acquisition.probability_of_improvement):
        expected = sum(w * np.exp(function(member)) for w, member in zip(mixture.weights, members, strict=True))
        np.testing.assert_allclose(np.exp(function(mixture)), expected, rtol=1e-10)


def test_a_member_of_no_weight_does_not_count() -> None:
    """A member of no weight does not count."""
    mixture = Mixture(np.array([1.0, 0.0]), np.zeros((2, 3)), np.ones((2, 3)), np.array([0.0, -5.0]))
    np.testing.assert_allclose(
        acquisition.expected_improvement(mixture), np.log(norm.pdf(0.0)) * np.ones(3), rtol=1e-12
    )


def test_per_second_prefers_the_near_of_two_equals() -> None:
    """Per second prefers the near of two equals."""
    values = acquisition.per_second(np.array([-1.0, -1.0, -0.5]), np.array([0.0, 9.0, 1.0]), overhead=1.0)
    np.testing.assert_allclose(values, [-1.0, -1.0 - np.log(10.0), -0.5 - np.log(2.0)])


def test_upper_confidence_bound() -> None:
    """Upper confidence bound."""
    np.testing.assert_allclose(acquisition.upper_confidence_bound(np.array([1.0]), np.array([0.5]), 3.0), [2.5])
