"""Frames on their way into a running factorisation: checked all together, repaired where that can be, and said so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_KEPT = 1000
"""Repairs that are kept, so that a long stream of bad frames costs no memory."""


class FrameReader:
    """Reads frames of one shape, each with its energy.

    Args:
        n_components: Number of components; a frame needs at least as many pixels.
        shape: Shape of a frame; that of the first one when None.

    Attributes:
        repairs: What was wrong, and what was done about it, the first 1000 times.
    """

    def __init__(self, n_components: int, shape: tuple[int, ...] | None = None) -> None:
        self._k = n_components
        self._shape = None if shape is None else tuple(shape)
        self._last: NDArray[np.float32] | None = None
        self.repairs: list[str] = []

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a frame, () before the first."""
        return self._shape or ()

    def read(
        self, frames: ArrayLike | Sequence[ArrayLike], energies: ArrayLike
    ) -> list[tuple[NDArray[np.float32], float]]:
        """Check frames and energies, all before the first is used.

        Values that are not finite are replaced by those of the frame before, scaled by the ratio of the two frames'
        means; in the first frame by its mean. Frames of nothing but zeros, or of nothing finite, are left out. Negative
        values stay: they are noise around 0.

        Args:
            frames: One frame of any shape for one energy; several as (pixels, energies) or (energies, y, x).
            energies: A number, or one for each frame, eV.

        Returns:
            Frames, shape (n,), finite, and their energies.

        Raises:
            ValueError: Shapes differ, there are fewer pixels than components, or energies do not fit or are not finite.
        """
        axis = np.atleast_1d(np.asarray(energies, float))
        if axis.ndim != 1 or not np.isfinite(axis).all():
            raise ValueError(f"energies are finite numbers, one for each frame, not {energies!r}")
        parts = _split(frames, len(axis), one=np.ndim(energies) == 0)
        self._check(parts, axis)
        read = []
        for part, energy in zip(parts, axis.tolist(), strict=True):
            frame = np.ascontiguousarray(part, dtype=np.float32).ravel()
            frame = self._repaired(frame, energy)
            if frame is not None:
                self._last = frame.copy()  # the caller may use its own again
                read.append((frame, energy))
        return read

    def _check(self, parts: Sequence[NDArray[Any]], axis: NDArray[np.float64]) -> None:
        """Refuse frames of another shape than those before; learns the first one's."""
        shape = self._shape
        for part, energy in zip(parts, axis.tolist(), strict=True):
            if part.dtype.kind not in "fiub":
                raise ValueError(f"the frame at {energy:g} eV holds {part.dtype}, not real numbers")
            if shape is None:
                shape = part.shape
            if part.size != np.prod(shape) or (part.ndim > 1 and part.shape != shape):
                raise ValueError(
                    f"the frame at {energy:g} eV has shape {part.shape}, those before it {shape}: frames of one stack "
                    "have one shape; begin a new stack for another"
                )
            if part.size < self._k:
                raise ValueError(f"{self._k} components cannot be found in {part.size} pixels")
        self._shape = shape

    def _repaired(self, frame: NDArray[np.float32], energy: float) -> NDArray[np.float32] | None:
        """A finite frame; None for one of nothing."""
        # A sum is finite where all values are, and costs a fraction of looking at each.
        if np.isfinite(frame.sum()):
            if frame.any():
                return frame
            self._say(f"the frame at {energy:g} eV held nothing but zeros: left out")
            return None
        finite = np.isfinite(frame)
        if not (frame[finite] != 0.0).any():
            self._say(f"the frame at {energy:g} eV held nothing finite but zeros: left out")
            return None
        frame = frame.copy()
        mean = frame[finite].mean()
        if self._last is None:
            frame[~finite] = mean
        else:
            frame[~finite] = self._last[~finite] * (mean / max(float(self._last[finite].mean()), 1e-30))
        self._say(f"{int((~finite).sum())} values at {energy:g} eV were not finite: taken from the frame before")
        return frame

    def _say(self, repair: str) -> None:
        if len(self.repairs) < _KEPT:
            self.repairs.append(repair)


def _split(frames: ArrayLike | Sequence[ArrayLike], count: int, *, one: bool) -> Sequence[NDArray[Any]]:
    """One array for each energy."""
    if isinstance(frames, list | tuple) and len(frames) == count and isinstance(frames[0], np.ndarray):
        return [np.asarray(frame) for frame in frames]
    array = np.asarray(frames)
    if one:
        return [array]
    if array.ndim == 3 and len(array) == count:
        return list(array)
    if array.ndim == 2 and array.shape[1] == count:
        return list(array.T)
    raise ValueError(
        f"frames of shape {array.shape} do not fit {count} energies: give (pixels, energies) or (energies, y, x)"
    )
