"""Detectors that answer with what was recorded where the stage is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.errors import ExposureInterruptedError, OperationError
from devices.protocols import Coordinate, FrameDone, ValueDone
from simulators.clock import SimulatedClock, Timer
from simulators.hardware import SimulatedShutter
from simulators.motion import SimulatedAxis
from simulators.recorded.recorded_map import Interpolation, RecordedMap

Finish = Callable[[Any, Exception | None], None]


class RecordedSample:
    """The recorded map under the probe.

    Args:
        recorded: The map.
        x: Axis along x.
        y: Axis along y.
        shutter: In the beam's way.
        interpolation: How positions between those measured are answered.
    """

    def __init__(
        self,
        recorded: RecordedMap,
        x: SimulatedAxis,
        y: SimulatedAxis,
        shutter: SimulatedShutter,
        interpolation: Interpolation,
    ) -> None:
        self.recorded = recorded
        self._x, self._y, self._shutter = x, y, shutter
        self._interpolation: Interpolation = interpolation

    def measure(self, dark: bool = False) -> NDArray[np.float64]:
        """What was recorded here, shape () or that of a spectrum or pattern; 0 in the dark."""
        found = self.recorded.at(self._x.sample_position(), self._y.sample_position(), self._interpolation)
        return np.zeros_like(found) if dark or not self._shutter.is_open() else found


class _Exposing:
    """One exposure at a time, after which what the sample shows is handed over."""

    gaps = True

    def __init__(self, clock: SimulatedClock, sample: RecordedSample, exposure_time: float) -> None:
        self.exposure_time = exposure_time
        self._clock, self._sample = clock, sample
        self._lock = threading.Lock()
        self._done: Finish | None = None
        self._timer: Timer | None = None

    def connect(self, timeout: float) -> None:
        """Do nothing: a recorded detector is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def abort(self) -> None:
        """End the exposure under way."""
        with self._lock:
            done, self._done = self._done, None
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if done is not None:
            done(None, ExposureInterruptedError("the exposure was aborted before its time was over"))

    def _start(self, done: Finish, measured: Callable[[], Any]) -> None:
        """Begin an exposure whose result ``measured`` gives at its end."""
        with self._lock:
            if self._done is not None:
                raise OperationError("the detector is exposing already; wait for it or abort it")
            self._done = done
        timer = self._clock.call_after(self.exposure_time, lambda: self._finish(done, measured))
        with self._lock:
            # Without a thread the exposure has ended inside the call.
            if self._done is done:
                self._timer = timer

    def _finish(self, done: Finish, measured: Callable[[], Any]) -> None:
        """Hand over the result, unless the exposure was aborted."""
        with self._lock:
            if self._done is not done:
                return
            self._done = self._timer = None
        try:
            result = measured()
        except Exception as error:
            done(None, error)
        else:
            done(result, None)


class RecordedCounter(_Exposing):
    """One recorded number per exposure: a ``CounterBackend``."""

    @property
    def units(self) -> str:
        """Unit of the value."""
        return self._sample.recorded.units

    def expose(self, done: ValueDone) -> None:
        """Start one measurement."""
        self._start(done, lambda: float(self._sample.measure()))


class RecordedCamera(_Exposing):
    """One recorded spectrum (as a frame of one row) or pattern per exposure: a ``FrameBackend``."""

    @property
    def units(self) -> str:
        """Unit of a pixel."""
        return self._sample.recorded.units

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        shape = self._sample.recorded.values.shape[2:]
        return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel: as recorded, unless it was interpolated."""
        return self._dtype

    def __init__(
        self, clock: SimulatedClock, sample: RecordedSample, exposure_time: float, dtype: np.dtype[Any]
    ) -> None:
        super().__init__(clock, sample, exposure_time)
        self._dtype = dtype

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return the coordinates along the frame's axes."""
        pattern = self._sample.recorded.pattern
        names = ("x",) if len(pattern) == 1 else ("y", "x")
        return dict(zip(names, pattern, strict=True))

    def bad_pixels(self) -> None:
        """Return None: what was recorded does not say."""

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Start one exposure."""
        self._start(done, lambda: self._sample.measure(dark).reshape(self.shape).astype(self._dtype))
