"""Boxes x0 y0 x1 y1 in pixels: pixel (i, j) covers x from j to j + 1 and y from i to i + 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.detection.errors import LabelError

Floats = NDArray[np.floating[Any]]


def as_boxes(boxes: ArrayLike) -> NDArray[np.float64]:
    """Boxes as an array of shape (n, 4), n = 0 included.

    Raises:
        LabelError: They have another shape, or values that are not finite.
    """
    array = np.asarray(boxes, float)
    array = array.reshape(0, 4) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 4:
        raise LabelError(f"boxes have shape {array.shape}; give x0, y0, x1, y1 for each, shape (n, 4)")
    if not np.isfinite(array).all():
        raise LabelError("boxes have values that are not finite")
    return array


def areas(boxes: Floats) -> Floats:
    """Area of each box, shape (n,), px²; 0 where its corners are the wrong way round."""
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)


def intersections(one: Floats, other: Floats) -> Floats:
    """Area that each pair of boxes (n, 4) and (m, 4) shares, shape (n, m), px²."""
    # One axis at a time: several times as fast as both in one array with a last axis of two.
    width, height = (
        np.minimum.outer(one[:, axis + 2], other[:, axis + 2]) - np.maximum.outer(one[:, axis], other[:, axis])
        for axis in (0, 1)
    )
    return np.maximum(width, 0.0) * np.maximum(height, 0.0)


def iou(one: Floats, other: Floats) -> Floats:
    """Intersection over union of each pair of boxes (n, 4) and (m, 4), shape (n, m); 0 for two empty boxes."""
    shared = intersections(one, other)
    union = areas(one)[:, None] + areas(other)[None, :] - shared
    return shared / np.where(union > 0.0, union, 1.0)


def centres(boxes: Floats) -> Floats:
    """Centre (x, y) of each box, shape (n, 2), px."""
    return 0.5 * (boxes[:, :2] + boxes[:, 2:])
