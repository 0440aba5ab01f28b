"""The beam monitor."""

from __future__ import annotations

from types import SimpleNamespace

from devices.monitor import BeamMonitor


def test_each_value_has_its_own_back_end_and_unit(fakes: SimpleNamespace) -> None:
    """Current and intensity are read from two places."""
    monitor = BeamMonitor(
        fakes.value(value=99.0, units="mA", now=1.0), fakes.value(value=3e9, units="1/s", now=2.0), name="monitor"
    )
    assert monitor.read() == {
        "monitor_current": {"value": 99.0, "timestamp": 1.0},
        "monitor_intensity": {"value": 3e9, "timestamp": 2.0},
    }
    assert {key: value["units"] for key, value in monitor.describe().items()} == {
        "monitor_current": "mA",
        "monitor_intensity": "1/s",
    }
