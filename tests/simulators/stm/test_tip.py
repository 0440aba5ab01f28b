"""Tips, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulators.stm.density import DECAY
from simulators.stm.lobes import Lobes
from simulators.stm.raster import Raster, ScannerStyle, draw_calibration, draw_raster
from simulators.stm.rendering import render
from simulators.stm.surface import Surface, SurfaceStyle
from simulators.stm.tip import Tip, TipStyle, draw_history, draw_tip

STEADY = TipStyle(changes=0.0, flicker=0.0)


def test_a_steady_tip_has_one_state() -> None:
    """From the first pixel to the last."""
    history = draw_history(STEADY, np.random.default_rng(1), (20, 30))
    assert len(history.tips) == 1
    assert not history.states.any()


def test_changes_are_as_frequent_as_they_say_and_last() -> None:
    """Poisson, capped at two; each state begins where the one before ends."""
    style, numbers = replace(STEADY, changes=0.5), []
    for seed in range(400):
        history = draw_history(style, np.random.default_rng(seed), (16, 16))
        states = history.states.ravel().astype(int)
        numbers.append(len(history.tips) - 1)
        assert set(np.unique(states)) <= set(range(len(history.tips)))
        if len(history.tips) == 2:
            assert (np.diff(states) >= 0).all()
    assert np.mean(numbers) == pytest.approx(0.49, abs=0.08)


def test_a_flickering_tip_comes_back() -> None:
    """It goes to another state for some lines, several times, and is itself in between."""
    history = draw_history(replace(STEADY, flicker=1.0), np.random.default_rng(2), (200, 64))
    changes = np.count_nonzero(np.diff(history.states.ravel().astype(int)))
    assert len(history.tips) == 2
    assert changes >= 3
    assert 0.0 < np.mean(history.states) < 0.3
    assert history.tips[1].height > 0.0


def test_double_tips_are_as_frequent_and_as_strong_as_they_say() -> None:
    """No second end carries more than its greatest share."""
    style = TipStyle(double=0.4, double_chance=0.3)
    tips = [draw_tip(style, np.random.default_rng(seed)) for seed in range(500)]
    shares = np.array([tip.share for tip in tips])
    assert np.mean(shares > 0) == pytest.approx(0.3, abs=0.06)
    assert 0.3 < shares.max() <= 0.4
    assert all(style.radius[0] - 0.2 <= tip.apex.radius <= style.radius[1] + 0.2 for tip in tips)


def test_the_currents_through_two_ends_add_up() -> None:
    """What a double tip draws follows from what each end would draw alone."""
    good = ScannerStyle(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    rng = np.random.default_rng(3)
    raster = draw_raster(good, rng, (24, 30), 1.5, (0.0, 0.0), 0.3, draw_calibration(good, rng))
    surface = Surface(SurfaceStyle(terrace_width=np.inf), 1)
    lobes = Lobes(np.array([[3.0, -4.0]]), np.array([40.0]), np.ones(1), np.zeros(1))
    tip = draw_tip(TipStyle(double_chance=0.0), rng)
    second = np.array([9.0, 4.0])
    moved = Raster(raster.shape, raster.lines + second, raster.columns, raster.fast, raster.slow)
    noise = np.zeros(16)
    one, other = (np.exp(DECAY * render(surface, path, lobes, tip, -1.0, noise)) for path in (raster, moved))
    double = Tip(tip.apex, 0.4, (9.0, 4.0), 0.5)
    drawn = render(surface, raster, lobes, double, -1.0, noise)
    np.testing.assert_allclose(drawn, np.log((one + 0.4 * other) / 1.4) / DECAY + 0.5, atol=1e-6)
    # The ghost of the bump stands where the second end passes it, 6.3 and 5.3 pixels away along the axes.
    assert np.abs(drawn - 0.5 - np.log(one) / DECAY).max() > 0.5
