"""What is looked at in every frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.checks import CheckingSink, statistics
from devices.errors import SaturatedFrameError
from devices.frames import FrameLayout


@given(st.sampled_from(["u1", "u2", "i2", "u4", "i8"]), st.integers(0, 2**32 - 1), st.booleans())
def test_sum_and_largest_are_exact(dtype: str, seed: int, flat: bool) -> None:
    """For every type of counts, up to the largest values, for frames and for picked pixels."""
    info = np.iinfo(dtype)
    high = min(int(info.max), 2**40)
    frame = np.random.default_rng(seed).integers(0, high, (33, 47), dtype, endpoint=True)
    frame[0, 0] = high
    good = frame.ravel() if flat else frame
    assert statistics(good, counts=True) == (sum(map(int, frame.ravel())), high)


def test_values_that_are_missing_are_left_out() -> None:
    """And of none there is none."""
    assert statistics(np.array([1.5, np.nan, 2.0]), counts=False) == (3.5, 2.0)
    assert np.isnan(statistics(np.full(3, np.nan), counts=False)).all()


class Sink:
    """Keeps one frame."""

    def __init__(self) -> None:
        self.slot, self.published = np.zeros((4, 5), np.uint16), 0

    def reserve(self) -> np.ndarray:
        """Give the slot."""
        return self.slot

    def publish(self, at: float | None = None) -> None:
        """Count."""
        self.published += 1


def test_bad_pixels_do_not_count() -> None:
    """Over several frames."""
    bad = np.zeros((4, 5), bool)
    bad[1, 2] = True
    sink = CheckingSink(Sink(), FrameLayout("cam", (4, 5), np.dtype("u2"), bad_pixels=bad), lambda _: None)
    for number in range(3):
        sink.reserve()[...] = 1 + number
        sink.reserve()[1, 2] = 60000
        sink.publish()
    assert (sink.total, sink.largest) == (19 * 6, 3)


def test_a_frame_that_is_too_bright_is_not_handed_over() -> None:
    """It raises what it was told."""
    inner, refusal = Sink(), SaturatedFrameError("too bright")
    sink = CheckingSink(inner, FrameLayout("cam", (4, 5), np.dtype("u2"), saturation=100.0), lambda _: refusal)
    sink.reserve()[...] = 99
    sink.publish()
    sink.reserve()[0, 0] = 100
    with pytest.raises(SaturatedFrameError, match="too bright"):
        sink.publish()
    assert inner.published == 1
