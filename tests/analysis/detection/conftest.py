"""Small labelled images that need no twin: blobs of two sizes on noisy lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

CLASSES = ("small", "large")


@dataclass(frozen=True, slots=True)
class Blobs:
    """A labelled image."""

    height: NDArray[np.float64]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    nm_per_pixel: float = 0.2
    classes: tuple[str, ...] = CLASSES


def blobs(seed: int, shape: tuple[int, int] = (96, 96), number: int = 6) -> Blobs:
    """Blobs of radius 2 and 4 pixels, the large ones twice as high, on a tilted plane."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    height = 0.03 * x - 0.02 * y + 0.05 * rng.normal(size=shape) + 0.02 * rng.normal(size=(shape[0], 1))
    spots = np.stack(np.meshgrid(np.arange(12, shape[1] - 8, 16), np.arange(12, shape[0] - 8, 16)), -1).reshape(-1, 2)
    centres = rng.permutation(spots)[:number] + rng.uniform(-3, 3, (number, 2))
    labels = rng.integers(0, 2, number)
    radii = np.where(labels == 0, 2.0, 4.0)
    for (cx, cy), radius, label in zip(centres, radii, labels, strict=True):
        height += (0.6 + 0.6 * label) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / radius**2)
    half = 1.5 * radii[:, None]
    return Blobs(height, np.hstack([centres - half, centres + half]), labels)


@pytest.fixture(scope="session")
def images() -> list[Blobs]:
    """Twelve images."""
    return [blobs(seed) for seed in range(12)]
