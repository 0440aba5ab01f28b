"""Axes, points and choices of a campaign."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.campaign import Axis, Choice, Point, best_of, grid_points, position_text

AXES = (Axis("stage_x", "µm", 0, 150, 31), Axis("energy", "", 900, 950, 6))


def test_grid_points() -> None:
    """The product of the axes, and none where an axis has none."""
    assert grid_points(AXES) == 186
    assert grid_points((*AXES, Axis("z", "mm", 0, 1, None))) is None
    assert grid_points(()) is None


def test_position_text() -> None:
    """Units where there are any."""
    assert position_text(AXES, (85.0, 933.5)) == "stage_x = 85 µm, energy = 933.5"


def test_best_leaves_failures_out() -> None:
    """NaN is never the best, nor does it hide the best."""
    points = [Point(n, (0.0,), value) for n, value in enumerate((math.nan, 1.0, 3.0, math.nan, -2.0), 1)]
    assert (best_of(points) or points[0]).number == 3
    assert (best_of(points, maximize=False) or points[0]).number == 5
    assert best_of(points[:1]) is None


@given(mean=st.floats(-3, 3), deviation=st.floats(0.05, 3), best=st.floats(-3, 3))
def test_improvement_is_the_mean_of_the_gain(mean: float, deviation: float, best: float) -> None:
    """The closed form agrees with the integral of max(v − best, 0) over the model's Gaussian."""
    v, step = np.linspace(mean - 9 * deviation, mean + 9 * deviation, 20001, retstep=True)
    density = np.exp(-0.5 * ((v - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    expected = float(np.sum(np.maximum(v - best, 0) * density) * step)
    choice = Choice(1, (), "expected improvement", mean, deviation)
    assert choice.improvement(best) == pytest.approx(expected, abs=1e-6)
    mirrored = Choice(1, (), "expected improvement", -mean, deviation)
    assert mirrored.improvement(-best, maximize=False) == pytest.approx(expected, abs=1e-6)


def test_improvement_without_a_model() -> None:
    """The initial design expects nothing."""
    assert math.isnan(Choice(1, (), "initial design").improvement(0.0))
