"""Back-ends whose hardware is in another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.protocols import Coordinate, Done, FrameDone
from simulators.served.link import Link
from simulators.served.wire import unpack_array


class ServedBackend:
    """What all of them share.

    Args:
        link: To the hardware.
        device: Name of the device there.
    """

    def __init__(self, link: Link, device: str) -> None:
        self.link, self.device = link, device

    def connect(self, timeout: float) -> None:
        """Reach the hardware within ``timeout`` s."""
        self.link.connect(timeout)

    def time(self) -> float:
        """Return the hardware's time, s since 1970."""
        return self.link.time()

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What never changes."""
        return self.link.ask(self.device, "facts")

    @property
    def units(self) -> str:
        """Unit of the device's values."""
        return self.facts["units"]


class ServedAxis(ServedBackend):
    """A motor: an ``AxisBackend``."""

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest position."""
        low, high = self.facts["limits"]
        return low, high

    @property
    def speed(self) -> float:
        """Speed of a move, units/s."""
        return self.facts["speed"]

    @property
    def settling_time(self) -> float:
        """Time from arrival until the axis is quiet, s."""
        return self.facts["settling_time"]

    def position(self) -> float:
        """Return what the encoder reads now."""
        return self.link.ask(self.device, "position")

    def move(self, target: float, done: Done) -> None:
        """Start a move; one under way, whoever started it, is replaced."""
        self.link.begin(self.device, "move", float(target), ended=lambda _, error: done(error))

    def stop(self) -> None:
        """Stop where the motor is."""
        self.link.ask(self.device, "stop")


class ServedFrames(ServedBackend):
    """A camera: a ``FrameBackend``."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.facts["shape"]
        return rows, columns

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        return np.dtype(self.facts["dtype"])

    @property
    def readout_time(self) -> float:
        """Time from the end of an exposure until the frame is there, s."""
        return self.facts["readout_time"]

    @property
    def exposure_time(self) -> float:
        """Time a frame collects light, s."""
        return self.link.ask(self.device, "exposure_time")

    @exposure_time.setter
    def exposure_time(self, seconds: float) -> None:
        self.link.ask(self.device, "set_exposure_time", float(seconds))

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return the coordinates along ``"y"`` and ``"x"``."""
        return {
            axis: Coordinate(unpack_array(one["values"]), one["units"], one["long_name"])
            for axis, one in self.facts["coordinates"].items()
        }

    def bad_pixels(self) -> NDArray[np.bool_]:
        """Return the pixels known to be hot or dead, shape (y, x)."""
        return unpack_array(self.facts["bad_pixels"])

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Start one exposure."""

        def ended(result: Any, error: Exception | None) -> None:  # noqa: ANN401 - plain types
            done(None if result is None else unpack_array(result), error)

        self.link.begin(self.device, "expose", dark, ended=ended)

    def abort(self) -> None:
        """End the exposure under way, whoever started it."""
        self.link.ask(self.device, "abort")


class ServedSwitch(ServedBackend):
    """A shutter: a ``SwitchBackend`` that tells of its changes."""

    def is_open(self) -> bool:
        """Tell whether it is open now."""
        return self.link.ask(self.device, "is_open")

    def open(self, done: Done) -> None:
        """Start to open."""
        self.link.begin(self.device, "open", ended=lambda _, error: done(error))

    def close(self, done: Done) -> None:
        """Start to close."""
        self.link.begin(self.device, "close", ended=lambda _, error: done(error))

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Call ``changed(is_open)`` with every change."""
        self.link.watch(self.device, changed)


class ServedValue(ServedBackend):
    """A value to be read: a ``ValueBackend`` that tells of its changes."""

    def read(self) -> float:
        """Return the value now."""
        return self.link.ask(self.device, "read")

    def watch(self, changed: Callable[[float], None]) -> None:
        """Call ``changed(value)`` when something goes wrong and when it is well again."""
        self.link.watch(self.device, changed)
