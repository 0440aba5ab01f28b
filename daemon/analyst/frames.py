"""Frames of a run, open or closed, as the analyst reads them from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.messages import FrameLayout

STREAM, DARKS = "primary", "darks"


def batches_of(run: Path, key: str, number: int, layout: FrameLayout, most: int) -> Iterator[NDArray[Any]]:
    """The frames of a point, a few at a time; those that cannot be read are NaN.

    Args:
        run: The run's folder.
        key: Data key of the frames.
        number: The point, from 1.
        layout: What they look like, and how many there are.
        most: Frames of a batch at most.

    Yields:
        Shape (b, y, x).
    """
    for first in range(0, layout.frames, most):
        found = [_frame(run / STREAM / key, number - 1, place, layout) for place in range(layout.frames)[first:][:most]]
        missing = np.full(layout.shape, np.nan, np.float32)
        yield np.stack([missing if frame is None else frame for frame in found])


def sum_of(run: Path, key: str, number: int, layout: FrameLayout) -> NDArray[Any] | None:
    """The frames of a point added up, shape (y, x); None where one cannot be read, which is a failed measurement."""
    first = _frame(run / STREAM / key, number - 1, 0, layout)
    if first is None or layout.frames == 1:
        return first
    total = first.astype(float)
    for place in range(1, layout.frames):
        frame = _frame(run / STREAM / key, number - 1, place, layout)
        if frame is None:
            return None
        total += frame
    return total


def mean_dark(run: Path, key: str, most: int) -> NDArray[np.float32] | None:
    """The mean of the first so many events' dark frames, shape (y, x); None where there are none."""
    from devices.errors import FrameWriterError
    from devices.frames import read_frames

    means: list[NDArray[Any]] = []
    try:
        while len(means) < most:
            means.append(read_frames(run / DARKS / key, len(means)).mean(axis=0))
    except FrameWriterError:
        pass  # behind the last one
    return np.mean(np.stack(means), axis=0).astype(np.float32) if means else None


def _frame(array: Path, index: int, place: int, layout: FrameLayout) -> NDArray[Any] | None:
    """One frame; None where it cannot be read."""
    from devices.errors import FrameWriterError
    from devices.frames import read_frame

    try:
        frame = read_frame(array, index, place)
    except (FrameWriterError, ValueError):
        return None
    return frame if frame.shape == layout.shape else None
