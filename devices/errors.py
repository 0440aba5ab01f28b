"""Every exception of the devices, in one tree.

```
DeviceError
├── NotConnectedError           a device did not answer; names the device and the cause
├── OutOfLimitsError            a set-point outside an axis' limits (also ophyd's LimitError)
├── SetpointError               a set-point that the device does not know (also ValueError)
├── OperationError              the hardware reported a failure
│   ├── MoveInterruptedError    a move ended before its target
│   ├── ExposureInterruptedError  an exposure ended before its time
│   ├── WrongFrameError         a frame has another shape or type of pixels than the camera says
│   ├── SaturatedFrameError     too many pixels of a frame are saturated
│   └── CameraOverrunError      a camera gives frames faster than they can be written, and cannot wait
└── FrameWriterError            a frame could not be recorded
```
"""

from __future__ import annotations

from ophyd.utils.errors import LimitError


class DeviceError(Exception):
    """Base of everything that a device raises or reports through a status."""


class NotConnectedError(DeviceError, ConnectionError):
    """A device did not answer within its time."""

    def __init__(self, device: str, timeout: float, cause: BaseException) -> None:
        reason = str(cause) or type(cause).__name__
        super().__init__(f"{device}: no connection within {timeout:g} s: {reason}; is it switched on and reachable?")
        self.device = device


class OutOfLimitsError(DeviceError, LimitError):
    """A set-point lies outside an axis' limits."""

    def __init__(self, axis: str, value: float, low: float, high: float, units: str) -> None:
        super().__init__(f"{axis}: {value:g} {units} lies outside its limits, {low:g} to {high:g} {units}")
        self.axis = axis


class SetpointError(DeviceError, ValueError):
    """A set-point is not one of those that the device knows."""


class OperationError(DeviceError):
    """The hardware could not do what it was asked to do."""


class MoveInterruptedError(OperationError):
    """A move was stopped, or replaced by another, before it reached its target."""

    def __init__(self, axis: str, position: float, target: float, units: str) -> None:
        super().__init__(f"{axis}: stopped at {position:g} {units} on the way to {target:g} {units}")
        self.axis = axis


class ExposureInterruptedError(OperationError):
    """An exposure was aborted before its time was over."""


class WrongFrameError(OperationError):
    """A frame has another shape or type of pixels than the camera says; it is not recorded."""


class SaturatedFrameError(OperationError):
    """More pixels of a frame are saturated than are accepted; it is not recorded."""


class CameraOverrunError(OperationError):
    """A camera gave frames faster than they could be written, for longer than the queue could take it."""

    def __init__(self, slots: int, durable: int, wait: float) -> None:
        super().__init__(
            f"the camera is faster than the disk: {slots} frames wait to be written, {durable} are on disk, and no "
            f"room came free within {wait:g} s; take fewer frames per second, choose another codec, or more slots"
        )


class FrameWriterError(DeviceError):
    """A frame could not be recorded; names the file and the cause."""
