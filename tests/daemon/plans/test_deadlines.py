"""How long devices may take."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from daemon.fault_settings import FaultSettings
from daemon.plans.deadlines import UNKNOWN, exposure_deadline, move_deadline
from simulators.diffractometer import instrument


def test_a_move_may_take_what_distance_speed_and_settling_allow() -> None:
    """100 µm at 10 µm/s and 0.5 s to settle, twice that, and 3 s more."""
    axis = instrument(speed=10.0, settling_time=0.5)["stage"].x
    seconds, late = move_deadline(axis, 100.0, FaultSettings(factor=2.0, margin=3.0))
    assert seconds == pytest.approx(24.0)
    assert late == "did not reach 100 µm"
    assert move_deadline(axis, 100.0, FaultSettings(move_timeout=7.0))[0] == 7.0


def test_an_exposure_may_take_its_time_and_a_margin() -> None:
    """Or what the settings say."""
    detector = instrument(exposure_time=4.0)["detector"]
    assert exposure_deadline(detector, FaultSettings(margin=3.0))[0] == 7.0
    assert exposure_deadline(detector, FaultSettings(exposure_timeout=5.0))[0] == 5.0


def test_of_what_nothing_is_known_there_is_a_limit_too() -> None:
    """An axis without a speed, a detector without an exposure time."""
    assert move_deadline(SimpleNamespace(position=0.0), 1.0, FaultSettings())[0] == UNKNOWN
    assert exposure_deadline(SimpleNamespace(), FaultSettings())[0] == UNKNOWN
