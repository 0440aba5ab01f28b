"""Stacks of frames read block by block, with what is wrong in them repaired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.displacement import shift_frame

Floats = NDArray[np.float64]

MEMORY = 256_000_000
"""Bytes that the blocks of a stack may take at a time."""


class Frames(Protocol):
    """Anything sliceable like an array (energy, y, x): NumPy, a memory map, Zarr, HDF5."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of energies, rows and columns."""
        ...

    def __getitem__(self, key: Any, /) -> Any: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class Source:
    """A stack with everything that is done to it on the way in.

    Attributes:
        frames: The stack, shape (energy, y, x).
        order: Places of the frames in use, by rising energy, shape (m,).
        factors: Factor on each frame in use, for I0, shape (m,).
        dark: Subtracted from each frame, shape (y, x), or None.
        rows: Rows of a block.
        displacements: What each frame in use is put back by, (y, x), pixels, shape (m, 2), or None.
    """

    frames: Frames
    order: NDArray[np.intp]
    factors: Floats
    dark: Floats | None
    rows: int
    displacements: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        return self.frames.shape[1], self.frames.shape[2]

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Give the stack in bands of rows.

        Yields:
            Rows, and their spectra, shape (rows × columns, m), finite.
        """
        height, width = self.shape
        factors = self.factors.astype(np.float32)[:, None]
        for start in range(0, height, self.rows):
            band = slice(start, min(start + self.rows, height))
            values = self._read(band) if self.displacements is None else self._put_back(band, self.displacements)
            values = values.reshape(len(self.order), (band.stop - band.start) * width)
            values *= factors
            yield band, np.ascontiguousarray(values.T)

    def _read(self, band: slice) -> NDArray[np.float32]:
        """Rows of the frames in use without dark counts, shape (m, y, x), finite."""
        values = np.asarray(self.frames[:, band, :])[self.order].astype(np.float32)
        if self.dark is not None:
            values -= self.dark[band].astype(np.float32)
        return _without_gaps(values)

    def _put_back(self, band: slice, displacements: Floats) -> NDArray[np.float32]:
        """The same of frames without their drift."""
        reach = int(np.ceil(np.abs(displacements[:, 0]).max())) + 3
        first = max(0, band.start - reach)
        values = self._read(slice(first, min(band.stop + reach, self.shape[0])))
        inner = slice(band.start - first, band.stop - first)
        out = np.empty((len(values), band.stop - band.start, values.shape[2]), np.float32)
        for frame, displacement, place in zip(values, displacements, out, strict=True):
            place[:] = shift_frame(frame, -displacement)[inner]
        return out


def as_stack(stack: Frames | Sequence[ArrayLike]) -> Frames:
    """Check the frames' shapes."""
    if isinstance(stack, list | tuple):
        shapes = [np.shape(frame) for frame in stack]
        for place, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ValueError(
                    f"frame {place} has shape {shape}, those before it {shapes[0]}: give frames of one shape"
                )
    frames: Any = stack if hasattr(stack, "shape") else np.asarray(stack)
    if len(frames.shape) != 3 or 0 in frames.shape:
        raise ValueError(f"a stack has the shape (energy, y, x), all above 0, not {tuple(frames.shape)}")
    return frames


def checked(name: str, values: ArrayLike, m: int) -> Floats:
    """One number for each frame."""
    array = np.asarray(values, float)
    if array.shape != (m,):
        raise ValueError(f"{name} of shape {array.shape} for {m} frames: give one for each frame")
    return array


def dark_of(dark: ArrayLike, shape: tuple[int, int]) -> Floats:
    """A dark frame of the frames' shape."""
    values = np.asarray(dark, float)
    if values.shape not in ((), shape):
        raise ValueError(f"a dark frame of shape {values.shape} for frames of {shape}: give one of that shape")
    return np.broadcast_to(values, shape)


def _without_gaps(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate values (m, y, x) that are not finite along the energies, in place; pixels without any become 0."""
    finite = np.isfinite(values)
    if finite.all():
        return values
    places = np.arange(len(values))
    for row, column in np.argwhere(~finite.all(axis=0)):
        known = finite[:, row, column]
        spectrum = values[:, row, column]
        spectrum[:] = np.interp(places, places[known], spectrum[known]) if known.any() else 0.0
    return values
