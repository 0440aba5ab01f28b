"""The shutter and the values of the twin."""

from __future__ import annotations

import pytest

from devices.protocols import SwitchBackend, ValueBackend
from simulators.clock import SimulatedClock
from simulators.hardware import SimulatedShutter, SimulatedValue


def test_a_shutter_takes_its_time() -> None:
    """It is closed when the time has passed; a shutter that is where it should be takes none."""
    clock = SimulatedClock(start=0.0)
    shutter = SimulatedShutter(clock, is_open=True, travel_time=0.1)
    ends: list[Exception | None] = []
    shutter.close(ends.append)
    assert (shutter.is_open(), ends, clock.time()) == (False, [None], pytest.approx(0.1))
    shutter.close(ends.append)
    assert clock.time() == pytest.approx(0.1)
    shutter.open(ends.append)
    assert shutter.is_open()
    assert isinstance(shutter, SwitchBackend)


def test_a_value_is_a_function_of_time() -> None:
    """Read at the instrument's time."""
    clock = SimulatedClock(start=5.0)
    value = SimulatedValue(clock, lambda time: 2.0 * time, "mA")
    assert (value.read(), value.units, value.time()) == (10.0, "mA", 5.0)
    clock.call_after(1.0, lambda: None)
    assert value.read() == 12.0
    assert isinstance(value, ValueBackend)


def test_a_shutter_that_falls_tells_and_comes_back() -> None:
    """It goes where it was sent, and tells of that, too."""
    shutter = SimulatedShutter(SimulatedClock(None))
    heard: list[bool] = []
    shutter.watch(heard.append)
    shutter.outage.trip(0.001)
    shutter.close(lambda _: None)
    shutter.close(lambda _: None)
    assert heard == [False, True, False]
