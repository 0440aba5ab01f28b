"""Dimensions of a stack that are no component but the drift of its image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.compression import Compressed

Floats = NDArray[np.float64]

_LOOKED_AT = 8
"""Dimensions, from the strongest on, that are looked at; weaker ones hold next to nothing but noise."""

_SLOPES = 0.3
"""Share of a map that slopes of stronger maps explain, above which it is drift. True components have at most 0.2."""

_PIXELS = 10_000
"""Pixels that a map is binned to, so that noise does not hide what it is made of."""


def find_drift(data: Compressed, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which dimensions are drift.

    An image that moves by d between frames is I − d · ∇I to first order: drift adds dimensions whose maps are mixtures
    of the slopes of the components' maps, strong at edges and of opposite signs at opposite edges.

    Args:
        data: Compressed spectra of an image.
        shape: Rows and columns of the image.

    Returns:
        True for drift, shape (r,).
    """
    count = min(_LOOKED_AT, len(data.basis))
    maps = [binned(row.reshape(shape), _PIXELS) for row in data.coordinates[:count]]
    drift = np.zeros(len(data.basis), bool)
    if min(maps[0].shape) < 8:
        return drift
    slopes: list[Floats] = []
    for place, map_ in enumerate(maps):
        if slopes:
            target = (map_ - map_.mean()).ravel()
            A = np.array(slopes).T
            left = target - A @ np.linalg.lstsq(A, target, rcond=None)[0]
            drift[place] = float(left @ left) < (1.0 - _SLOPES) * float(target @ target)
        if not drift[place]:
            slopes += [(slope - slope.mean()).ravel() for slope in np.gradient(map_)]
    return drift


def without(data: Compressed, dimensions: NDArray[np.bool_]) -> Compressed:
    """Leave dimensions out.

    Args:
        data: Compressed spectra.
        dimensions: Which, shape (r,).

    Returns:
        The spectra without what they hold in these dimensions.
    """
    if not dimensions.any():
        return data
    keep = ~dimensions
    values = np.concatenate([data.values[: len(keep)][keep], data.values[len(keep) :]])
    return Compressed(data.coordinates[keep], data.basis[keep], values)


def binned(image: NDArray[np.floating], pixels: int) -> Floats:
    """Average neighbouring pixels.

    Args:
        image: Shape (y, x).
        pixels: How many to leave, about, at most.

    Returns:
        A smaller image; rows and columns at its end that do not make a whole pixel are left out.
    """
    bin_ = max(1, int(np.ceil(np.sqrt(image.size / pixels))))
    rows, columns = image.shape[0] // bin_, image.shape[1] // bin_
    cut = image[: rows * bin_, : columns * bin_].astype(float)
    return cut.reshape(rows, bin_, columns, bin_).mean(axis=(1, 3))
