"""Drift of the image, found and taken back to a fraction of a pixel, whatever the contrast of the frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.errors import ChainError
from analysis.streaming.step import BasicStep, Results
from analysis.unmixing.displacement import CLEAR, Correlator, shift_frame

Floats = NDArray[np.float64]
Waves = NDArray[np.complex64]


class Registration(BasicStep):
    """Finds the drift of each frame against all before it, and takes it back.

    The reference is the sum of the edges of all frames so far, each put back to its place, so it gets better and knows
    every contrast. A frame whose displacement is not clear is put back as far as the one before it.

    Args:
        largest: Largest displacement along an axis, pixels; an eighth of the shorter side when None.
        name: Names the step.
    """

    changes_frames = True

    def __init__(self, largest: float | None = None, name: str = "registration") -> None:
        self.name = name
        self._largest = largest
        self._reference: Waves | None = None
        self._last: Floats = np.zeros(2)
        self._unclear = 0

    def start(self, layout: Layout) -> None:
        """Forget the reference.

        Raises:
            ChainError: Frames are too small to be compared.
        """
        if min(layout.shape) < 16:
            raise ChainError(f"{self.name}: frames of {layout.shape} pixels are too small to be registered")
        self._correlator = Correlator(layout.shape, self._largest)
        self._reference, self._last, self._unclear = None, np.zeros(2), 0

    def restart(self, layout: Layout) -> None:
        """The reference stays: it is changed only after a frame went well."""

    def process(self, batch: Batch) -> Batch:
        """Give frames put back, and the displacement of each as `<name>.displacement`, (y, x), pixels."""
        out = np.empty(batch.frames.shape, np.float32)
        found = np.empty((len(batch), 2))
        for place, frame in enumerate(batch.frames):
            found[place] = self._displacement(frame)
            shift_frame(np.asarray(frame, np.float32), -found[place], out=out[place])
        return batch.with_frames(out).with_values({f"{self.name}.displacement": found})

    def result(self) -> Results:
        """The last displacement, pixels, and how many were not clear."""
        return {"displacement": self._last.copy(), "unclear": np.array(self._unclear)}

    def _displacement(self, frame: NDArray[Any]) -> Floats:
        """Displacement of a frame; makes the reference better."""
        if not np.isfinite(frame.sum()):
            frame = np.nan_to_num(frame, nan=float(np.nanmean(frame)) if np.isfinite(frame).any() else 0.0)
        waves = self._correlator.edges(frame)
        if self._reference is None:
            if frame.any():
                self._reference = waves
            return np.zeros(2)
        displacement, clear = self._correlator.displacement(waves, self._reference)
        if clear < CLEAR:
            self._unclear += 1
            return self._last
        self._reference = self._reference + self._correlator.moved(waves, -displacement)
        self._last = displacement
        return displacement
