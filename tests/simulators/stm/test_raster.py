"""Where pixels lie on the surface."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.stm.raster import Raster, ScannerStyle, draw_calibration, draw_raster

BAD = ScannerStyle(scale_error=0.2, shear=0.2, drift=0.15, creep=0.1, hysteresis=0.03, jitter=0.3)
GOOD = ScannerStyle(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def draw(style: ScannerStyle, seed: int, shape: tuple[int, int] = (40, 56), angle: float = 0.7) -> Raster:
    """Draw a path of an instrument of its own."""
    rng = np.random.default_rng(seed)
    return draw_raster(style, rng, shape, 1.5, (123.0, -45.0), angle, draw_calibration(style, rng))


def test_a_perfect_scanner_is_where_its_controller_believes() -> None:
    """Equal steps, turned by the angle, around the middle."""
    raster = draw(GOOD, 1, angle=np.pi / 2)
    points = raster.points()
    np.testing.assert_allclose(points.reshape(-1, 2).mean(axis=0), [123.0, -45.0], atol=1e-3)
    np.testing.assert_allclose(np.diff(points, axis=1), np.broadcast_to([0.0, 1.5], (40, 55, 2)), atol=1e-9)
    np.testing.assert_allclose(np.diff(points, axis=0), np.broadcast_to([-1.5, 0.0], (39, 56, 2)), atol=1e-4)
    assert raster.step == pytest.approx(1.5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_pixels_are_found_where_their_points_lie(seed: int) -> None:
    """However bad the scanner, the middle of every pixel is mapped to the surface and back."""
    raster = draw(BAD, seed)
    rows, columns = np.meshgrid(np.arange(40) + 0.5, np.arange(56) + 0.5, indexing="ij")
    found = raster.pixels(raster.points().reshape(-1, 2))
    np.testing.assert_allclose(found, np.stack([columns.ravel(), rows.ravel()], axis=-1), atol=0.02)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_bounds_hold_every_pixel(seed: int) -> None:
    """So nothing in an image is forgotten."""
    raster = draw(BAD, seed)
    low, high = raster.bounds(2.0)
    points = raster.points().reshape(-1, 2)
    assert (points >= low).all()
    assert (points <= high).all()


@pytest.mark.parametrize(
    ("name", "value"), [("drift", 0.1), ("creep", 0.1), ("hysteresis", 0.05), ("jitter", 0.5), ("shear", 0.1)]
)
def test_each_error_moves_the_points(name: str, value: float) -> None:
    """Compared with a perfect scanner."""
    style = ScannerStyle(**{**dict.fromkeys(ScannerStyle.__slots__, 0.0), name: value})
    moved = [np.abs(draw(style, seed).points() - draw(GOOD, seed).points()).max() for seed in range(6)]
    assert max(moved) > 0.3


def test_creep_bends_the_first_lines_more_than_the_last() -> None:
    """It dies away during the image."""
    style = ScannerStyle(0.0, 0.0, 0.0, 0.1, 0.0, 0.0)
    bent = np.linalg.norm(draw(style, 3).points() - draw(GOOD, 3).points(), axis=-1).mean(axis=1)
    assert bent[0] > 3.0 * bent[20] > 0.0
    assert bent[-1] < bent[0] / 10.0
