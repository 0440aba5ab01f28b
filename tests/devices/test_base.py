"""Connecting, and signals that ask a back-end."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ophyd.utils.errors import ReadOnlyError

from devices.errors import NotConnectedError
from devices.monitor import BeamMonitor
from devices.point_detector import PointDetector
from devices.stage import Axis, Stage


def test_connect_reaches_every_back_end_with_the_time_out(fakes: SimpleNamespace) -> None:
    """A group connects its parts, each with the time-out given."""
    backends = {"x": fakes.axis(), "y": fakes.axis()}
    Stage(backends, name="stage").connect(timeout=3.0)
    assert [backend.timeouts for backend in backends.values()] == [[3.0], [3.0]]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(TimeoutError("no answer from 10.1.2.3:5064"), "no answer from 10.1.2.3:5064"), (OSError(), "OSError")],
)
def test_a_failed_connection_names_the_device_and_the_cause(
    fakes: SimpleNamespace, failure: Exception, reason: str
) -> None:
    """The message has the part's own name, the time-out and the reason; the cause is kept."""
    stage = Stage({"x": fakes.axis(), "y": fakes.axis(failure=failure)}, name="stage")
    with pytest.raises(NotConnectedError, match=r"^stage_y: no connection within 0\.5 s: ") as caught:
        stage.connect(timeout=0.5)
    assert reason in str(caught.value)
    assert caught.value.device == "stage_y"
    assert caught.value.__cause__ is failure
    assert isinstance(caught.value, ConnectionError)


def test_a_monitor_names_the_value_that_does_not_answer(fakes: SimpleNamespace) -> None:
    """A device with several back-ends says which of them failed."""
    monitor = BeamMonitor(fakes.value(), fakes.value(failure=TimeoutError("silent")), name="monitor")
    with pytest.raises(NotConnectedError, match=r"^monitor_intensity: .*silent"):
        monitor.connect()


def test_ophyds_name_for_connecting(fakes: SimpleNamespace) -> None:
    """The method ``wait_for_connection`` connects, as ophyd's users expect."""
    backend = fakes.axis()
    Axis(backend, name="x").wait_for_connection(timeout=2.0)
    assert backend.timeouts == [2.0]


def test_a_signal_reads_value_and_time_from_its_back_end(fakes: SimpleNamespace) -> None:
    """Readings carry the instrument's time, not the computer's."""
    backend = fakes.value(value=12.25, now=42.0)
    monitor = BeamMonitor(backend, fakes.value(), name="monitor")
    assert monitor.current.read() == {"monitor_current": {"value": 12.25, "timestamp": 42.0}}
    backend.value, backend.now = 13.0, 43.0
    assert monitor.read()["monitor_current"] == {"value": 13.0, "timestamp": 43.0}


def test_a_writable_signal_sets_its_back_end(fakes: SimpleNamespace) -> None:
    """Setting the exposure time reaches the hardware and is done at once."""
    backend = fakes.counter()
    detector = PointDetector(backend, name="diode")
    status = detector.exposure_time.set(0.25)
    assert status.success
    assert backend.exposure_time == 0.25
    assert detector.exposure_time.get() == 0.25
    assert detector.describe_configuration()["diode_exposure_time"]["units"] == "s"


def test_a_signal_that_may_not_be_written_refuses(fakes: SimpleNamespace) -> None:
    """An axis' speed is read, not set."""
    with pytest.raises(ReadOnlyError):
        Axis(fakes.axis(), name="x").speed.put(3.0)


def test_a_device_that_does_not_measure_is_triggered_at_once(fakes: SimpleNamespace) -> None:
    """``trigger_and_read`` of a stage waits for nothing."""
    assert Stage({"x": fakes.axis(), "y": fakes.axis()}, name="stage").trigger().success
