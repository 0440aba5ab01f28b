"""The virtual camera: counts, read-out, and pixels that lie."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.errors import ExposureInterruptedError, OperationError
from devices.protocols import Coordinate, FrameDone
from simulators.clock import SimulatedClock, Timer
from simulators.diffractometer.pattern import QX, QZ, SHAPE


@dataclass(frozen=True, slots=True)
class Sensor:
    """What is wrong with a sensor.

    Attributes:
        dark_rate: Counts without light in each pixel, 1/s, shape (y, x); hot pixels have many.
        dead: Pixels that never count, shape (y, x).
        hot: Pixels with a dark rate far above the others', shape (y, x).
    """

    dark_rate: NDArray[np.float64]
    dead: NDArray[np.bool_]
    hot: NDArray[np.bool_]

    @classmethod
    def draw(cls, seed: int, dark_rate: float = 0.02, hot: int = 6, dead: int = 6) -> Sensor:
        """Draw a sensor: which pixels are hot and dead depends on the seed alone."""
        rng = np.random.default_rng([seed, 3])
        bad = rng.choice(SHAPE[0] * SHAPE[1], size=hot + dead, replace=False)
        is_hot, is_dead, rates = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool), np.full(SHAPE, dark_rate)
        is_hot.flat[bad[:hot]] = True
        is_dead.flat[bad[hot:]] = True
        rates[is_hot] = rng.uniform(5.0, 100.0, size=hot)
        return cls(rates, is_dead, is_hot)

    def count(self, expected: NDArray[np.float64], seconds: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the counts of one exposure.

        Args:
            expected: Photons expected in each pixel during the exposure, shape (y, x).
            seconds: Length of the exposure.
            rng: Source of randomness.

        Returns:
            Counts, shape (y, x).
        """
        counts = rng.poisson(expected + self.dark_rate * seconds)
        counts[self.dead] = 0
        return counts


class SimulatedCamera:
    """A camera in front of a virtual sample: a ``FrameBackend``.

    The noise of a frame comes from a generator keyed by (seed, x, y, how many frames were taken there before), with
    the sample's position in nm: a frame depends on where it was taken and not on what was measured before, so that
    two strategies that come to one position see the same counts there, and any frame can be made again.

    Args:
        clock: The instrument's clock.
        illuminate: Returns the expected photons per pixel during an exposure from one time to another, shape (y, x).
        locate: Returns the sample's position under the beam, µm.
        sensor: The sensor.
        seed: Of the noise.
        exposure_time: Time a frame collects light, s.
        frame_rate: Most frames per second.
        readout_time: Time from the end of the exposure until the frame is there, s.
        dtype: Type of a pixel; counts beyond its range saturate.
    """

    shape = SHAPE

    def __init__(
        self,
        clock: SimulatedClock,
        illuminate: Callable[[float, float], NDArray[np.float64]],
        locate: Callable[[], tuple[float, float]],
        sensor: Sensor,
        *,
        seed: int,
        exposure_time: float,
        frame_rate: float,
        readout_time: float,
        dtype: str = "uint16",
    ) -> None:
        self.exposure_time, self.frame_rate, self.readout_time = exposure_time, frame_rate, readout_time
        self.dtype = np.dtype(dtype)
        self._clock, self._illuminate, self._locate, self._sensor, self._seed = clock, illuminate, locate, sensor, seed
        self._visits: Counter[tuple[int, int]] = Counter()
        self._lock = threading.Lock()
        self._next_start = -np.inf
        self._timer: Timer | None = None
        self._done: FrameDone | None = None

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual camera is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return the scattering vector of each row and column."""
        return {"y": Coordinate(QZ, "Å⁻¹", "Qz"), "x": Coordinate(QX, "Å⁻¹", "Qx")}

    def bad_pixels(self) -> NDArray[np.bool_]:
        """Return the hot and the dead pixels, shape (y, x)."""
        return self._sensor.hot | self._sensor.dead

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Take one frame: see ``FrameBackend``."""
        with self._lock:
            if self._done is not None:
                raise OperationError("the camera is exposing already; wait for the frame or abort it")
            self._done = done
            start = max(self._clock.time(), self._next_start)
            self._next_start = start + 1.0 / self.frame_rate
        end = start + self.exposure_time
        timer = self._clock.call_after(
            end + self.readout_time - self._clock.time(), lambda: self._read_out(start, end, dark)
        )
        with self._lock:
            self._timer = timer if self._done is done else None

    def abort(self) -> None:
        """End the exposure under way."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            done, self._done, self._timer = self._done, None, None
        if done is not None:
            done(None, ExposureInterruptedError("the exposure was aborted before the frame was read out"))

    def _read_out(self, start: float, end: float, dark: bool) -> None:
        """Make the frame and hand it over."""
        with self._lock:
            done, self._done, self._timer = self._done, None, None
        if done is None:
            return
        light = np.zeros(self.shape) if dark else self._illuminate(start, end)
        counts = self._sensor.count(light, end - start, self._noise())
        done(np.minimum(counts, np.iinfo(self.dtype).max).astype(self.dtype), None)

    def _noise(self) -> np.random.Generator:
        """Return the generator of the next frame at the present position."""
        x, y = (round(1000.0 * value) for value in self._locate())
        visit = self._visits[x, y]
        self._visits[x, y] += 1
        return np.random.default_rng([self._seed, x % 2**32, y % 2**32, visit])
