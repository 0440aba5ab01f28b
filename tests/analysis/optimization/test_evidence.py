"""The analytic evidence against gpytorch's, value and gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from gpytorch.mlls import ExactMarginalLogLikelihood

from analysis.optimization.evidence import Evidence, parameter_bounds, prior_mode


def gpytorch_evidence(
    positions: np.ndarray, targets: np.ndarray, noise: np.ndarray | None, kernel: str, parameters: np.ndarray
) -> tuple[float, np.ndarray]:
    """Negative log posterior density per point and its gradient in the log parameters, by automatic differentiation."""
    dimension = positions.shape[1]
    model = SingleTaskGP(
        torch.tensor(positions),
        torch.tensor(targets)[:, None],
        train_Yvar=None if noise is None else torch.tensor(noise)[:, None],
        covar_module=get_covar_module_with_dim_scaled_prior(dimension, use_rbf_kernel=kernel == "rbf"),
        outcome_transform=None,
    )
    model.covar_module.lengthscale = torch.tensor(np.exp(parameters[:dimension]))
    raw = [model.covar_module.raw_lengthscale]
    if noise is None:
        model.likelihood.noise = torch.tensor(np.exp(parameters[dimension:]))
        raw.append(model.likelihood.noise_covar.raw_noise)
    with torch.no_grad():
        covariance = model.likelihood(model.forward(model.train_inputs[0])).covariance_matrix.numpy()
    inverse = np.linalg.inv(covariance)
    model.mean_module.constant = torch.tensor(float(inverse.sum(0) @ targets / inverse.sum()))
    model.train()
    value = -ExactMarginalLogLikelihood(model.likelihood, model)(model(model.train_inputs[0]), model.train_targets)
    value.backward()
    slopes = np.concatenate([parameter.grad.numpy().ravel() for parameter in raw])
    assert abs(model.mean_module.raw_constant.grad.item()) < 1e-6  # the profiled mean is the optimum
    return value.item(), slopes * np.exp(parameters)


@pytest.mark.parametrize("kernel", ["rbf", "matern"])
@pytest.mark.parametrize("known_noise", [False, True])
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_value_and_gradient_are_gpytorchs(kernel: str, known_noise: bool, dimension: int) -> None:
    """Value and gradient are gpytorch's."""
    rng = np.random.default_rng(dimension)
    positions, targets = rng.random((17, dimension)), rng.standard_normal(17)
    targets = (targets - targets.mean()) / targets.std(ddof=1)
    noise = rng.uniform(0.01, 0.2, 17) if known_noise else None
    parameters = prior_mode(dimension, not known_noise) + rng.uniform(-0.7, 0.7, dimension + (not known_noise))
    value, gradient = Evidence.of(positions, targets, noise, kernel)(parameters)
    expected, slopes = gpytorch_evidence(positions, targets, noise, kernel, parameters)
    assert value == pytest.approx(expected, rel=1e-7)  # gpytorch keeps its priors in single precision
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-7)


def test_duplicates_are_no_singularity() -> None:
    """Duplicates are no singularity."""
    positions = np.repeat(np.array([[0.2, 0.3], [0.8, 0.1]]), 20, axis=0)
    evidence = Evidence.of(positions, np.random.default_rng(0).standard_normal(40), None, "rbf")
    for parameters in (prior_mode(2, True), np.array([bound[0] for bound in parameter_bounds(2, True)])):
        value, gradient = evidence(parameters)
        assert value < 1e9
        assert np.isfinite(gradient).all()
