"""What counts as a device's fault, and how it is told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from bluesky.utils import FailedStatus, RequestStop

from daemon.errors import AnalystError
from daemon.plans.faults import DeviceFault, FaultLog, find_fault, find_nan
from devices.errors import FrameWriterError, NotConnectedError, OperationError, OutOfLimitsError, SaturatedFrameError
from devices.status import Status

EYE = SimpleNamespace(name="eye")


@pytest.mark.parametrize(
    ("error", "kind", "cause"),
    [
        (OperationError("eye: it blinked"), "failure", "it blinked"),
        (TimeoutError(), "failure", "TimeoutError"),
        (NotConnectedError("eye", 1.0, OSError("no route")), "connection", "no connection within 1 s: no route"),
        (ConnectionResetError("reset"), "connection", "reset"),
        (SaturatedFrameError("eye: too bright"), "saturated", "too bright"),
        (OutOfLimitsError("eye", 7.0, 0.0, 5.0, "mm"), "hopeless", "lies outside its limits"),
    ],
)
def test_a_devices_own_errors_are_its_fault(error: Exception, kind: str, cause: str) -> None:
    """The device's name is said once; what may help follows from the kind."""
    fault = find_fault(error, EYE)
    assert fault is not None
    assert (fault.name, fault.kind) == ("eye", kind)
    assert fault.cause.startswith(cause) or cause in fault.cause


@pytest.mark.parametrize(
    "error", [RequestStop(), KeyboardInterrupt(), AnalystError("x"), FrameWriterError("x"), OSError(28, "no space")]
)
def test_other_errors_are_nobodys(error: BaseException) -> None:
    """A stop, an interruption, the analyst, a frame that cannot be written, a full disk."""
    assert find_fault(error, EYE) is None


def test_an_error_without_a_device_is_the_plans_own() -> None:
    """Unless it is a status' or a device's: that of a message sent again after a pause."""
    assert find_fault(ValueError("a mistake"), None) is None
    failed = FailedStatus(Status("exposure", "eye"))
    failed.__cause__ = OperationError("eye: it blinked")
    found = find_fault(failed, None)
    assert found is not None
    assert (found.name, found.cause) == ("eye", "it blinked")
    assert find_fault(OperationError("somebody failed"), None) is not None


def test_a_fault_stays_what_it_is() -> None:
    """Also on its way through the plan."""
    fault = DeviceFault(EYE, "it blinked")
    assert find_fault(fault, None) is fault
    assert str(fault) == "eye: it blinked"


def test_a_reading_that_is_not_a_number_is_found() -> None:
    """Words, whole numbers and infinities are none."""
    fine = {"a": {"value": 1}, "b": {"value": "open"}, "c": {"value": float("inf")}}
    assert find_nan(EYE, fine) is None
    found = find_nan(EYE, {**fine, "d": {"value": float("nan")}})
    assert found is not None
    assert found.cause == "the reading d is not a number"


def test_the_log_gives_plain_types(caplog: pytest.LogCaptureFixture) -> None:
    """They are kept with the run as JSON; the log names the place."""
    log = FaultLog()
    log.add(DeviceFault(EYE, "it blinked"), "at point 3", 3)
    log.add(DeviceFault(EYE, "it slept"), "while dark frame 1 was taken").outcome = "failed"
    assert log.plain() == [
        {"device": "eye", "point": 3, "cause": "it blinked", "outcome": "tried again"},
        {"device": "eye", "point": None, "cause": "it slept", "outcome": "failed"},
    ]
    assert "eye failed while dark frame 1 was taken: it slept" in caplog.text
