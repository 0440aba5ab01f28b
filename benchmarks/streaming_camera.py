"""The diffractometer twin with a large camera that gives frames at a fixed rate, and axes that are there at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.area_detector import AreaDetector
from devices.errors import ExposureInterruptedError
from devices.protocols import Coordinate, FrameDone
from simulators.diffractometer import instrument as make

FRAMES = 16
"""Different frames, given in turns: drawing noise is the twin's cost, not the daemon's."""


class PerfectCamera:
    """What cameras of benchmarks have in common: they are always there, and without a bad pixel.

    Args:
        size: rows and columns of a frame.
        exposure_time: as told to whoever asks, s.
    """

    units = "counts"

    def __init__(self, size: int, exposure_time: float) -> None:
        self.shape, self.dtype = (size, size), np.dtype(np.uint16)
        self.exposure_time = exposure_time

    def connect(self, timeout: float) -> None:
        """Do nothing."""

    def time(self) -> float:
        """Return the time, s since 1970."""
        return time.time()

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return none: pixels are pixels."""
        return {}

    def bad_pixels(self) -> NDArray[np.bool_] | None:
        """Return None."""
        return None


class StreamingCamera(PerfectCamera):
    """A camera that exposes all the time and gives the next frame when it is due: a ``FrameBackend``.

    Args:
        size: rows and columns of a frame.
        rate: frames per second.
    """

    def __init__(self, size: int, rate: float) -> None:
        super().__init__(size, 1.0 / rate)
        rng = np.random.default_rng(0)
        self._frames = [rng.poisson(20.0, self.shape).astype(np.uint16) for _ in range(FRAMES)]
        self._given, self._due = 0, 0.0
        self._asked = threading.Condition()
        self._done: FrameDone | None = None
        threading.Thread(target=self._stream, name="camera", daemon=True).start()

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Give the next frame when it is due."""
        with self._asked:
            self._done = done
            self._asked.notify()

    def abort(self) -> None:
        """Give none."""
        with self._asked:
            done, self._done = self._done, None
        if done is not None:
            done(None, ExposureInterruptedError("the exposure was aborted"))

    def _stream(self) -> None:
        while True:
            with self._asked:
                while self._done is None:
                    self._asked.wait()
                if (left := self._due - time.monotonic()) > 0:
                    self._asked.wait(left)
                    continue
                done, self._done = self._done, None
            # A camera that was not read out in time misses a frame, not all that follow.
            self._due = max(self._due + self.exposure_time, time.monotonic())
            self._given += 1
            done(self._frames[self._given % FRAMES], None)


def instrument(size: int = 512, rate: float = 50.0, **options: Any) -> dict[str, Any]:
    """Make the devices; further options as for the twin."""
    devices = make(**options)
    devices["detector"] = AreaDetector(StreamingCamera(size, rate), name="detector")
    return devices
