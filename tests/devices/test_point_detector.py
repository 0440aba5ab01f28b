"""The point detector."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from devices.errors import ExposureInterruptedError, OperationError
from devices.point_detector import PointDetector


def test_a_measurement(fakes: SimpleNamespace) -> None:
    """The value is read when the status is done; its time is that of the end."""
    backend = fakes.counter()
    diode = PointDetector(backend, name="diode")
    assert math.isnan(diode.read()["diode"]["value"])
    status = diode.trigger()
    assert not status.done
    backend.now = 1001.0
    backend.deliver(2.5)
    assert status.success
    assert diode.read() == {"diode": {"value": 2.5, "timestamp": 1001.0}}
    assert diode.describe()["diode"]["units"] == "nA"


@pytest.mark.parametrize("error", [None, OperationError("overrange")])
def test_no_value_is_a_failure(fakes: SimpleNamespace, error: Exception | None) -> None:
    """A back-end that gives nothing fails the trigger, and the last value stays."""
    backend = fakes.counter()
    diode = PointDetector(backend, name="diode")
    diode.trigger()
    backend.deliver(1.0)
    status = diode.trigger()
    backend.deliver(None, error)
    with pytest.raises(OperationError, match="overrange" if error else "diode: the measurement gave no value"):
        status.wait(0)
    assert diode.read()["diode"]["value"] == 1.0


def test_stop_fails_the_measurement(fakes: SimpleNamespace) -> None:
    """A stopped measurement reports that it was interrupted."""
    diode = PointDetector(fakes.counter(), name="diode")
    status = diode.trigger()
    diode.stop()
    with pytest.raises(ExposureInterruptedError):
        status.wait(0)


def test_a_replayed_trigger_gives_up_the_one_under_way(fakes: SimpleNamespace) -> None:
    """After a pause bluesky triggers again; the first trigger must not fail the run."""
    backend = fakes.counter()
    diode = PointDetector(backend, name="diode")
    first, second = diode.trigger(), diode.trigger()
    assert first.success
    backend.deliver(4.0)
    assert second.success
    assert diode.value.get() == 4.0


def test_unstaging_gives_up_what_is_under_way(fakes: SimpleNamespace) -> None:
    """A run that ends leaves no measurement behind."""
    backend = fakes.counter()
    diode = PointDetector(backend, name="diode")
    diode.stage()
    status = diode.trigger()
    diode.unstage()
    assert status.done
    assert backend.done is None
