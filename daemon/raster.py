"""A map of measured points as coloured half blocks of a terminal, at true scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from daemon.campaign import Axis, Point

Colours = NDArray[np.uint8]
UPPER_HALF = "▀"
EMPTY = (48, 50, 56)
"""Where nothing was measured."""
BEST = (255, 92, 40)
NEXT = (255, 255, 255)
SIGNS = "·░▒▓█oX"
"""What a terminal without colours shows: nothing measured, values from low to high, the next point, the best one."""
SHADES = len(SIGNS) - 3
LUMA = np.array([0.2126, 0.7152, 0.0722])
"""How light the eye finds red, green and blue (ITU-R BT.709)."""


@dataclass(frozen=True, slots=True)
class Raster:
    """How positions become picture elements; one element is half a character high, and so about square.

    Attributes:
        axes: One or two axes; the first one runs to the right, the second one upwards.
        width: Elements to the right.
        height: Elements upwards.
    """

    axes: tuple[Axis, ...]
    width: int
    height: int

    @classmethod
    def fitting(cls, axes: Sequence[Axis], columns: int, lines: int) -> Raster:
        """Make the largest raster of true proportions that fits, whole numbers of elements per grid cell if possible.

        Args:
            axes: The search space; axes after the second are not shown.
            columns: Characters to the right.
            lines: Lines of characters; each holds two elements.
        """
        shown = tuple(axes[:2])
        if len(shown) == 1:
            return cls(shown, columns, 2)
        extent = [(axis.high - axis.low) * (1 + 1 / max((axis.points or 100) - 1, 1)) for axis in shown]
        width = min(columns, 2 * lines * extent[0] / extent[1])
        cells = shown[0].points
        if cells and cells <= width:
            width = width // cells * cells
        whole = max(int(width), 1)
        return cls(shown, whole, min(max(round(whole * extent[1] / extent[0]), 1), 2 * lines))

    def paint(self, picture: Colours, position: Sequence[float], colour: tuple[int, int, int]) -> None:
        """Colour the cell of one position.

        Args:
            picture: Colours, (height, width, 3); changed in place.
            position: In the order of the axes.
            colour: Red, green and blue, 0 to 255.
        """
        spans = [
            self._span(axis, value, size) for axis, value, size in zip(self.axes, position, self._sizes, strict=False)
        ]
        rows = spans[1] if len(spans) > 1 else slice(None)
        picture[rows, spans[0]] = colour

    def blank(self) -> Colours:
        """A picture of nothing, (height, width, 3)."""
        return np.full((self.height, self.width, 3), EMPTY, np.uint8)

    @property
    def _sizes(self) -> tuple[int, int]:
        """Elements along the first and the second axis."""
        return self.width, self.height

    @staticmethod
    def _span(axis: Axis, value: float, size: int) -> slice:
        """The elements that the cell around ``value`` covers along one axis; at least one."""
        cells = min(axis.points or size, size)
        where = (value - axis.low) / (axis.high - axis.low) if axis.high > axis.low else 0.5
        cell = min(max(round(where * (cells - 1)), 0), cells - 1)
        first = cell * size // cells
        return slice(first, max((cell + 1) * size // cells, first + 1))


def palette() -> Colours:
    """The colours from the lowest to the highest value, (256, 3); colour-blind readers see the order too."""
    from matplotlib import colormaps

    return (255 * colormaps["viridis"](np.linspace(0.0, 1.0, 256))[:, :3]).astype(np.uint8)


def shade(values: NDArray[np.float64], colours: Colours) -> Colours:
    """The colour of each value between the lowest and the highest of them, (values, 3)."""
    low, high = np.nanmin(values), np.nanmax(values)
    share = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
    return colours[np.nan_to_num(255 * share).astype(int)]


def draw_points(
    raster: Raster, points: Sequence[Point], best: Point | None, following: Sequence[float] | None, colours: Colours
) -> Colours:
    """Paint the measured points, the best of them and the next position.

    Args:
        raster: The raster.
        points: The measured points; failed ones are left out.
        best: The best point, if any.
        following: The next position, if known.
        colours: A palette, (256, 3).

    Returns:
        The picture, (height, width, 3), first row at the bottom.
    """
    picture = raster.blank()
    finite = [point for point in points if np.isfinite(point.value)]
    if finite:
        for point, colour in zip(finite, shade(np.array([p.value for p in finite]), colours), strict=True):
            raster.paint(picture, point.position, tuple(colour))
    if following is not None:
        raster.paint(picture, following, NEXT)
    if best is not None:
        raster.paint(picture, best.position, BEST)
    return picture


def to_lines(picture: Colours) -> list[Text]:
    """Turn a picture, first row at the bottom, into lines of half blocks, top line first."""
    upside = picture[::-1]
    lines = []
    for first in range(0, len(upside), 2):
        line = Text(no_wrap=True)
        below = upside[first + 1] if first + 1 < len(upside) else None
        for column, top in enumerate(upside[first]):
            line.append(
                UPPER_HALF, Style(color=_colour(top), bgcolor=None if below is None else _colour(below[column]))
            )
        lines.append(line)
    return lines


def to_characters(picture: Colours) -> list[Text]:
    """Turn a picture, first row at the bottom, into lines for a terminal without colours, top line first.

    One character stands for two elements, one above the other, and shows the more important of them.
    """
    upside = picture[::-1]
    signs = np.apply_along_axis(_sign, 2, upside)
    if len(signs) % 2:
        signs = np.vstack([signs, np.zeros_like(signs[:1])])
    return [Text("".join(SIGNS[sign] for sign in row), no_wrap=True) for row in np.maximum(signs[::2], signs[1::2])]


def _sign(rgb: NDArray[np.uint8]) -> int:
    """Which of the signs stands for a colour; the palette grows lighter with the value."""
    known = {EMPTY: 0, NEXT: len(SIGNS) - 2, BEST: len(SIGNS) - 1}
    lightness = float(rgb @ LUMA) / 255.0
    return known.get(tuple(rgb.tolist()), 1 + min(int(lightness * SHADES), SHADES - 1))


def colour_bar(colours: Colours, width: int, *, colourless: bool = False) -> Text:
    """A line with all colours from the lowest to the highest value; without colours, with what stands for them."""
    if colourless:
        return to_characters(colours[None, np.linspace(0, 255, width).astype(int)])[0]
    bar = Text(no_wrap=True)
    for index in np.linspace(0, 255, width).astype(int):
        bar.append("▄", Style(color=_colour(colours[index])))
    return bar


def _colour(rgb: NDArray[np.uint8]) -> Color:
    """Our colour in rich's words."""
    red, green, blue = (int(part) for part in rgb)
    return Color.from_rgb(red, green, blue)
