"""Which axis of an array is which: turning arrays as they were stored into maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.protocols import Coordinate
from simulators.errors import SimulatorError
from simulators.recorded.recorded_map import RecordedMap, rising

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array as a file holds it.

    Attributes:
        values: Numbers, any order of axes.
        axes: What is known of each axis; None for nothing.
        units: Unit of the values.
        name: What they are.
        source: File and dataset.
    """

    values: NDArray[Any]
    axes: tuple[Coordinate | None, ...] = ()
    units: str = ""
    name: str = ""
    source: str = ""


def to_map(stored: StoredArray, dims: str | None = None) -> RecordedMap:
    """Put positions first, y before x, and number the pixels of axes that nothing is known of.

    Args:
        stored: The array.
        dims: One letter per axis: y and x for positions, any other for a spectrum's or pattern's axes. Without it,
            the axes' own names decide, and where these say nothing, the first axis is y and the second x.

    Returns:
        The map.

    Raises:
        SimulatorError: The letters do not fit the array, or it is no map.
    """
    values = stored.values
    if values.dtype.kind not in "uifb":
        raise SimulatorError(f"{stored.source}: values of type {values.dtype} are not real numbers")
    if not 2 <= values.ndim <= 4:
        raise SimulatorError(f"{stored.source}: an array of shape {values.shape} is not a map")
    known = (*stored.axes, *[None] * (values.ndim - len(stored.axes)))
    letters = _letters(stored, known, dims)
    y, x = letters.index("y"), letters.index("x")
    order = [y, x, *(axis for axis in range(values.ndim) if axis not in (x, y))]
    values = np.moveaxis(values, order, range(values.ndim))
    coordinates = [_coordinate(known[axis], stored.values.shape[axis], letters[axis]) for axis in order]
    for axis in (0, 1):
        values, coordinates[axis] = rising(values, axis, coordinates[axis])
    if values.dtype.kind not in "ui":
        values = values.astype(float)
    return RecordedMap(
        values, coordinates[1], coordinates[0], tuple(coordinates[2:]), stored.units, stored.name, stored.source
    )


def table_to_map(
    positions: Floats, values: Floats, *, pattern: Coordinate | None = None, units: Sequence[str] = ("", ""),
    value_units: str = "", name: str = "", source: str = "",
) -> RecordedMap:  # fmt: skip
    """Sort a list of measured positions into a grid.

    Args:
        positions: x and y of each measurement, shape (n, 2), in any order.
        values: What was measured, shape (n,), or (n, m) for spectra.
        pattern: Coordinate along a spectrum.
        units: Units of x and y.
        value_units: Unit of the values.
        name: What they are.
        source: File they come from.

    Returns:
        The map; NaN where a position of the grid is missing. Of a position measured twice the last value counts.

    Raises:
        SimulatorError: The positions do not lie on a grid.
    """
    (x, columns), (y, rows) = (_grid_axis(positions[:, axis]) for axis in (0, 1))
    if len(x) * len(y) > 4 * len(positions):
        raise SimulatorError(
            f"{source}: {len(positions)} positions with {len(x)} different x and {len(y)} different y are no grid"
        )
    grid = np.full((len(y), len(x), *values.shape[1:]), np.nan)
    grid[rows, columns] = values
    along = () if pattern is None else (pattern,)
    return RecordedMap(
        grid, Coordinate(x, units[0], "x"), Coordinate(y, units[1], "y"), along, value_units, name, source
    )


def _letters(stored: StoredArray, known: Sequence[Coordinate | None], dims: str | None) -> list[str]:
    """Name each axis with a letter."""
    if dims is not None:
        letters = list(dims.lower())
        if len(letters) != stored.values.ndim or letters.count("x") != 1 or letters.count("y") != 1:
            raise SimulatorError(
                f"{stored.source}: dims {dims!r} must name {stored.values.ndim} axes of lengths {stored.values.shape}, "
                "one of them x and one y, for example 'yx' or 'exy'"
            )
        return letters
    letters = [_letter(coordinate) for coordinate in known]
    if letters.count("x") != 1 or letters.count("y") != 1:
        return ["y", "x", *"uvw"[: stored.values.ndim - 2]]
    return letters


def _letter(coordinate: Coordinate | None) -> str:
    """Guess an axis from its name: ``x``, ``X`` and ``stage_x`` are x."""
    name = "" if coordinate is None else coordinate.long_name.lower()
    last = name.replace("-", "_").split("_")[-1]
    return last if last in ("x", "y") else "?"


def _coordinate(known: Coordinate | None, length: int, letter: str) -> Coordinate:
    """What is known of an axis, or its pixel numbers."""
    if known is not None and len(known.values) == length:
        return known
    return Coordinate(np.arange(length, dtype=float), "px", letter.strip("?"))


def _grid_axis(positions: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Different positions along one axis (by more than 1e-6 of the extent), and at which each measurement was."""
    order = np.argsort(positions, kind="stable")
    ordered = positions[order]
    new = np.diff(ordered, prepend=-np.inf) > 1e-6 * max(float(np.ptp(positions)), 1e-300)
    index = np.empty(len(positions), int)
    index[order] = np.cumsum(new) - 1
    return ordered[new], index
