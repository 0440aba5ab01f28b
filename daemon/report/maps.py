"""Figures of the model over the search space, with the measured points in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from daemon.campaign import Point, position_text
from daemon.report.content import Content
from daemon.report.drawing import BLUE, INK, VERMILION, figure, style, to_svg
from daemon.wording import number

NUMBERED = 150
"""Up to this many points are numbered on a map; beyond it the numbers would cover it."""

FILLED = 0.5
"""Where more than this share of the grid was measured, the points would hide the map."""

PALETTES = {"measured": "viridis", "mean": "viridis", "deviation": "cividis", "acquisition": "magma"}
LOG_SPAN = 12.0
"""The acquisition map shows this many units of its logarithm below the maximum; all below is as good as never."""


@dataclass(frozen=True, slots=True)
class MapStyle:
    """How one map is drawn.

    Attributes:
        title: Its heading.
        label: What the colour bar says.
        width: Width of the figure, inches.
        numbered: Whether points carry their numbers.
    """

    title: str
    label: str
    width: float
    numbered: bool


def tooltip(content: Content, point: Point) -> str:
    """Tell a point in one line: its number, position, value and reason."""
    value = number(point.value) or "failed"
    where = position_text(content.axes, point.position)
    return f"point {point.number}: {where}; {value}" + (f"; {point.kind}" if point.kind else "")


def _edges(coordinates: NDArray[np.float64]) -> tuple[float, float]:
    """Outer edges of the cells whose centres are given, in the axis's unit."""
    step = (coordinates[-1] - coordinates[0]) / max(len(coordinates) - 1, 1) or 1.0
    return float(coordinates[0] - step / 2), float(coordinates[-1] + step / 2)


def _limits(name: str, values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Colour limits of a map: all of it, except for the bottomless part of a logarithm."""
    finite = values[np.isfinite(values)]
    if name != "acquisition" or not finite.size:
        return None, None
    return max(float(finite.min()), float(finite.max()) - LOG_SPAN), float(finite.max())


def _dot(axes: Axes, point: Point, colour: str, size: float) -> None:
    """Draw one measured point; its gid lets the page attach a tool tip."""
    marker = "o" if np.isfinite(point.value) else "X"
    axes.plot(
        *point.position, marker, ms=size, mfc=colour, mec="white", mew=0.6, gid=f"point-{point.number}", clip_on=False
    )


def _draw_points(axes: Axes, content: Content, name: str, numbered: bool) -> None:
    """Draw the way from point to point, the points, their numbers, and a ring around the best."""
    positions = np.array([point.position for point in content.points])
    crowded = len(positions) > NUMBERED
    if numbered and not crowded:
        axes.plot(positions[:, 0], positions[:, 1], "-", lw=0.5, color="white", alpha=0.55, clip_on=False)
    size = 1.5 if crowded else 9.5 if numbered else 3.2
    for point in content.points if len(positions) < FILLED * content.maps[name].size else ():
        _dot(axes, point, BLUE if point.initial else "#222222", size)
        if numbered and not crowded:
            axes.annotate(
                str(point.number),
                (point.position[0], point.position[1]),
                ha="center",
                va="center_baseline",
                color="white",
                fontsize=5.8,
            )
    if best := content.best:
        ring = {"ms": size + 5.0, "mfc": "none", "mew": 2.0, "mec": VERMILION, "clip_on": False}
        axes.plot(*best.position, "o", path_effects=[withStroke(linewidth=3.5, foreground="white")], **ring)


def _finish(axes: Axes, image: AxesImage, content: Content, look: MapStyle) -> None:
    """Name the axes of a map and put its colours beside it, without frames that compete with the data."""
    axes.set_title(look.title)
    axes.set_xlabel(content.axes[0].label)
    axes.set_ylabel(content.axes[1].label)
    axes.spines[:].set_visible(False)
    thickness = 0.12 / look.width
    bar = axes.inset_axes((1.02, 0.0, thickness, 1.0))
    bar.figure.colorbar(image, cax=bar, label=look.label)
    bar.spines[:].set_visible(False)


def map_svg(content: Content, name: str, look: MapStyle) -> str:
    """Draw one map of a two-dimensional search space at true scale.

    Args:
        content: The report's content; ``maps[name]`` has shape (y, x).
        name: Which map.
        look: How it is drawn.
    """
    values = content.maps[name]
    (left, right), (bottom, top) = (_edges(coordinate) for coordinate in content.coordinates)
    proportion = np.clip((top - bottom) / (right - left), 0.25, 3.0)
    low, high = _limits(name, values)
    with style():
        drawn = figure(look.width, look.width * 0.82 * proportion + 0.55)
        axes = drawn.subplots()
        image = axes.imshow(
            values, extent=(left, right, bottom, top), aspect="equal", cmap=PALETTES[name], vmin=low, vmax=high
        )
        _draw_points(axes, content, name, look.numbered)
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        _finish(axes, image, content, look)
        titles = {f"point-{point.number}": tooltip(content, point) for point in content.points}
        return to_svg(
            drawn, f"map-{name}", f"{look.title} over {content.axes[0].name} and {content.axes[1].name}", titles
        )


def profile_svg(content: Content) -> str:
    """Draw the model of a one-dimensional search space: mean, two deviations either side, measured points."""
    coordinate, mean, deviation = content.coordinates[0], content.maps["mean"], content.maps["deviation"]
    with style():
        drawn = figure(9.0, 3.4)
        axes = drawn.subplots()
        axes.fill_between(coordinate, mean - 2 * deviation, mean + 2 * deviation, color=BLUE, alpha=0.18, lw=0)
        axes.plot(coordinate, mean, color=BLUE, lw=1.5, label="model, ± 2 deviations")
        for point in content.points:
            axes.plot(point.position[0], point.value, "o", ms=4.5, mfc=INK, mec="white", mew=0.5)
        axes.set_xlabel(content.axes[0].label)
        axes.set_ylabel(content.objective)
        axes.legend()
        return to_svg(drawn, "profile", f"Model of {content.objective} along {content.axes[0].name}")
