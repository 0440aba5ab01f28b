"""A map that somebody measured: a value, a spectrum or a pattern at each position of a grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RegularGridInterpolator

from devices.protocols import Coordinate
from simulators.errors import SimulatorError

Floats = NDArray[np.float64]
Interpolation = Literal["nearest", "linear"]
Reduction = Literal["pixel", "mean"]

_PREFIXES = {1e-12: "p", 1e-9: "n", 1e-6: "µ", 1e-3: "m", 1.0: "", 1e3: "k"}
_PREFIXED = ("m", "V", "A", "s")
"""Units that get a prefix so that their numbers are handy."""


@dataclass(frozen=True, slots=True)
class RecordedMap:
    """A map on a rectangular grid of positions, both axes rising.

    Attributes:
        values: What was measured, shape (y, x) for numbers, (y, x, m) for spectra, (y, x, v, u) for patterns.
        x: Positions along the second axis.
        y: Positions along the first axis.
        pattern: Coordinates along the axes of a spectrum or pattern, in order; empty for numbers.
        units: Unit of the values.
        name: What they are.
        source: File and dataset they come from.
    """

    values: NDArray[Any]
    x: Coordinate
    y: Coordinate
    pattern: tuple[Coordinate, ...] = ()
    units: str = ""
    name: str = ""
    source: str = ""
    _lookups: dict[Interpolation, RegularGridInterpolator] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def is_scalar(self) -> bool:
        """Whether there is one number per position."""
        return self.values.ndim == 2

    @property
    def axes(self) -> dict[str, Coordinate]:
        """The positions, x first."""
        return {"x": self.x, "y": self.y}

    def at(self, x: ArrayLike, y: ArrayLike, interpolation: Interpolation = "nearest") -> Floats:
        """What was measured at positions.

        Args:
            x: Positions along x, any shape; outside the map the value at its edge counts.
            y: Positions along y, same shape.
            interpolation: "nearest" gives what was measured at the nearest position, untouched; "linear"
                interpolates between the four around.

        Returns:
            Values, the positions' shape followed by that of a spectrum or pattern.
        """
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        inside_x = np.clip(x, self.x.values[0], self.x.values[-1])
        inside_y = np.clip(y, self.y.values[0], self.y.values[-1])
        if interpolation == "nearest":
            return self.values[_nearest(self.y.values, inside_y), _nearest(self.x.values, inside_x)].astype(float)
        if interpolation not in self._lookups:
            grid = (self.y.values, self.x.values)
            self._lookups[interpolation] = RegularGridInterpolator(grid, self.values, method=interpolation)
        found = self._lookups[interpolation](np.stack([inside_y.ravel(), inside_x.ravel()], axis=-1))
        return found.reshape((*x.shape, *self.values.shape[2:]))

    def resampled(self, grid: tuple[int, int], reduction: Reduction = "pixel") -> RecordedMap:
        """Bring the map to a coarser grid.

        Args:
            grid: Positions along y and x.
            reduction: "pixel" keeps every n-th position, so that each value is one that was measured; "mean"
                averages blocks of n × n, as a wider probe would. Where n is not whole, "pixel" takes the
                measured positions nearest to an even grid over the whole map.

        Returns:
            The coarser map, with the positions it was measured at (or the blocks' centres).

        Raises:
            SimulatorError: The grid is finer than the map, or blocks do not divide it.
        """
        shape = self.values.shape[:2]
        if any(not 2 <= wanted <= length for wanted, length in zip(grid, shape, strict=True)):
            raise SimulatorError(
                f"grid {tuple(grid)}: give 2 to {shape[0]} positions along y and 2 to {shape[1]} along x"
            )
        if reduction == "mean":
            return self._blocks(grid)
        rows, columns = (_every(wanted, length) for wanted, length in zip(grid, shape, strict=True))
        return replace(
            self,
            values=self.values[np.ix_(rows, columns)],
            y=replace(self.y, values=self.y.values[rows]),
            x=replace(self.x, values=self.x.values[columns]),
            _lookups={},
        )

    def handy(self) -> RecordedMap:
        """The same map with an SI prefix on its units, so that 2e-6 m become 2 µm."""
        values, units = _with_prefix(self.values, self.units)
        x, x_units = _with_prefix(self.x.values, self.x.units)
        y, y_units = _with_prefix(self.y.values, self.y.units)
        return replace(
            self,
            values=values,
            units=units,
            x=replace(self.x, values=x, units=x_units),
            y=replace(self.y, values=y, units=y_units),
            _lookups={},
        )

    def _blocks(self, grid: tuple[int, int]) -> RecordedMap:
        """Average blocks of positions."""
        rows, columns = self.values.shape[:2]
        if rows % grid[0] or columns % grid[1]:
            raise SimulatorError(
                f"grid {tuple(grid)} does not divide {(rows, columns)} into blocks; use reduction='pixel'"
            )
        high, wide = rows // grid[0], columns // grid[1]
        blocks = self.values.reshape(grid[0], high, grid[1], wide, *self.values.shape[2:])
        return replace(
            self,
            values=blocks.mean(axis=(1, 3)),
            y=replace(self.y, values=self.y.values.reshape(-1, high).mean(axis=1)),
            x=replace(self.x, values=self.x.values.reshape(-1, wide).mean(axis=1)),
            _lookups={},
        )


def rising(values: NDArray[Any], axis: int, coordinate: Coordinate) -> tuple[NDArray[Any], Coordinate]:
    """Turn a map over along one axis where its positions fall.

    Args:
        values: Map of any shape.
        axis: Which axis.
        coordinate: Positions along it.

    Returns:
        Map and positions, which now rise.
    """
    if len(coordinate.values) > 1 and coordinate.values[0] > coordinate.values[-1]:
        return np.flip(values, axis), replace(coordinate, values=coordinate.values[::-1])
    return values, coordinate


def _check(recorded: RecordedMap) -> None:
    """Check that a map's parts belong together."""
    values, where = recorded.values, recorded.source or "the map"
    if not 2 <= values.ndim <= 4 or min(values.shape[:2], default=0) < 2:
        raise SimulatorError(f"{where}: values of shape {values.shape} are not a map of at least 2 × 2 positions")
    expected = (recorded.y, recorded.x, *recorded.pattern)
    if tuple(len(coordinate.values) for coordinate in expected) != values.shape:
        lengths = tuple(len(coordinate.values) for coordinate in expected)
        raise SimulatorError(f"{where}: values of shape {values.shape}, but axes of lengths {lengths}")
    for name, coordinate in recorded.axes.items():
        if not (np.diff(coordinate.values) > 0).all():
            raise SimulatorError(f"{where}: the positions along {name} do not rise; each must be measured once")


def _nearest(positions: Floats, targets: Floats) -> NDArray[np.intp]:
    """Indices of the positions nearest to the targets; the lower one at a tie."""
    return np.searchsorted(0.5 * (positions[1:] + positions[:-1]), targets, side="left")


def _every(wanted: int, length: int) -> NDArray[np.intp]:
    """Indices of a coarser axis: every n-th, or the nearest to an even spacing where n is not whole."""
    if length % wanted == 0:
        return np.arange(0, length, length // wanted)
    return np.rint(np.linspace(0, length - 1, wanted)).astype(int)


def _with_prefix(values: NDArray[Any], units: str) -> tuple[NDArray[Any], str]:
    """Scale values so that the largest lies between 1 and 1000, where the unit takes a prefix."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if units not in _PREFIXED or not np.isfinite(largest) or largest == 0.0:
        return values, units
    factor = max((f for f in _PREFIXES if f <= largest * (1 + 1e-9)), default=min(_PREFIXES))
    return (values / factor if factor != 1.0 else values), _PREFIXES[factor] + units
