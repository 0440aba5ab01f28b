"""Frames as the sample emitted them: without dark counts, shading of the light, and changes of the beam."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.errors import BatchError, ChainError
from analysis.streaming.step import BasicStep, Results

Single = NDArray[np.float32]

_DIMMEST = 0.02
"""Where the flat field is below this share of its mean there is no light to correct: pixels get the value 0."""


class DarkFlat(BasicStep):
    """Subtracts the dark frame and divides by the flat field.

    Args:
        dark: Mean of frames without light, counts, shape (y, x), or a number.
        flat: Mean of frames of an even surface, counts above dark, in any unit, shape (y, x); None for even light.
        name: Names the step.
    """

    changes_frames = True

    def __init__(self, dark: ArrayLike = 0.0, flat: ArrayLike | None = None, name: str = "dark-flat") -> None:
        self.name = name
        self._dark = np.asarray(dark, np.float32)
        self._gain: Single = np.ones((), np.float32) if flat is None else _gain(np.asarray(flat, float))
        if not np.isfinite(self._dark).all():
            raise ChainError(f"{name}: the dark frame holds values that are not finite: take another")

    def start(self, layout: Layout) -> None:
        """Check that the references fit.

        Raises:
            ChainError: One has another shape than the frames.
        """
        for what, reference in (("dark frame", self._dark), ("flat field", self._gain)):
            if reference.ndim and reference.shape != layout.shape:
                raise ChainError(f"{self.name}: the {what} has shape {reference.shape}, frames {layout.shape}")

    def process(self, batch: Batch) -> Batch:
        """Give frames of float32."""
        frames = np.subtract(batch.frames, self._dark, dtype=np.float32)
        frames *= self._gain
        return batch.with_frames(frames)


class Normalisation(BasicStep):
    """Divides each frame by the beam's intensity relative to that of the first frame that has one.

    A frame without an intensity above 0 cannot be normalised: it becomes NaN, which the unmixing leaves out.

    Args:
        name: Names the step.
    """

    changes_frames = True

    def __init__(self, name: str = "normalisation") -> None:
        self.name = name
        self._reference, self._lacking = 0.0, 0

    def start(self, layout: Layout) -> None:
        """Forget the first frame's intensity."""
        self._reference, self._lacking = 0.0, 0

    def restart(self, layout: Layout) -> None:
        """The first frame's intensity stays what it was."""

    def process(self, batch: Batch) -> Batch:
        """Give normalised frames, and the factor on each as `<name>.factor`.

        Raises:
            BatchError: The frames come without I0.
        """
        if batch.i0 is None:
            raise BatchError(f"{self.name}: frames from number {batch.first} on come without I0")
        i0 = np.asarray(batch.i0, float)
        good = np.isfinite(i0) & (i0 > 0.0)
        if good.any() and not self._reference:
            self._reference = float(i0[good][0])
        self._lacking += int((~good).sum())
        factors = np.where(good, self._reference / np.where(good, i0, 1.0), np.nan)
        frames = np.multiply(batch.frames, factors.astype(np.float32)[:, None, None], dtype=np.float32)
        return batch.with_frames(frames).with_values({f"{self.name}.factor": factors})

    def result(self) -> Results:
        """The intensity that frames are normalised to, and how many had none."""
        return {"reference": np.array(self._reference), "frames_without_i0": np.array(self._lacking)}


class Regions(BasicStep):
    """Sums and means of windows of each frame, as `roi.<window>.sum` and `.mean`.

    Args:
        windows: By name, rows and columns, (row start, row stop, column start, column stop), ends excluded.
        name: Names the step.
    """

    def __init__(self, windows: dict[str, tuple[int, int, int, int]], name: str = "regions") -> None:
        self.name = name
        self._windows = {key: tuple(int(edge) for edge in edges) for key, edges in windows.items()}

    def start(self, layout: Layout) -> None:
        """Check the windows.

        Raises:
            ChainError: One is empty or outside of the frames.
        """
        rows, columns = layout.shape
        for key, edges in self._windows.items():
            if len(edges) != 4 or not (0 <= edges[0] < edges[1] <= rows and 0 <= edges[2] < edges[3] <= columns):
                raise ChainError(
                    f"{self.name}: window {key!r} is {edges}: not within rows 0:{rows}, columns 0:{columns}"
                )

    def process(self, batch: Batch) -> Batch:
        """Add the values of each frame."""
        values = {}
        for key, (top, bottom, left, right) in self._windows.items():
            total = batch.frames[:, top:bottom, left:right].sum(axis=(1, 2), dtype=float)
            values[f"roi.{key}.sum"] = total
            values[f"roi.{key}.mean"] = total / ((bottom - top) * (right - left))
        return batch.with_values(values)


def _gain(flat: NDArray[np.float64]) -> Single:
    """Factor on each pixel, mean of the flat field over its value."""
    mean = float(np.nanmean(flat))
    if not mean > 0.0:
        raise ChainError("the flat field holds no light: its mean is not above 0")
    usable = flat > _DIMMEST * mean
    return np.where(usable, mean / np.where(usable, flat, 1.0), 0.0).astype(np.float32)
