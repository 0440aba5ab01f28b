"""Preparing images: pixels, tilt, units, missing lines, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from analysis.detection.errors import ImageError
from analysis.detection.preparation import WORKING_PIXEL, prepare


def surface(shape: tuple[int, int] = (64, 80), seed: int = 0) -> NDArray[np.float64]:
    """A tilted, noisy surface with a bump."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    bump = 2.0 * np.exp(-((x - 30) ** 2 + (y - 20) ** 2) / 20)
    return 0.1 * rng.normal(size=shape) + 0.05 * x + 0.02 * y + bump


def test_unit_and_offset_do_not_matter() -> None:
    """Metres or ångströms above whatever give the same image."""
    one = prepare(surface(), WORKING_PIXEL).values
    other = prepare(1e-10 * surface() + 3e-6, WORKING_PIXEL).values
    assert other.numpy() == pytest.approx(one.numpy(), abs=1e-3)


def test_the_corrugation_is_the_unit() -> None:
    """The bulk of the values has a deviation of 1 around 0."""
    values = prepare(surface(), WORKING_PIXEL).values.numpy()
    assert np.median(values) == pytest.approx(0.0, abs=0.05)
    assert np.diff(np.percentile(values, [16, 84]))[0] == pytest.approx(2.0, rel=0.05)


def test_the_tilt_is_gone() -> None:
    """Neither axis keeps a slope."""
    values = prepare(surface(), WORKING_PIXEL).values.numpy()
    columns, rows = np.median(values, axis=0), np.median(values, axis=1)
    assert abs(np.polyfit(np.arange(len(columns)), columns, 1)[0]) * len(columns) < 0.5
    assert abs(np.polyfit(np.arange(len(rows)), rows, 1)[0]) * len(rows) < 0.5


@pytest.mark.parametrize("nm", [0.05, 0.1, 0.15, 0.3])
def test_pixels_get_the_working_size_and_boxes_come_back(nm: float) -> None:
    """An image of 12 × 18 nm has as many working pixels whatever its own are; boxes survive there and back."""
    shape = (round(12.0 / nm), round(18.0 / nm))
    image = prepare(surface(shape), nm)
    assert image.values.shape == (round(12.0 / WORKING_PIXEL), round(18.0 / WORKING_PIXEL))
    boxes = np.array([[1.0, 2.0, 30.0, 20.0]])
    assert image.to_image(image.to_working(boxes)) == pytest.approx(boxes)
    assert image.to_working(boxes)[0] == pytest.approx(boxes[0] * nm / WORKING_PIXEL, rel=0.02)


def test_a_place_stays_where_it_is() -> None:
    """The middle of a bump lands where its box would."""
    y, x = np.mgrid[:200, :200] + 0.5
    rng = np.random.default_rng(1)
    height = 0.01 * rng.normal(size=x.shape) + np.exp(-((x - 140.0) ** 2 + (y - 60.0) ** 2) / 50.0)
    image = prepare(height, 0.1)
    row, column = np.unravel_index(int(image.values.argmax()), image.values.shape)
    assert image.to_image(np.array([[column + 0.5, row + 0.5, 0, 0]]))[0, :2] == pytest.approx([140.0, 60.0], abs=2.1)


def test_lines_not_yet_scanned_are_flat() -> None:
    """What is there is treated as if it were the whole image, and the rest is 0."""
    height = surface()
    part = height.copy()
    part[40:] = np.nan
    values = prepare(part, WORKING_PIXEL).values.numpy()
    assert not values[40:].any()
    assert values[:40] == pytest.approx(prepare(height[:40], WORKING_PIXEL).values.numpy(), abs=1e-6)


def test_single_missing_values_are_filled() -> None:
    """A lost pixel changes nothing elsewhere, and does not stand out."""
    height = surface()
    height[30, 50] = np.nan
    values = prepare(height, WORKING_PIXEL).values.numpy()
    assert np.isfinite(values).all()
    assert abs(values[30, 50]) < 6.0


@pytest.mark.parametrize(
    ("image", "nm", "said"),
    [
        (np.zeros((64, 64)), 0.2, "constant"),
        (np.full((64, 64), 7.5), 0.2, "constant"),
        (np.full((64, 64), np.nan), 0.2, "no finite value"),
        (np.full((64, 64), np.inf), 0.2, "no finite value"),
        (np.zeros((64, 64, 3)), 0.2, "shape"),
        (np.zeros(64), 0.2, "shape"),
        (np.zeros((0, 0)), 0.2, "sides"),
        (surface((8, 200)), 0.2, "sides"),
        (surface(), 1.0, "pixels of 1 nm"),
        (surface(), 0.0, "pixels of 0 nm"),
        (surface(), -0.2, "pixels"),
        (surface(), float("nan"), "pixels"),
        ([["a", "b"], ["c", "d"]], 0.2, "no array"),
    ],
)
def test_what_cannot_be_searched_is_refused(image: ArrayLike, nm: float, said: str) -> None:
    """Each refusal says why."""
    with pytest.raises(ImageError, match=said):
        prepare(image, nm)
