"""The map in the terminal: true scale, every point in its cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.campaign import Axis, Point
from daemon.raster import BEST, EMPTY, NEXT, Raster, draw_points, palette, shade, to_lines


def square(points: int | None) -> tuple[Axis, Axis]:
    """A square search space."""
    return Axis("x", "µm", 0, 150, points), Axis("y", "µm", 0, 150, points)


@pytest.mark.parametrize(
    ("points", "columns", "lines", "size"), [(31, 33, 16, (31, 31)), (31, 70, 40, (62, 62)), (64, 33, 16, (32, 32))]
)
def test_size(points: int, columns: int, lines: int, size: tuple[int, int]) -> None:
    """Whole numbers of elements per cell where they fit, fewer elements than cells where they do not."""
    raster = Raster.fitting(square(points), columns, lines)
    assert (raster.width, raster.height) == size


@given(
    columns=st.integers(10, 200),
    lines=st.integers(4, 80),
    ratio=st.floats(0.2, 5.0),
    points=st.integers(2, 100) | st.none(),
)
def test_true_scale_and_within_bounds(columns: int, lines: int, ratio: float, points: int | None) -> None:
    """Half a character is about square, so width and height are in the proportion of the field."""
    lines = max(lines, int(columns / ratio))
    axes = Axis("x", "mm", 0, 10 * ratio, points), Axis("y", "mm", -5, 5, points)
    raster = Raster.fitting(axes, columns, lines)
    assert 1 <= raster.width <= columns
    assert 1 <= raster.height <= 2 * lines
    assert raster.height == pytest.approx(raster.width / ratio, abs=1.0)


@given(st.integers(0, 30), st.integers(0, 30))
def test_every_cell_has_its_element(column: int, row: int) -> None:
    """Position (5 i, 5 j) µm lands on element (i, j) of a 31 × 31 raster."""
    raster = Raster.fitting(square(31), 33, 16)
    picture = raster.blank()
    raster.paint(picture, (5.0 * column, 5.0 * row), (1, 2, 3))
    changed = np.argwhere((picture != EMPTY).all(axis=2))
    assert changed.tolist() == [[row, column]]


def test_best_next_and_failed_points() -> None:
    """The best and the next position have colours of their own; a failed measurement is not painted."""
    points = [Point(1, (0.0, 0.0), 1.0), Point(2, (150.0, 150.0), 3.0), Point(3, (75.0, 75.0), float("nan"))]
    raster = Raster.fitting(square(31), 33, 16)
    picture = draw_points(raster, points, points[1], (0.0, 150.0), palette())
    assert tuple(picture[-1, -1]) == BEST
    assert tuple(picture[-1, 0]) == NEXT
    assert tuple(picture[0, 0]) == tuple(palette()[0])
    assert tuple(picture[15, 15]) == EMPTY


def test_one_axis_is_a_line() -> None:
    """A scan along one axis is drawn as a band."""
    raster = Raster.fitting((Axis("energy", "eV", 900, 950, 51),), 60, 16)
    picture = draw_points(raster, [Point(1, (900.0,), 1.0)], None, None, palette())
    assert picture.shape == (2, 60, 3)
    assert (picture[:, 0] != EMPTY).any()


def test_lines_show_two_rows_each_top_first() -> None:
    """Row 2 of 3 is the upper half of the first line; the last line has only an upper half."""
    picture = np.zeros((3, 2, 3), np.uint8)
    picture[2] = (255, 0, 0)
    picture[1] = (0, 255, 0)
    picture[0] = (0, 0, 255)
    first, second = to_lines(picture)
    assert first.plain == second.plain == "▀▀"
    style = first.spans[0].style
    assert "#ff0000 on #00ff00" in str(style)
    assert "on" not in str(second.spans[0].style)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_colours_follow_the_order_of_values(values: list[float]) -> None:
    """The lowest value has the first colour and the highest the last, unless all are equal."""
    colours = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    ranks = shade(np.array(values), colours)[:, 0].astype(int)
    assert (np.diff(ranks[np.argsort(values)]) >= 0).all()
    if max(values) > min(values):
        assert (ranks[np.argmin(values)], ranks[np.argmax(values)]) == (0, 255)
