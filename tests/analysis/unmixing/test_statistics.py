"""Statistics of maps, in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.statistics import map_statistics, statistic_names


def test_pure_regions() -> None:
    """A quarter of the image is component 0, the rest component 1."""
    maps = np.zeros((2, 8, 8))
    maps[0, :4, :4] = 1.0
    maps[1] = 1.0 - maps[0]
    values = map_statistics(maps)
    assert tuple(values) == statistic_names(2)
    assert values["unmixing.maps[0].mean"] == pytest.approx(0.25)
    assert values["unmixing.maps[0].coverage"] == pytest.approx(0.25)
    assert values["unmixing.maps[1].max"] == 1.0
    assert values["unmixing.maps[0].deviation"] == pytest.approx(np.sqrt(0.25 * 0.75))
    assert values["unmixing.overlap"] == values["unmixing.mixing"] == 0.0


def test_bright_pixels_count_more() -> None:
    """By their counts; dark and damaged ones do not count at all."""
    maps = np.array([[0.8, 0.2, 1.0, np.nan], [0.2, 0.8, 0.0, np.nan]])
    values = map_statistics(maps, [3.0, 1.0, 0.0, 9.0], prefix="x")
    assert values["x.maps[0].mean"] == pytest.approx((3 * 0.8 + 0.2) / 4)
    assert values["x.maps[0].coverage"] == pytest.approx(0.75)
    assert values["x.maps[0].max"] == 0.8
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2)) / np.log(2)
    assert values["x.mixing"] == pytest.approx(entropy)


def test_even_mixture() -> None:
    """All components everywhere alike."""
    values = map_statistics(np.full((4, 5, 5), 0.25))
    assert values["unmixing.overlap"] == pytest.approx(1.0)
    assert values["unmixing.mixing"] == pytest.approx(1.0)
    assert values["unmixing.maps[3].deviation"] == 0.0
    assert map_statistics(np.ones((1, 5)))["unmixing.mixing"] == 0.0


def test_nothing_to_look_at() -> None:
    """No pixel with counts gives NaN, shapes that do not fit are refused."""
    assert all(np.isnan(value) for value in map_statistics(np.ones((2, 4)), np.zeros(4)).values())
    with pytest.raises(ValueError, match="3 pixels for maps of 4"):
        map_statistics(np.ones((2, 4)), np.ones(3))
    with pytest.raises(ValueError, match="component, y, x"):
        map_statistics(np.ones(4))
