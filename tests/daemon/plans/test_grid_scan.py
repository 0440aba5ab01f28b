"""The order of a grid scan."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.plans.grid_scan import grid_positions
from daemon.plans.models import AxisRange, GridScan

SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=3)


def _scan(sizes: list[int], snake: bool) -> GridScan:
    axes = {f"a{k}": AxisRange(low=0.0, high=float(max(size - 1, 1)), points=size) for k, size in enumerate(sizes)}
    return GridScan(axes=axes, snake=snake)


@given(sizes=SIZES, snake=st.booleans())
def test_every_position_is_measured_once(sizes: list[int], snake: bool) -> None:
    """For any number of axes and points."""
    seen = [tuple(position.values()) for position in grid_positions(_scan(sizes, snake))]
    assert len(seen) == len(set(seen)) == math.prod(sizes)


@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=2))
def test_a_snake_never_flies_back(sizes: list[int]) -> None:
    """From point to point one axis makes one step."""
    track = np.array([tuple(position.values()) for position in grid_positions(_scan(sizes, True))])
    assert (np.abs(np.diff(track, axis=0)).sum(axis=1) == 1).all()


def test_the_first_axis_is_the_fastest() -> None:
    """Line after line."""
    track = [tuple(position.values()) for position in grid_positions(_scan([2, 2], False))]
    assert track == [(0, 0), (1, 0), (0, 1), (1, 1)]
