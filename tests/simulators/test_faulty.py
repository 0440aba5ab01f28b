"""Back-ends that do wrong what a script says."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from devices.errors import ExposureInterruptedError, MoveInterruptedError, OperationError
from devices.protocols import AxisBackend, FrameBackend, ValueBackend
from simulators.clock import SimulatedClock
from simulators.diffractometer import instrument
from simulators.faults import Fault
from simulators.faulty import FaultyCounter, spoil


def _spoiled(device: str, kind: str, **changes: Any) -> dict[str, Any]:
    return instrument(faults=[{"device": device, "kind": kind, "points": [1], **changes}])


def test_what_is_not_spoiled_is_the_true_backends() -> None:
    """It still is what a device wants, and passes on what is read and set."""
    devices = _spoiled("detector", "timeout")
    camera = devices["detector"].backend
    assert isinstance(camera, FrameBackend)
    devices["detector"].exposure_time.put(3.0)
    assert camera._backend.exposure_time == camera.exposure_time == 3.0
    assert isinstance(_spoiled("stage_x", "stall")["stage"].backends["x"], AxisBackend)
    assert isinstance(_spoiled("monitor_current", "nan")["monitor"].backends["current"], ValueBackend)
    assert "Faulty" not in type(instrument()["detector"].backend).__name__


def test_an_axis_stalls_until_it_is_stopped_and_moves_the_next_time() -> None:
    """It stays where it was."""
    stage = _spoiled("stage_x", "stall")["stage"]
    status = stage.x.set(50.0)
    assert not status.done
    assert stage.x.position == 0.0
    stage.x.stop()
    assert isinstance(status.exception(1.0), MoveInterruptedError)
    stage.x.set(50.0).wait(1.0)
    assert stage.x.position == 50.0


def test_a_connection_stays_lost_until_it_is_made_again() -> None:
    """Of an axis, a detector and a value."""
    stage = _spoiled("stage_x", "disconnect")["stage"]
    for _ in range(2):
        assert isinstance(stage.x.set(50.0).exception(1.0), ConnectionError)
    stage.connect(1.0)
    stage.x.set(50.0).wait(1.0)
    detector = _spoiled("detector", "disconnect")["detector"]
    for _ in range(2):
        assert isinstance(detector.trigger().exception(1.0), ConnectionError)
    detector.connect(1.0)
    detector.trigger().wait(1.0)
    monitor = _spoiled("monitor_current", "disconnect")["monitor"]
    for _ in range(2):
        with pytest.raises(ConnectionError):
            monitor.read()
    monitor.connect(1.0)
    assert np.isfinite(monitor.read()["monitor_current"]["value"])


@pytest.mark.parametrize(
    ("kind", "shape", "dtype"),
    [("shape", (64, 65), "uint16"), ("dtype", (64, 64), "float32"), ("nan", (64, 64), "float64")],
)
def test_a_camera_gives_frames_that_do_not_fit(kind: str, shape: tuple[int, int], dtype: str) -> None:
    """The true camera takes none for them."""
    camera = _spoiled("detector", kind)["detector"].backend
    got: list[Any] = []
    camera.expose(lambda frame, error: got.append((frame, error)))
    ((frame, error),) = got
    assert error is None
    assert (frame.shape, str(frame.dtype)) == (shape, dtype)
    assert not camera._backend._visits


def test_a_camera_saturates_at_its_largest_value() -> None:
    """All over."""
    detector = _spoiled("detector", "saturate")["detector"]
    detector.trigger().wait(1.0)
    assert detector.max.get() == 65535


@pytest.mark.parametrize(("kind", "error"), [("timeout", ExposureInterruptedError), ("failure", OperationError)])
def test_an_exposure_fails_or_never_ends(kind: str, error: type[Exception]) -> None:
    """What never ends can be aborted."""
    detector = _spoiled("detector", kind)["detector"]
    status = detector.trigger()
    assert status.done == (kind == "failure")
    detector.stop()
    assert isinstance(status.exception(1.0), error)
    detector.trigger().wait(1.0)


def test_a_device_that_hangs_keeps_whoever_stops_it_until_it_is_released() -> None:
    """So that a test can end its threads."""
    stage = _spoiled("stage_x", "hang")["stage"]
    status = stage.x.set(50.0)
    stopping = threading.Thread(target=stage.x.stop)
    stopping.start()
    stopping.join(0.1)
    assert stopping.is_alive()
    stage.backends["x"].release()
    stopping.join(5.0)
    assert not stopping.is_alive()
    assert status.done


def test_a_point_detector_can_be_spoiled_too() -> None:
    """It then gives no number."""

    class Counter:
        exposure_time, units = 1.0, "counts"

        def expose(self, done: Any) -> None:  # noqa: ANN401
            done(7.0, None)

    fault = Fault(device="counter", kind="nan", points=(2,))
    counter = spoil("counter", Counter(), [fault], SimulatedClock())
    assert isinstance(counter, FaultyCounter)
    got: list[float | None] = []
    for _ in range(3):
        counter.expose(lambda value, error: got.append(value))
    np.testing.assert_array_equal(got, [7.0, np.nan, 7.0])
