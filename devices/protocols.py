"""What a back-end must offer, so that one device class drives a twin, EPICS or a vendor's protocol.

A back-end never blocks: it takes a ``done`` callback and calls it exactly once, from any thread or before the
starting call returns, with ``None`` for success or with the reason of the failure. Only ``connect`` may wait, at
most for its time-out, and raises where it fails. Times are the instrument's own, in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Done = Callable[[Exception | None], None]
"""Called once when an operation ended: ``None``, or why it failed."""

FrameDone = Callable[[NDArray[Any] | None, Exception | None], None]
"""Called once when an exposure ended: the frame, or why there is none."""

ValueDone = Callable[[float | None, Exception | None], None]
"""Called once when a measurement ended: the value, or why there is none."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """The coordinate along one dimension of a frame.

    Attributes:
        values: One value per pixel, shape (pixels,).
        units: Unit of the values.
        long_name: What they are, for an axis label.
    """

    values: NDArray[np.float64]
    units: str
    long_name: str = ""

    def same_as(self, other: Coordinate) -> bool:
        """Tell whether another coordinate is equal."""
        names = (self.units, self.long_name) == (other.units, other.long_name)
        return names and np.array_equal(self.values, other.values)


class Cancellable(Protocol):
    """A callback that is still to come."""

    def cancel(self) -> None:
        """Forget the callback; does nothing when it has been called already."""
        ...


@runtime_checkable
class Clock(Protocol):
    """Simulated or wall-clock time."""

    def time(self) -> float:
        """Return the instrument's time, s since 1970."""
        ...

    def call_after(self, seconds: float, callback: Callable[[], None]) -> Cancellable:
        """Call ``callback`` once, ``seconds`` of the instrument's time from now."""
        ...


class Backend(Protocol):
    """What every back-end offers."""

    def connect(self, timeout: float) -> None:
        """Reach the hardware within ``timeout`` s, or raise an exception that says why not."""
        ...

    def time(self) -> float:
        """Return the instrument's time, s since 1970; readings carry it."""
        ...


@runtime_checkable
class AxisBackend(Backend, Protocol):
    """One motorised axis."""

    @property
    def units(self) -> str:
        """Unit of positions."""
        ...

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest position allowed."""
        ...

    @property
    def speed(self) -> float:
        """Speed of a move, units/s."""
        ...

    @property
    def settling_time(self) -> float:
        """Time from the end of the motion until the axis is quiet, s."""
        ...

    def position(self) -> float:
        """Return the position that the axis reads back now."""
        ...

    def move(self, target: float, done: Done) -> None:
        """Start a move. A move under way is replaced: its ``done`` gets a failure."""
        ...

    def stop(self) -> None:
        """Stop where the axis is; ``done`` of the move under way gets a failure. No effect at rest."""
        ...


@runtime_checkable
class FrameBackend(Backend, Protocol):
    """A camera that takes one frame per exposure.

    It may have an attribute ``saturation``: the value from which on a pixel is saturated, where that is not an
    integer's largest value.
    """

    exposure_time: float
    """Time a frame collects light, s; may be set."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (y) and columns (x) of a frame."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, an integer or a float; a saturated pixel has an integer's largest value."""
        ...

    @property
    def units(self) -> str:
        """Unit of a pixel, ``counts`` for a counting camera."""
        ...

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return the coordinates along ``"y"`` and ``"x"``; may lack either."""
        ...

    def bad_pixels(self) -> NDArray[np.bool_] | None:
        """Return the pixels known to be hot or dead, shape (y, x), or None where none are known."""
        ...

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Start one exposure, with the camera kept from the light when ``dark``."""
        ...

    def abort(self) -> None:
        """End the exposure under way; its ``done`` gets a failure. No effect at rest."""
        ...


class FrameSink(Protocol):
    """Where a streaming camera puts its frames; used by one thread at a time."""

    def reserve(self) -> NDArray[Any]:
        """Return memory for the next frame, shape (y, x), little-endian, to be filled.

        May wait, as long as the camera said that it can. What it raises ends the stream: it goes to ``done``.
        """
        ...

    def publish(self, at: float | None = None) -> None:
        """Hand over the frame that was reserved last, taken at a time, s since 1970; now when None."""
        ...


@runtime_checkable
class StreamBackend(FrameBackend, Protocol):
    """A camera that takes many frames back to back by itself."""

    def stream(self, sink: FrameSink, frames: int, done: Done, dark: bool = False) -> None:
        """Start so many exposures; ``done`` is called when the last frame was published. ``abort`` ends them."""
        ...


@runtime_checkable
class CounterBackend(Backend, Protocol):
    """A detector that measures one number per exposure.

    It may have an attribute ``gaps``: true where no value (NaN) is an answer and no fault, as of a position that a
    recorded map lacks. A ``FrameBackend`` may have it, too.
    """

    exposure_time: float
    """Time a measurement takes, s; may be set."""

    @property
    def units(self) -> str:
        """Unit of the value."""
        ...

    def expose(self, done: ValueDone) -> None:
        """Start one measurement."""
        ...

    def abort(self) -> None:
        """End the measurement under way; its ``done`` gets a failure. No effect at rest."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """What a back-end offers besides when it tells of every change by itself, as an EPICS monitor does."""

    def watch(self, changed: Callable[[Any], None]) -> None:
        """Call ``changed(value)`` at every change from now on, from any thread; it returns at once.

        The value is what the back-end's own reading method (``read``, ``is_open``) would return at that moment.
        """
        ...


@runtime_checkable
class ValueBackend(Backend, Protocol):
    """A value that can be read at any time."""

    @property
    def units(self) -> str:
        """Unit of the value."""
        ...

    def read(self) -> float:
        """Return the value now."""
        ...


@runtime_checkable
class SwitchBackend(Backend, Protocol):
    """Something that is open or closed."""

    def is_open(self) -> bool:
        """Tell whether it is open now."""
        ...

    def open(self, done: Done) -> None:
        """Start to open."""
        ...

    def close(self, done: Done) -> None:
        """Start to close."""
        ...
