"""Regions of interest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.diffraction import Region

FRAMES = np.arange(2 * 5 * 6, dtype=np.uint8).reshape(2, 5, 6)


def test_numbers_of_a_region() -> None:
    """Sum, mean and maximum of each frame, in 64-bit floats: 8-bit pixels do not overflow."""
    region = Region(rows=(1, 4), columns=(2, 6))
    part = FRAMES[:, 1:4, 2:6].astype(float)
    assert region.shape == (3, 4)
    np.testing.assert_array_equal(region.sum(FRAMES), part.sum(axis=(1, 2)))
    np.testing.assert_array_equal(region.mean(FRAMES), part.mean(axis=(1, 2)))
    np.testing.assert_array_equal(region.max(FRAMES), part.max(axis=(1, 2)))
    assert region.sum(FRAMES[0]).shape == ()


def test_a_cut_is_a_view() -> None:
    """Nothing is copied."""
    assert np.shares_memory(Region((0, 2), (0, 2)).cut(FRAMES), FRAMES)


@pytest.mark.parametrize(("rows", "columns"), [((3, 3), (0, 1)), ((-1, 2), (0, 1)), ((0, 1), (4, 2))])
def test_an_empty_region_is_refused(rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """Ends before beginnings and pixels before the first are mistakes."""
    with pytest.raises(ValueError, match="0 <= first < end"):
        Region(rows, columns)


def test_a_region_beyond_the_frame_is_refused() -> None:
    """NumPy would cut it silently."""
    with pytest.raises(ValueError, match="reaches beyond frames of 5 rows and 6 columns"):
        Region((0, 6), (0, 2)).sum(FRAMES)


@settings(deadline=None)
@given(row=st.floats(0, 4), column=st.floats(0, 5), half_width=st.integers(0, 9))
def test_a_square_around_a_point_contains_it_and_fits_the_frame(row: float, column: float, half_width: int) -> None:
    """Cut at the edges, never empty, at most the width asked for."""
    region = Region.around(row, column, half_width, (5, 6))
    assert region.rows[0] <= round(row) < region.rows[1] <= 5
    assert region.columns[0] <= round(column) < region.columns[1] <= 6
    assert max(region.shape) <= 2 * half_width + 1
    region.cut(FRAMES)
