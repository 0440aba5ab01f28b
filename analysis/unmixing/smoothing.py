"""Averaging of abundance maps over neighbouring pixels, as far as the noise asks for and the image allows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float64]

WIDTHS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.25, 1.5, 2.0, 2.5)
"""Standard deviations of the kernel that are tried, pixels."""


def choose_width(maps: NDArray[Any], variance: NDArray[Any]) -> float:
    """Choose the Gaussian kernel whose expected squared error is least.

    Stein's unbiased estimate of the risk (Ann. Stat. 9 (1981) 1135) of a linear filter with central weight g₀:
    mean of (smoothed − map)² + 2 g₀ σ² − σ².

    Args:
        maps: Unbiased estimates, values of both signs allowed, shape (k, y, x).
        variance: Their variances, broadcastable to (k, y, x).

    Returns:
        Standard deviation of the kernel, pixels; 0 for none.
    """
    maps = np.asarray(maps, float)
    spread = np.broadcast_to(variance, maps.shape).mean(axis=(1, 2))
    scale = np.maximum(maps.var(axis=(1, 2)), 1e-300)
    risks = [
        float(((((smooth(maps, width) - maps) ** 2).mean(axis=(1, 2)) + 2.0 * _central(width) * spread) / scale).sum())
        for width in WIDTHS
    ]
    return WIDTHS[int(np.argmin(risks))]


def smooth(maps: NDArray[Any], width: float) -> NDArray[Any]:
    """Average each map with a Gaussian kernel.

    Args:
        maps: Shape (k, y, x).
        width: Standard deviation of the kernel, pixels; 0 changes nothing.

    Returns:
        Maps of the same shape and dtype.
    """
    return gaussian_filter(maps, (0.0, width, width), mode="nearest") if width > 0.0 else maps


def _central(width: float) -> float:
    """Weight of a pixel in its own average."""
    if width <= 0.0:
        return 1.0
    line = np.zeros(41)
    line[20] = 1.0
    return float(gaussian_filter(line, width)[20] ** 2)
