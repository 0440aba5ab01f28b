"""Where an optimiser may ask for a measurement: bounded axes, an optional grid, forbidden regions, speeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.optimization.design import sobol
from analysis.optimization.errors import MeasurementError, SearchSpaceError
from analysis.optimization.regions import Region, region

LARGEST_GRID = 1_000_000
"""More positions than this are searched better without a grid."""


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The positions an optimiser chooses from.

    Attributes:
        bounds: (low, high) per axis, in the axis' unit; the order of the axes is the order of all arrays.
        grid: Number of evenly spaced positions per axis, ends included; None for a continuous space.
        forbidden: Regions where nothing may be measured, or their descriptions (see ``regions.region``).
        speeds: Axis speeds, units per second; an axis without one costs no travel time.
        units: Unit per axis, for people.
        candidates: Allowed positions, shape (m, d), in the axes' units, read-only: the grid without the forbidden
            regions (first axis fastest), or a fixed scrambled Sobol set.
        unit_candidates: The same positions scaled to the unit cube, shape (m, d), read-only.

    Raises:
        SearchSpaceError: A bound, a grid or a region makes no sense, or nothing is left to measure.
    """

    bounds: Mapping[str, tuple[float, float]]
    grid: Mapping[str, int] | None = None
    forbidden: Sequence[Region | Mapping[str, Any]] = ()
    speeds: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    candidates: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    unit_candidates: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    _index: NDArray[np.intp] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the description and lay out the candidates."""
        put = object.__setattr__
        put(self, "bounds", _checked_bounds(self.bounds))
        put(self, "forbidden", tuple(region(r) for r in self.forbidden))
        put(self, "speeds", {axis: float(v) for axis, v in (self.speeds or {}).items()})
        put(self, "units", dict(self.units or {}))
        if self.grid is not None:
            put(self, "grid", _checked_grid(self.grid, self.axes))
        self._check_names()
        if self.grid is None:
            everywhere = sobol(self.dimension, 2048, seed=0)
        else:
            everywhere = self._grid({axis: np.linspace(0.0, 1.0, count) for axis, count in self.grid.items()})
        # Laid out from the bounds, not scaled from the cube: 5.0 µm must not become 5.000000000000001 µm.
        positions = self.from_unit(everywhere) if self.grid is None else self._grid(self.coordinates)
        allowed = ~self.is_forbidden(positions)
        if not allowed.any():
            raise SearchSpaceError("the forbidden regions cover the whole space: nothing is left to measure")
        unit = np.ascontiguousarray(everywhere[allowed])
        positions = np.ascontiguousarray(positions[allowed])
        unit.flags.writeable = positions.flags.writeable = False
        put(self, "unit_candidates", unit)
        put(self, "candidates", positions)
        index = np.where(allowed, np.cumsum(allowed) - 1, -1) if self.grid is not None else None
        put(self, "_index", index)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes, in order."""
        return tuple(self.bounds)

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.bounds)

    @property
    def low(self) -> NDArray[np.float64]:
        """Lower bounds, shape (d,)."""
        return np.array([low for low, _ in self.bounds.values()])

    @property
    def high(self) -> NDArray[np.float64]:
        """Upper bounds, shape (d,)."""
        return np.array([high for _, high in self.bounds.values()])

    @property
    def coordinates(self) -> dict[str, NDArray[np.float64]]:
        """Positions of the grid along each axis; empty for a continuous space."""
        if self.grid is None:
            return {}
        return {axis: np.linspace(*self.bounds[axis], count) for axis, count in self.grid.items()}

    def to_unit(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Scale positions of shape (…, d) from the axes' units to the unit cube."""
        return (np.asarray(positions, float) - self.low) / (self.high - self.low)

    def from_unit(self, unit: ArrayLike) -> NDArray[np.float64]:
        """Scale positions of shape (…, d) from the unit cube to the axes' units; the ends are exact."""
        unit = np.asarray(unit, float)
        return self.low * (1.0 - unit) + self.high * unit

    def to_array(self, position: Mapping[str, float]) -> NDArray[np.float64]:
        """Put a position given by axis names into the order of the axes, shape (d,).

        Raises:
            MeasurementError: An axis is missing or unknown, or a coordinate is not finite.
        """
        if set(position) != set(self.axes):
            raise MeasurementError(
                f"a position needs the axes {', '.join(self.axes)}, not {', '.join(position) or '–'}"
            )
        array = np.array([float(position[axis]) for axis in self.axes])
        if not np.isfinite(array).all():
            raise MeasurementError(f"the position {dict(position)} is not finite")
        return array

    def to_dict_position(self, array: ArrayLike) -> dict[str, float]:
        """Name the coordinates of a position of shape (d,)."""
        return {axis: float(v) for axis, v in zip(self.axes, np.asarray(array, float), strict=True)}

    def is_forbidden(self, positions: ArrayLike) -> NDArray[np.bool_]:
        """Tell which of the positions of shape (m, d), axes' units, lie in a forbidden region; shape (m,)."""
        positions = np.atleast_2d(np.asarray(positions, float))
        columns = {axis: positions[:, i] for i, axis in enumerate(self.axes)}
        inside = np.zeros(len(positions), bool)
        for part in self.forbidden:
            inside |= region(part).contains(columns)
        return inside

    def nearest(self, positions: ArrayLike) -> NDArray[np.intp]:
        """Find the grid position nearest to each of the positions of shape (m, d), axes' units.

        Returns:
            Indices into :attr:`candidates`, shape (m,); −1 where the nearest grid position is forbidden or more than
            half a step away, and everywhere when the space has no grid.
        """
        unit = np.atleast_2d(self.to_unit(positions))
        if self.grid is None or self._index is None:
            return np.full(len(unit), -1, dtype=np.intp)
        counts = np.array(list(self.grid.values()))
        steps = np.rint(unit * (counts - 1))
        inside = np.clip(steps, 0, counts - 1)
        strides = np.concatenate([[1], np.cumprod(counts[:-1])])
        return np.where((steps == inside).all(axis=1), self._index[inside.astype(np.intp) @ strides], -1)

    def as_map(self, values: ArrayLike) -> NDArray[np.float64]:
        """Lay values at the candidates, shape (m,), out as a map.

        Returns:
            Shape of the grid with the axes reversed, e.g. (y, x); NaN where the space is forbidden.

        Raises:
            SearchSpaceError: The space has no grid.
        """
        if self.grid is None or self._index is None:
            raise SearchSpaceError("a continuous space has no map: give the space a grid")
        values = np.asarray(values, float)
        flat = np.where(self._index >= 0, values[np.maximum(self._index, 0)], np.nan)
        return flat.reshape(tuple(self.grid.values())[::-1])

    def travel_time(self, start: ArrayLike, end: ArrayLike) -> NDArray[np.float64]:
        """Time to move between positions of shapes that broadcast to (…, d), all axes at once.

        Returns:
            Maximum over the axes of |Δ| / speed, s, shape (…).
        """
        seconds = np.array([1.0 / self.speeds[a] if a in self.speeds else 0.0 for a in self.axes])
        return (np.abs(np.asarray(end, float) - np.asarray(start, float)) * seconds).max(axis=-1)

    def to_dict(self) -> dict[str, Any]:
        """Describe the space for JSON; ``SearchSpace(**description)`` makes it again."""
        return {
            "bounds": {axis: [low, high] for axis, (low, high) in self.bounds.items()},
            "grid": None if self.grid is None else dict(self.grid),
            "forbidden": [region(part).to_dict() for part in self.forbidden],
            "speeds": dict(self.speeds),
            "units": dict(self.units),
        }

    @staticmethod
    def _grid(lines: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Combine the coordinates of each axis to all positions, shape (n, d), first axis fastest."""
        columns = np.meshgrid(*list(lines.values())[::-1], indexing="ij")
        return np.stack([column.ravel() for column in columns][::-1], axis=-1)

    def _check_names(self) -> None:
        """Refuse speeds, units and regions on axes that do not exist."""
        named = {"speeds": self.speeds, "units": self.units}
        named |= {f"forbidden region {i}": region(part).axes for i, part in enumerate(self.forbidden)}
        for where, names in named.items():
            if unknown := [name for name in names if name not in self.bounds]:
                raise SearchSpaceError(f"{where}: no axis {', '.join(unknown)}; the axes are {', '.join(self.axes)}")
        for axis, speed in self.speeds.items():
            if not (np.isfinite(speed) and speed > 0):
                raise SearchSpaceError(f"speed of {axis}: {speed} is not a positive number")


def _checked_bounds(bounds: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return the bounds as floats, refusing empty or unordered ones."""
    if not bounds:
        raise SearchSpaceError("a search space needs at least one axis")
    checked = {str(axis): (float(low), float(high)) for axis, (low, high) in bounds.items()}
    for axis, (low, high) in checked.items():
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise SearchSpaceError(f"bounds of {axis}: from {low} to {high} is not a range; give (low, high)")
    return checked


def _checked_grid(grid: Mapping[str, int], axes: tuple[str, ...]) -> dict[str, int]:
    """Return the grid in the order of the axes, refusing missing axes and empty or absurd sizes."""
    if set(grid) != set(axes):
        raise SearchSpaceError(f"the grid must name every axis ({', '.join(axes)}) and no other, not {', '.join(grid)}")
    for axis, count in grid.items():
        if int(count) != count or count < 1:
            raise SearchSpaceError(f"grid of {axis}: {count} positions; give a whole number of at least 1")
    if np.prod([float(count) for count in grid.values()]) > LARGEST_GRID:
        raise SearchSpaceError(f"the grid has more than {LARGEST_GRID} positions: make it coarser or leave it out")
    return {axis: int(grid[axis]) for axis in axes}
