"""Which component is which: matching after a refit, and windows that name components beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Window = Sequence[int] | Sequence[Sequence[int]]


def match_components(reference: Floats, components: Floats) -> NDArray[np.intp]:
    """Find the order in which new components resemble the reference best.

    The Hungarian algorithm on the cosine similarity; empty rows match last.

    Args:
        reference: Components whose order is to be kept, shape (k, m).
        components: New components in any order and scale, shape (k, m).

    Returns:
        Indices so that ``components[indices]`` is in the reference's order, shape (k,).
    """
    similarity = _unit_length(reference) @ _unit_length(components).T
    return linear_sum_assignment(-similarity)[1]


def match_windows(masks: Floats, components: Floats) -> NDArray[np.intp]:
    """Find the order in which component k holds most of its intensity in window k.

    Args:
        masks: 1 inside window k and 0 outside, shape (k, m); an empty row is an unanchored component.
        components: Components of unit sum in any order, shape (k, m).

    Returns:
        Indices so that ``components[indices]`` is in the windows' order, shape (k,); unanchored components keep
        their places where the anchored ones leave them.
    """
    share = masks @ components.T
    # A slight preference for the present place decides between equals.
    return linear_sum_assignment(-(share + 1e-6 * np.eye(len(masks))))[1]


def window_masks(anchors: Sequence[Window | None], shape: tuple[int, ...]) -> Floats:
    """Turn pixel windows into one mask per component.

    Args:
        anchors: Per component None, or half-open pixel ranges: (start, stop) for spectra; for frames
            (row start, row stop, column start, column stop) or ((row start, row stop), (column start, column stop)).
        shape: Shape of a pattern, (m,) or (y, x).

    Returns:
        Masks of zeros and ones, shape (k, number of pixels).

    Raises:
        ValueError: A window is malformed, empty or outside the pattern.
    """
    masks = np.zeros((len(anchors), *shape))
    for k, anchor in enumerate(anchors):
        if anchor is not None:
            masks[(k, *_slices(k, anchor, shape))] = 1.0
    return masks.reshape(len(anchors), -1)


def window_templates(anchors: Sequence[Window | None], shape: tuple[int, ...]) -> Floats:
    """Draw the peak one expects in each window before any is measured: a raised cosine along each side.

    Args:
        anchors: As for :func:`window_masks`.
        shape: Shape of a pattern.

    Returns:
        Patterns of unit sum, shape (k, number of pixels); an unanchored component's row is 0.
    """
    templates = np.zeros((len(anchors), *shape))
    for k, anchor in enumerate(anchors):
        if anchor is None:
            continue
        window = _slices(k, anchor, shape)
        bump = np.ones(())
        for part in window:
            length = part.stop - part.start
            bump = np.multiply.outer(bump, np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2)
        templates[(k, *window)] = bump / bump.sum()
    return templates.reshape(len(anchors), -1)


def _slices(k: int, anchor: Window, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Read one window and check it against the pattern's shape."""
    bounds = np.asarray(anchor, dtype=float).ravel()
    if bounds.size != 2 * len(shape) or not np.array_equal(bounds, np.round(bounds)):
        raise ValueError(
            f"anchor {k} is {anchor!r}: give {2 * len(shape)} whole pixel numbers, start and stop for each of the "
            f"pattern's {len(shape)} dimensions {shape}"
        )
    pairs = bounds.astype(int).reshape(-1, 2)
    for (start, stop), length in zip(pairs, shape, strict=True):
        if not 0 <= start < stop <= length:
            raise ValueError(f"anchor {k} is {anchor!r}: {start}:{stop} is not a range within 0:{length} pixels")
    return tuple(slice(int(start), int(stop)) for start, stop in pairs)


def _unit_length(rows: Floats) -> Floats:
    """Scale rows to unit Euclidean length; empty rows stay empty."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0.0, length, 1.0)
