"""One look at a whole stack: what is wrong in it, how it drifts, and what it holds on average."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.registering import DriftFinder
from analysis.unmixing.stacks import MEMORY, Frames, Source, as_stack, checked, dark_of

Floats = NDArray[np.float64]

_COPIES = 6
"""Arrays of a block's size that exist at once while it is worked on."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at a whole stack tells.

    Attributes:
        source: The stack.
        energies: Rising energies of all frames, eV, shape (all frames,).
        used: Which of them hold a measured frame, shape (all frames,).
        repairs: What was wrong, and what was done about it.
        displacements: How each frame was displaced against the first ones, (y, x), pixels, shape (all frames, 2); 0
            where the image stood still.
        total: Sum of each pixel over the energies, shape (y, x).
        mean: Mean spectrum, shape (m,).
    """

    source: Source
    energies: Floats
    used: NDArray[np.bool_]
    repairs: tuple[str, ...]
    displacements: Floats
    total: Floats
    mean: Floats


def survey_stack(
    stack: Frames | Sequence[ArrayLike],
    energies: ArrayLike,
    *,
    i0: ArrayLike | None = None,
    dark: ArrayLike | None = None,
    register: bool = True,
    memory: int = MEMORY,
    progress: Callable[[str, float], None] | None = None,
) -> Survey:
    """Look at all of a stack once, and decide what has to be repaired.

    Frames are sorted by energy. Frames of zeros and frames without I0 are left out. Pixels that are not finite are
    interpolated between their neighbours in energy. Negative pixels stay as they are. Where the image drifts, frames
    are put back to where the first ones are.

    Args:
        stack: Frames, shape (energy, y, x), or a list of frames of one shape.
        energies: Energy of each frame, eV.
        i0: Intensity of the beam for each frame; None where frames are normalised.
        dark: Dark frame, shape (y, x) or a number; None where there is none.
        register: Whether to look for drift.
        memory: Bytes that blocks may take.
        progress: Called with what is being done and how much of it is.

    Returns:
        The stack ready to be read.

    Raises:
        ValueError: Frames differ in shape, energies or I0 do not fit, or too few frames hold anything.
    """
    frames = as_stack(stack)
    m, height, width = frames.shape
    axis = checked("energies", energies, m)
    if not np.isfinite(axis).all():
        raise ValueError(f"energies[{int(np.flatnonzero(~np.isfinite(axis))[0])}] is not a number: give all of them")
    dark_frame = None if dark is None else dark_of(dark, (height, width))
    rows = int(np.clip(memory // (m * width * 4 * _COPIES), 1, height))
    order = np.argsort(axis, kind="stable")
    finder = DriftFinder((m, height, width)) if register else None
    look = _look(frames, rows, dark_frame, finder, progress)
    factors, lacking = _factors(i0, m)
    used = ~(look.empty | lacking)[order]
    if used.sum() < 3:
        raise ValueError(f"{int(used.sum())} of {m} frames hold anything: an unmixing needs at least 3 energies")
    displacements = np.zeros((m, 2)) if finder is None else finder.displacements()
    moved = displacements[order[used]] if displacements.any() else None
    source = Source(frames, order[used], factors[order[used]], dark_frame, rows, moved)
    total, mean = np.empty((height, width)), np.zeros(int(used.sum()))
    for band, X in source.blocks():
        total[band] = X.sum(axis=1, dtype=float).reshape(-1, width)
        mean += X.sum(axis=0, dtype=float)
    repairs = _repairs(axis, look, lacking, displacements)
    return Survey(source, axis[order], used, repairs, displacements[order], total, mean / total.size)


def _repairs(axis: Floats, look: _Look, lacking: NDArray[np.bool_], displacements: Floats) -> tuple[str, ...]:
    """Say what was wrong, and what is done about it."""
    repairs = []
    if (np.diff(axis) <= 0.0).any():
        repairs.append("energies did not rise throughout: frames were sorted by energy")
    if look.gaps:
        repairs.append(f"{look.gaps} pixel values were not finite: interpolated between neighbouring energies")
    if look.negative:
        repairs.append(f"{look.negative} pixel values were negative: kept as they are")
    if look.empty.any():
        repairs.append(f"{int(look.empty.sum())} frames held nothing but zeros: left out, spectra interpolated there")
    if lacking.any():
        repairs.append(f"{int(lacking.sum())} frames had no I0 above 0: left out, spectra interpolated there")
    if displacements.any():
        farthest = float(np.hypot(*displacements.T).max())
        repairs.append(
            f"the image drifted by up to {farthest:.1f} pixels: frames were put back to where the first ones are"
        )
    return tuple(repairs)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is wrong in a stack: frames of zeros, values that are not finite, and negative ones."""

    empty: NDArray[np.bool_]
    gaps: int
    negative: int


def _look(
    frames: Frames,
    rows: int,
    dark: Floats | None,
    finder: DriftFinder | None,
    progress: Callable[[str, float], None] | None,
) -> _Look:
    """Look for what is wrong, band by band, and gather what tells of drift."""
    m, height, _ = frames.shape
    empty, gaps, negative = np.ones(m, bool), 0, 0
    step = 1 if finder is None else finder.rows
    rows = max(rows // step, 1) * step
    for start in range(0, height, rows):
        values = np.asarray(frames[:, start : start + rows, :])
        if values.dtype.kind == "f":
            gaps += int(values.size - np.isfinite(values).sum())
        if values.dtype.kind != "u":
            negative += int((values < 0).sum())
        values = np.nan_to_num(values)
        empty &= ~(values != 0).any(axis=(1, 2))
        if finder is not None:
            finder.take_in(values if dark is None else values - dark[start : start + rows].astype(np.float32))
        if progress is not None:
            progress("looking", min(1.0, (start + rows) / height))
    return _Look(empty, gaps, negative)


def _factors(i0: ArrayLike | None, m: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Factor on each frame, mean I0 over I0, and which frames have none."""
    if i0 is None:
        return np.ones(m), np.zeros(m, bool)
    intensity = checked("i0", i0, m)
    lacking = ~(np.isfinite(intensity) & (intensity > 0.0))
    if lacking.all():
        raise ValueError("i0 is above 0 for no frame: leave it out to unmix without normalisation")
    mean = float(intensity[~lacking].mean())
    return mean / np.where(lacking, mean, intensity), lacking
