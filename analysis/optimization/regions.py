"""Parts of a search space where nothing may be measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.errors import SearchSpaceError


@runtime_checkable
class Region(Protocol):
    """A set of positions, its border included."""

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes that the region speaks of; along all others it is unbounded."""
        ...

    def contains(self, coordinates: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Tell which positions lie inside; one array of shape (m,) per axis in, shape (m,) out."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return a description that JSON can carry and :func:`region` reads."""
        ...


@dataclass(frozen=True, slots=True)
class Box:
    """All positions between two limits along each of some axes.

    Attributes:
        limits: (low, high) per axis, in the axis' unit.
    """

    limits: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        """Check that every pair of limits is ordered."""
        if not self.limits:
            raise SearchSpaceError("forbidden box: give limits along at least one axis")
        for axis, (low, high) in self.limits.items():
            if not low <= high:
                raise SearchSpaceError(f"forbidden box: {axis} from {low} to {high} is empty; give the lower end first")

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the bounded axes."""
        return tuple(self.limits)

    def contains(self, coordinates: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Tell which positions lie inside or on the border."""
        inside = [(coordinates[a] >= low) & (coordinates[a] <= high) for a, (low, high) in self.limits.items()]
        return np.logical_and.reduce(inside)

    def to_dict(self) -> dict[str, Any]:
        """Describe the box for JSON."""
        return {"kind": "box", "limits": {a: [float(low), float(high)] for a, (low, high) in self.limits.items()}}


@dataclass(frozen=True, slots=True)
class Circle:
    """All positions within a radius of a centre, in the plane of two axes of one unit.

    Attributes:
        axes: The two axes.
        centre: Coordinates along them.
        radius: Radius in the same unit.
    """

    axes: tuple[str, str]
    centre: tuple[float, float]
    radius: float

    def __post_init__(self) -> None:
        """Check the radius."""
        if not self.radius >= 0:
            raise SearchSpaceError(f"forbidden circle: radius {self.radius} is not a length")

    def contains(self, coordinates: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Tell which positions lie inside or on the circle."""
        first, second = (coordinates[axis] - centre for axis, centre in zip(self.axes, self.centre, strict=True))
        return np.hypot(first, second) <= self.radius

    def to_dict(self) -> dict[str, Any]:
        """Describe the circle for JSON."""
        return {
            "kind": "circle",
            "axes": list(self.axes),
            "centre": [float(c) for c in self.centre],
            "radius": float(self.radius),
        }


@dataclass(frozen=True, slots=True)
class Polygon:
    """All positions inside a simple polygon, in the plane of two axes.

    Attributes:
        axes: The two axes.
        vertices: Corners in order, at least three, as pairs of coordinates; the last joins the first.
    """

    axes: tuple[str, str]
    vertices: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        """Check the number of corners."""
        if len(self.vertices) < 3:
            raise SearchSpaceError(f"forbidden polygon: {len(self.vertices)} corners enclose nothing; give at least 3")

    def contains(self, coordinates: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Tell which positions lie inside or on an edge (even-odd rule, edges by collinearity)."""
        px, py = (np.asarray(coordinates[axis], float) for axis in self.axes)
        corners = np.asarray(self.vertices, float)
        tolerance = 1e-12 * max(float(np.ptp(corners, axis=0).max()), 1e-300) ** 2
        inside, border = np.zeros(px.shape, bool), np.zeros(px.shape, bool)
        for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            cross = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
            along = (px - ax) * (px - bx) + (py - ay) * (py - by)
            border |= (np.abs(cross) <= tolerance) & (along <= tolerance)
            crosses = (ay > py) != (by > py)
            # The side of the edge tells whether a ray towards +x meets it: no division, so no edge is special.
            inside ^= crosses & ((cross > 0) == (by > ay))
        return inside | border

    def to_dict(self) -> dict[str, Any]:
        """Describe the polygon for JSON."""
        return {
            "kind": "polygon",
            "axes": list(self.axes),
            "vertices": [[float(a), float(b)] for a, b in self.vertices],
        }


def region(description: Region | Mapping[str, Any]) -> Region:
    """Make a region from its description.

    Args:
        description: A region, returned as it is, or a mapping: ``{"kind": "box", "limits": {axis: [low, high]}}``,
            ``{"kind": "circle", "axes": [a, b], "centre": [a, b], "radius": r}`` or
            ``{"kind": "polygon", "axes": [a, b], "vertices": [[a, b], …]}``.

    Returns:
        The region.

    Raises:
        SearchSpaceError: The kind is unknown or an entry is missing or malformed.
    """
    if isinstance(description, Region):
        return description
    kind = description.get("kind")
    if kind not in ("box", "circle", "polygon"):
        raise SearchSpaceError(f"forbidden region of unknown kind {kind!r}: use box, circle or polygon")
    try:
        if kind == "box":
            return Box({str(a): (float(low), float(high)) for a, (low, high) in description["limits"].items()})
        first, second = (str(axis) for axis in description["axes"])
        if kind == "circle":
            a, b = description["centre"]
            return Circle((first, second), (float(a), float(b)), float(description["radius"]))
        return Polygon((first, second), tuple((float(a), float(b)) for a, b in description["vertices"]))
    except SearchSpaceError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SearchSpaceError(f"forbidden {kind}: {description!r} is not understood ({error!r})") from error
