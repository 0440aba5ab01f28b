"""Stacks of frames read block by block, with what is wrong in them repaired and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MEMORY = 256_000_000
"""Bytes that the blocks of a stack may take at a time."""

_COPIES = 6
"""Arrays of a block's size that exist at once while it is worked on."""


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
    """

    frames: Frames
    order: NDArray[np.intp]
    factors: Floats
    dark: Floats | None
    rows: int

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
            values = np.asarray(self.frames[:, band, :])[self.order].astype(np.float32)
            if self.dark is not None:
                values -= self.dark[band].astype(np.float32)
            values = values.reshape(len(self.order), (band.stop - band.start) * width)
            values *= factors
            yield band, _without_gaps(np.ascontiguousarray(values.T))


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at a whole stack tells.

    Attributes:
        source: The stack.
        energies: Rising energies of all frames, eV, shape (all frames,).
        used: Which of them hold a measured frame, shape (all frames,).
        repairs: What was wrong, and what was done about it.
        total: Sum of each pixel over the energies, shape (y, x).
        mean: Mean spectrum, shape (m,).
    """

    source: Source
    energies: Floats
    used: NDArray[np.bool_]
    repairs: tuple[str, ...]
    total: Floats
    mean: Floats


def survey_stack(
    stack: Frames | Sequence[ArrayLike],
    energies: ArrayLike,
    *,
    i0: ArrayLike | None = None,
    dark: ArrayLike | None = None,
    memory: int = MEMORY,
    progress: Callable[[str, float], None] | None = None,
) -> Survey:
    """Look at all of a stack once, and decide what has to be repaired.

    Frames are sorted by energy. Frames of zeros and frames without I0 are left out. Pixels that are not finite are
    interpolated between their neighbours in energy. Negative pixels stay as they are.

    Args:
        stack: Frames, shape (energy, y, x), or a list of frames of one shape.
        energies: Energy of each frame, eV.
        i0: Intensity of the beam for each frame; None where frames are normalised.
        dark: Dark frame, shape (y, x) or a number; None where there is none.
        memory: Bytes that blocks may take.
        progress: Called with what is being done and how much of it is.

    Returns:
        The stack ready to be read.

    Raises:
        ValueError: Frames differ in shape, energies or I0 do not fit, or too few frames hold anything.
    """
    frames = _as_stack(stack)
    m, height, width = frames.shape
    axis = _checked("energies", energies, m)
    if not np.isfinite(axis).all():
        raise ValueError(f"energies[{int(np.flatnonzero(~np.isfinite(axis))[0])}] is not a number: give all of them")
    dark_frame = None if dark is None else _dark(dark, (height, width))
    rows = int(np.clip(memory // (m * width * 4 * _COPIES), 1, height))
    repairs = []
    if (np.diff(axis) <= 0.0).any():
        repairs.append("energies did not rise throughout: frames were sorted by energy")
    order = np.argsort(axis, kind="stable")
    empty, gaps, negative = _look(frames, rows, progress)
    if gaps:
        repairs.append(f"{gaps} pixel values were not finite: interpolated between neighbouring energies")
    if negative:
        repairs.append(f"{negative} pixel values were negative: kept as they are")
    if empty.any():
        repairs.append(f"{int(empty.sum())} frames held nothing but zeros: left out, spectra interpolated there")
    factors, lacking = _factors(i0, m)
    if lacking.any():
        repairs.append(f"{int(lacking.sum())} frames had no I0 above 0: left out, spectra interpolated there")
    used = ~(empty | lacking)[order]
    if used.sum() < 3:
        raise ValueError(f"{int(used.sum())} of {m} frames hold anything: an unmixing needs at least 3 energies")
    source = Source(frames, order[used], factors[order[used]], dark_frame, rows)
    total, mean = np.empty((height, width)), np.zeros(int(used.sum()))
    for band, X in source.blocks():
        total[band] = X.sum(axis=1, dtype=float).reshape(-1, width)
        mean += X.sum(axis=0, dtype=float)
    return Survey(source, axis[order], used, tuple(repairs), total, mean / total.size)


def _as_stack(stack: Frames | Sequence[ArrayLike]) -> Frames:
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


def _checked(name: str, values: ArrayLike, m: int) -> Floats:
    """One number for each frame."""
    array = np.asarray(values, float)
    if array.shape != (m,):
        raise ValueError(f"{name} of shape {array.shape} for {m} frames: give one for each frame")
    return array


def _dark(dark: ArrayLike, shape: tuple[int, int]) -> Floats:
    """A dark frame of the frames' shape."""
    values = np.asarray(dark, float)
    if values.shape not in ((), shape):
        raise ValueError(f"a dark frame of shape {values.shape} for frames of {shape}: give one of that shape")
    return np.broadcast_to(values, shape)


def _look(
    frames: Frames, rows: int, progress: Callable[[str, float], None] | None
) -> tuple[NDArray[np.bool_], int, int]:
    """Find frames of zeros, and count values that are not finite and negative ones."""
    m, height, _ = frames.shape
    empty, gaps, negative = np.ones(m, bool), 0, 0
    for start in range(0, height, rows):
        values = np.asarray(frames[:, start : start + rows, :])
        if values.dtype.kind == "f":
            gaps += int(values.size - np.isfinite(values).sum())
        if values.dtype.kind != "u":
            negative += int((values < 0).sum())
        empty &= ~(np.nan_to_num(values) != 0).any(axis=(1, 2))
        if progress is not None:
            progress("looking", min(1.0, (start + rows) / height))
    return empty, gaps, negative


def _factors(i0: ArrayLike | None, m: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Factor on each frame, mean I0 over I0, and which frames have none."""
    if i0 is None:
        return np.ones(m), np.zeros(m, bool)
    intensity = _checked("i0", i0, m)
    lacking = ~(np.isfinite(intensity) & (intensity > 0.0))
    if lacking.all():
        raise ValueError("i0 is above 0 for no frame: leave it out to unmix without normalisation")
    mean = float(intensity[~lacking].mean())
    return mean / np.where(lacking, mean, intensity), lacking


def _without_gaps(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate values that are not finite along the energies, in place; spectra of nothing else become 0."""
    finite = np.isfinite(X)
    if finite.all():
        return X
    places = np.arange(X.shape[1])
    for row in np.flatnonzero(~finite.all(axis=1)):
        known = finite[row]
        X[row] = np.interp(places, places[known], X[row, known]) if known.any() else 0.0
    return X
