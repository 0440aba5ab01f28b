"""Forbidden regions: containment, borders, descriptions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.optimization.errors import SearchSpaceError
from analysis.optimization.regions import Box, Circle, Polygon, region


def columns(points: list[tuple[float, float]]) -> dict[str, np.ndarray]:
    """Points as one column per axis."""
    array = np.array(points, dtype=float)
    return {"x": array[:, 0], "y": array[:, 1]}


def test_box_holds_its_border_and_is_unbounded_along_other_axes() -> None:
    """Box holds its border and is unbounded along other axes."""
    box = Box({"x": (1.0, 2.0)})
    points = columns([(1.0, -1e9), (2.0, 1e9), (0.999, 0.0), (2.001, 0.0)])
    assert box.contains(points).tolist() == [True, True, False, False]


def test_circle_holds_its_border() -> None:
    """Circle holds its border."""
    circle = Circle(("x", "y"), (3.0, 4.0), 5.0)
    assert circle.contains(columns([(0.0, 0.0), (8.0, 4.0), (8.001, 4.0)])).tolist() == [True, True, False]


def test_polygon_may_be_concave_and_holds_edges_and_corners() -> None:
    """Polygon may be concave and holds edges and corners."""
    arrow = Polygon(("x", "y"), [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)])
    inside = [(1.0, 1.0), (3.5, 2.0), (2.0, 0.5), (2.0, 0.0), (4.0, 4.0), (0.0, 2.0), (2.0, 1.0)]
    outside = [(2.0, 2.0), (-0.1, 0.0), (5.0, 0.0), (2.0, -0.1), (2.0, 4.0), (-1.0, 4.0)]
    assert arrow.contains(columns(inside)).all()
    assert not arrow.contains(columns(outside)).any()


@given(st.floats(-10, 10), st.floats(-10, 10), st.booleans())
def test_polygon_of_a_rectangle_agrees_with_the_box(x: float, y: float, clockwise: bool) -> None:
    """Polygon of a rectangle agrees with the box."""
    corners = [(-3.0, -2.0), (5.0, -2.0), (5.0, 7.0), (-3.0, 7.0)]
    polygon = Polygon(("x", "y"), corners[::-1] if clockwise else corners)
    near_edge = min(abs(x + 3), abs(x - 5), abs(y + 2), abs(y - 7)) < 1e-6
    box = Box({"x": (-3.0, 5.0), "y": (-2.0, 7.0)})
    point = columns([(x, y)])
    assert near_edge or polygon.contains(point)[0] == box.contains(point)[0]


@pytest.mark.parametrize(
    "original",
    [
        Box({"x": (0.1, 0.7)}),
        Circle(("x", "y"), (0.1, 0.2), 0.3),
        Polygon(("x", "y"), ((0.0, 0.0), (0.1, 1 / 3), (1.0, 0.0))),
    ],
)
def test_description_survives_json(original: Box | Circle | Polygon) -> None:
    """Description survives JSON."""
    again = region(json.loads(json.dumps(original.to_dict())))
    points = {axis: np.random.default_rng(0).uniform(-0.5, 1.5, 500) for axis in ("x", "y")}
    assert type(again) is type(original)
    assert again.to_dict() == original.to_dict()
    np.testing.assert_array_equal(again.contains(points), original.contains(points))


@pytest.mark.parametrize(
    ("description", "word"),
    [
        ({"kind": "star"}, "box, circle or polygon"),
        ({"kind": "circle", "axes": ["x", "y"], "centre": [0, 0]}, "radius"),
        ({"kind": "circle", "axes": ["x"], "centre": [0, 0], "radius": 1}, "circle"),
        ({"kind": "circle", "axes": ["x", "y"], "centre": [0, 0], "radius": -1}, "radius"),
        ({"kind": "box", "limits": {"x": [2, 1]}}, "lower end first"),
        ({"kind": "box", "limits": {}}, "at least one axis"),
        ({"kind": "polygon", "axes": ["x", "y"], "vertices": [[0, 0], [1, 1]]}, "at least 3"),
    ],
)
def test_malformed_descriptions_say_what_is_wrong(description: dict[str, object], word: str) -> None:
    """Malformed descriptions say what is wrong."""
    with pytest.raises(SearchSpaceError, match=word):
        region(description)
