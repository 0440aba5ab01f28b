"""A Gaussian process with given hyper-parameters, conditioned on measurements: moments and samples."""

from __future__ import annotations

import gpytorch
import numpy as np
import torch
from numpy.typing import NDArray

from analysis.optimization.surrogate import Mixture

Array = NDArray[np.float64]

CHUNK = 16_384
"""Candidates predicted at once: bounds the memory of a large grid."""

FEATURES = 1024
"""Random Fourier features of a prior sample."""


class Posterior:
    """A Gaussian process conditioned on standardised targets, with fixed hyper-parameters.

    Args:
        covariance: The kernel, a gpytorch module.
        positions: Measured positions, shape (n, d), unit cube.
        targets: Standardised values, shape (n,).
        noise: Noise variances, standardised, shape (n,).
        pending: Positions being measured, shape (p, d); they are believed to give the predicted mean.
        shift: Mean of the values, objective's units.
        scale: Standard deviation of the values, objective's units.
    """

    def __init__(
        self,
        covariance: gpytorch.kernels.Kernel,
        positions: Array,
        targets: Array,
        noise: Array,
        pending: Array,
        shift: float,
        scale: float,
    ) -> None:
        n = len(targets)
        self.covariance, self.targets, self.noise, self.shift, self.scale = covariance, targets, noise, shift, scale
        self.inputs = torch.from_numpy(np.concatenate([positions, pending]))
        believed = np.full(len(pending), np.median(noise))
        kernel = self._kernel(self.inputs, self.inputs) + torch.diag(torch.from_numpy(np.append(noise, believed)))
        # The measurements come first, so the leading block of the factor is the factor of the measurements alone.
        self.factor = torch.linalg.cholesky(kernel)
        ones_and_targets = torch.from_numpy(np.stack([np.ones(n), targets], axis=1))
        solved = torch.cholesky_solve(ones_and_targets, self.factor[:n, :n])
        self.constant = float(solved[:, 1].sum() / solved[:, 0].sum())
        self.alpha = solved[:, 1] - self.constant * solved[:, 0]

    def moments(self, candidates: Array) -> tuple[Array, Array]:
        """Mean and deviation at candidates (m, d), each (m,), standardised."""
        parts = [self._moments(torch.tensor(candidates[i : i + CHUNK])) for i in range(0, len(candidates), CHUNK)]
        mean, variance = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def _moments(self, candidates: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance at candidates (m, d) (Rasmussen & Williams 2006, algorithm 2.1)."""
        cross = self._kernel(self.inputs, candidates)
        mean = self.constant + self.alpha @ cross[: len(self.alpha)]
        whitened = torch.linalg.solve_triangular(self.factor, cross, upper=False)
        return mean, 1.0 - (whitened * whitened).sum(dim=0)

    def sample(self, candidates: Array, rng: np.random.Generator, count: int, kernel: str) -> Array:
        """Draw joint samples, shape (count, m), standardised, by pathwise conditioning (Wilson et al. 2020, eq. 13)."""
        frequencies = rng.standard_normal((FEATURES, candidates.shape[1])) / self._length_scales()
        if kernel == "matern":  # the spectral density of a Matérn-5/2 kernel is a Student t with 5 degrees of freedom
            frequencies *= np.sqrt(5.0 / rng.chisquare(5.0, size=(FEATURES, 1)))
        phases = rng.uniform(0.0, 2.0 * np.pi, size=FEATURES)
        weights = rng.standard_normal((FEATURES, count)) * np.sqrt(2.0 / FEATURES)
        inputs = self.inputs.numpy()
        targets = np.append(self.targets, self.moments(inputs[len(self.targets) :])[0] if self._pending else [])
        noise = np.append(self.noise, np.full(self._pending, np.median(self.noise)))
        prior = np.cos(inputs @ frequencies.T + phases) @ weights
        residual = targets[:, None] - self.constant - prior
        residual -= np.sqrt(noise)[:, None] * rng.standard_normal((len(inputs), count))
        update = torch.cholesky_solve(torch.from_numpy(residual), self.factor)
        draws = np.empty((count, len(candidates)))
        for i in range(0, len(candidates), CHUNK):
            part = candidates[i : i + CHUNK]
            cross = self._kernel(torch.tensor(part), self.inputs)
            draws[:, i : i + CHUNK] = (np.cos(part @ frequencies.T + phases) @ weights + (cross @ update).numpy()).T
        return draws + self.constant

    def noisy(self, candidates: Array, rng: np.random.Generator, count: int) -> Mixture:
        """Condition on draws of the noiseless values at the inputs instead of on the noisy values."""
        kernel = self._kernel(self.inputs, self.inputs)
        whitened = torch.linalg.solve_triangular(self.factor, kernel, upper=False)
        jitter = 1e-6 * torch.eye(len(kernel), dtype=kernel.dtype)
        spread = torch.linalg.cholesky(kernel - whitened.T @ whitened + jitter)
        mean = self.constant + self.alpha @ kernel[: len(self.alpha)]
        latent = mean[:, None] + spread @ torch.from_numpy(rng.standard_normal((len(kernel), count)))
        factor = torch.linalg.cholesky(kernel + 2.0 * jitter)
        alpha = torch.cholesky_solve(latent - self.constant, factor)
        means, deviations = [], []
        for i in range(0, len(candidates), CHUNK):
            cross = self._kernel(self.inputs, torch.tensor(candidates[i : i + CHUNK]))
            inner = torch.linalg.solve_triangular(factor, cross, upper=False)
            means.append((self.constant + alpha.T @ cross).numpy())
            deviations.append(np.sqrt(np.maximum(1.0 - (inner * inner).sum(dim=0).numpy(), 1e-12)))
        deviation = np.broadcast_to(np.concatenate(deviations), (count, len(candidates)))
        measured = latent[: len(self.targets)].max(dim=0).values.numpy()
        return Mixture(np.full(count, 1.0 / count), np.concatenate(means, axis=1), deviation, measured)

    @property
    def _pending(self) -> int:
        """Number of pending positions among the inputs."""
        return len(self.inputs) - len(self.targets)

    def _length_scales(self) -> Array:
        """Length-scales of the kernel, shape (d,)."""
        return self.covariance.lengthscale.detach().numpy().ravel()

    def _kernel(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Kernel between positions (a, d) and (b, d), shape (a, b)."""
        with torch.no_grad():
            return self.covariance(first, second).to_dense()
