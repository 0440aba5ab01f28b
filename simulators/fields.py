"""Smooth random fields over the plane, exact at any position, reproducible from a generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class RandomField:
    """A stationary Gaussian random field with squared-exponential covariance.

    Random Fourier features (Rahimi & Recht 2007, algorithm 1) make it a function rather than an image,
    so that a sample can be measured between the grid positions too.

    Attributes:
        wavevectors: Angular spatial frequencies, shape (features, 2), in 1/length.
        phases: Phase of each feature, shape (features,), rad.
        deviation: Standard deviation of the field.
    """

    wavevectors: NDArray[np.float64]
    phases: NDArray[np.float64]
    deviation: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, length_scale: float, deviation: float = 1.0, features: int = 128
    ) -> RandomField:
        """Draw one field.

        Args:
            rng: Source of randomness.
            length_scale: Correlation length, in the unit of the positions.
            deviation: Standard deviation of the field.
            features: Number of cosines summed; more are closer to Gaussian.

        Returns:
            The field.
        """
        wavevectors = rng.normal(scale=1.0 / length_scale, size=(features, 2))
        return cls(wavevectors, rng.uniform(0.0, 2.0 * np.pi, size=features), deviation)

    def __call__(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the field at positions that broadcast together; returns their broadcast shape."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        angle = x[..., None] * self.wavevectors[:, 0] + y[..., None] * self.wavevectors[:, 1] + self.phases
        return self.deviation * np.sqrt(2.0 / len(self.phases)) * np.cos(angle).sum(axis=-1)

    def on_grid(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the field on a grid, much faster than position by position.

        Args:
            x: Positions of the columns, shape (columns,).
            y: Positions of the rows, shape (rows,).

        Returns:
            The field, shape (rows, columns).
        """
        across = np.asarray(x, float)[:, None] * self.wavevectors[:, 0]
        along = np.asarray(y, float)[:, None] * self.wavevectors[:, 1] + self.phases
        products = np.cos(along) @ np.cos(across).T - np.sin(along) @ np.sin(across).T
        return self.deviation * np.sqrt(2.0 / len(self.phases)) * products
