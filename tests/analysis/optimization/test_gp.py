"""The Gaussian-process surrogate: hyper-parameters, prediction and samples against botorch and closed forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from gpytorch.mlls import ExactMarginalLogLikelihood

from analysis.optimization.errors import ConfigurationError, NotFittedError
from analysis.optimization.evidence import Evidence
from analysis.optimization.gp import GaussianProcess

NONE = np.empty((0, 2))


def data(count: int = 25, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Positions and noisy values of a smooth function, far from zero mean and unit variance."""
    rng = np.random.default_rng(seed)
    positions = rng.random((count, 2))
    values = 300.0 + 40.0 * np.sin(5 * positions[:, 0]) * np.cos(3 * positions[:, 1]) + rng.standard_normal(count)
    return positions, values


@pytest.mark.parametrize("seed", range(4))
def test_evidence_reaches_botorchs_cold_fit(seed: int) -> None:
    """Evidence reaches botorch's cold fit."""
    positions, values = data(seed=seed)
    targets = (values - values.mean()) / values.std(ddof=1)
    surrogate = GaussianProcess(2, "rbf")
    surrogate.fit(positions, values, None, NONE)
    cold = SingleTaskGP(torch.tensor(positions), torch.tensor(values)[:, None])
    fit_gpytorch_mll(ExactMarginalLogLikelihood(cold.likelihood, cold))
    evidence = Evidence.of(positions, targets, None, "rbf")
    found = np.array(surrogate.state()["parameters"])
    reference = np.log(np.append(cold.covar_module.lengthscale.detach().numpy(), cold.likelihood.noise.detach()))
    assert evidence(found)[0] <= evidence(reference)[0] + 1e-5


@pytest.mark.parametrize("kernel", ["rbf", "matern"])
@pytest.mark.parametrize("known_noise", [False, True])
def test_prediction_is_gpytorchs(kernel: str, known_noise: bool) -> None:
    """Prediction is gpytorch's."""
    positions, values = data()
    variances = np.linspace(0.5, 4.0, len(values)) if known_noise else None
    surrogate = GaussianProcess(2, kernel)
    surrogate.fit(positions, values, variances, NONE)
    candidates = np.random.default_rng(1).random((50, 2))
    mean, deviation = surrogate.moments(candidates)
    posterior = surrogate.model.posterior(torch.tensor(candidates))
    shift, scale = values.mean(), values.std(ddof=1)
    np.testing.assert_allclose(mean, posterior.mean.detach().numpy().ravel() * scale + shift, rtol=1e-8)
    np.testing.assert_allclose(deviation**2, posterior.variance.detach().numpy().ravel() * scale**2, rtol=1e-4)
    mixture = surrogate.predict(candidates)
    np.testing.assert_allclose(mixture.mean[0] * scale + shift, mean)
    assert mixture.incumbent[0] * scale + shift == pytest.approx(values.max())


def test_prediction_is_the_textbooks() -> None:
    """Prediction is the textbook's."""
    positions, values = data(12)
    surrogate = GaussianProcess(2, "rbf")
    surrogate.fit(positions, values, None, NONE)
    parameters = np.exp(surrogate.state()["parameters"])
    candidates = np.random.default_rng(2).random((9, 2))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * (((a[:, None] - b[None]) / parameters[:2]) ** 2).sum(-1))

    inverse = np.linalg.inv(kernel(positions, positions) + parameters[2] * np.eye(12))
    constant = inverse.sum(0) @ values / inverse.sum()
    cross = kernel(candidates, positions)
    mean = constant + cross @ inverse @ (values - constant)
    variance = (1.0 - np.einsum("ij,jk,ik->i", cross, inverse, cross)) * values.var(ddof=1)
    found, deviation = surrogate.moments(candidates)
    np.testing.assert_allclose(found, mean, rtol=1e-9)
    np.testing.assert_allclose(deviation**2, variance, rtol=1e-5)


def test_pending_positions_lower_the_deviation_and_leave_mean_and_parameters() -> None:
    """Pending positions lower the deviation and leave mean and parameters."""
    positions, values = data()
    surrogate = GaussianProcess(2)
    surrogate.fit(positions, values, None, NONE)
    candidates = np.random.default_rng(3).random((40, 2))
    before, state = surrogate.moments(candidates), surrogate.state()
    pending = candidates[:2]
    surrogate.fit(positions, values, None, pending)
    after = surrogate.moments(candidates)
    np.testing.assert_allclose(after[0], before[0], rtol=1e-12)
    assert surrogate.state() == state
    assert (after[1] <= before[1] + 1e-12).all()
    assert (after[1][:2] < 0.75 * before[1][:2]).all()


@pytest.mark.parametrize("kernel", ["rbf", "matern"])
def test_samples_have_the_posteriors_moments(kernel: str) -> None:
    """Samples have the posterior's moments."""
    positions, values = data(10)
    surrogate = GaussianProcess(2, kernel)
    surrogate.fit(positions, values, None, np.array([[0.5, 0.5]]))
    candidates = np.array([[0.1, 0.9], [0.12, 0.9], [0.95, 0.05], positions[0], [0.5, 0.5]])
    # Features are drawn once per call: many calls average their error out.
    draws = np.concatenate([surrogate.sample(candidates, np.random.default_rng(i), 100) for i in range(60)])
    mean, deviation = surrogate.moments(candidates)
    standard_error = deviation / np.sqrt(len(draws)) + 0.02 * deviation
    assert (np.abs(draws.mean(axis=0) - mean) < 4.0 * standard_error).all()
    np.testing.assert_allclose(draws.std(axis=0), deviation, rtol=0.1)
    covariance = surrogate.model.posterior(torch.tensor(candidates[:2])).mvn.covariance_matrix.detach().numpy()
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert np.corrcoef(draws[:, 0], draws[:, 1])[0, 1] == pytest.approx(correlation, abs=0.05)


def test_a_sample_is_one_function_whatever_it_is_asked_at() -> None:
    """A sample is one function whatever it is asked at."""
    surrogate = GaussianProcess(2)
    surrogate.fit(*data(), None, NONE)
    candidates = np.random.default_rng(4).random((30, 2))
    whole = surrogate.sample(candidates, np.random.default_rng(5), 3)
    part = surrogate.sample(candidates[10:20], np.random.default_rng(5), 3)
    np.testing.assert_allclose(whole[:, 10:20], part, rtol=1e-9)


def test_noisy_members_average_to_the_posterior_mean() -> None:
    """Noisy members average to the posterior mean."""
    positions, values = data(15)
    surrogate = GaussianProcess(2)
    surrogate.fit(positions, values, np.full(15, 100.0), NONE)
    candidates = np.random.default_rng(6).random((20, 2))
    mixture = surrogate.noisy(candidates, np.random.default_rng(7), 2000)
    plain = surrogate.predict(candidates)
    variance = mixture.mean.var(axis=0) + (mixture.deviation**2).mean(axis=0)
    np.testing.assert_allclose(mixture.mean.mean(axis=0), plain.mean[0], atol=0.03)
    np.testing.assert_allclose(variance, plain.deviation[0] ** 2, rtol=0.15, atol=1e-4)
    assert mixture.incumbent.std() > 0.01


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0, 5.0], [0.0, 0.0], [1e-13, 3e-13, 2e-13], [1e15, 3e15, -1e15]])
def test_degenerate_data_give_finite_predictions(values: list[float]) -> None:
    """Degenerate data give finite predictions."""
    surrogate = GaussianProcess(2)
    positions = np.random.default_rng(0).random((len(values), 2))
    surrogate.fit(positions, np.array(values), None, NONE)
    mean, deviation = surrogate.moments(np.random.default_rng(1).random((10, 2)))
    assert np.isfinite(mean).all()
    assert (deviation > 0.0).all()
    assert min(values) - 3 * np.ptp(values) <= mean.min() <= mean.max() <= max(values) + 3 * np.ptp(values)


def test_a_restored_state_is_not_refitted_on_the_same_data() -> None:
    """A restored state is not refitted on the same data."""
    positions, values = data(20)
    first, second = GaussianProcess(2), GaussianProcess(2)
    for n in (10, 19, 20):
        first.fit(positions[:n], values[:n], None, NONE)
    second.restore(json.loads(json.dumps(first.state())))
    second.fit(positions, values, None, NONE)
    candidates = np.random.default_rng(8).random((10, 2))
    assert second.state() == first.state()
    np.testing.assert_array_equal(second.moments(candidates), first.moments(candidates))


def test_large_grids_are_predicted_in_pieces() -> None:
    """Large grids are predicted in pieces."""
    surrogate = GaussianProcess(2)
    surrogate.fit(*data(), None, NONE)
    candidates = np.random.default_rng(9).random((20_000, 2))
    whole, part = surrogate.moments(candidates), surrogate.moments(candidates[16_380:16_390])
    np.testing.assert_allclose(whole[0][16_380:16_390], part[0], rtol=1e-12)
    np.testing.assert_allclose(whole[1][16_380:16_390], part[1], rtol=1e-6)


def test_wrong_use_is_refused() -> None:
    """Wrong use is refused."""
    with pytest.raises(ConfigurationError, match="rbf or matern"):
        GaussianProcess(2, "cosine")
    with pytest.raises(NotFittedError, match="fit first"):
        GaussianProcess(2).predict(np.zeros((1, 2)))
