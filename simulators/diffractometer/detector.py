"""The virtual camera: counts, read-out, and pixels that lie."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.errors import ExposureInterruptedError, OperationError
from devices.protocols import Cancellable, Clock, Coordinate, FrameDone
from simulators.diffractometer.pattern import QX, QZ, SHAPE

NOISE_STREAM = 4
"""Keeps the noise of frames apart from what else is drawn from a seed."""


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


class Scenery(Protocol):
    """What a camera looks at."""

    def locate(self, time: float) -> tuple[float, float]:
        """Return the position of the sample under the beam, µm."""
        ...

    def is_lit(self) -> bool:
        """Tell whether the beam reaches the sample now."""
        ...

    def photons(self, origin: tuple[float, float], start: float, end: float) -> NDArray[np.float64]:
        """Return the photons expected in each pixel during an exposure that began at a position, shape (y, x)."""
        ...


@dataclass(frozen=True, slots=True)
class Exposure:
    """An exposure under way: where and when it began, when it ends, and whom to tell."""

    origin: tuple[float, float]
    start: float
    end: float
    dark: bool
    done: FrameDone


class SimulatedCamera:
    """A camera in front of a virtual sample: a ``FrameBackend``.

    The noise of a frame comes from a generator keyed by (seed, x, y, how many frames were taken there before, light or
    dark), with the sample's position in nm: a frame depends on where it was taken and not on what was measured before.
    Two strategies that come to one position see the same noise there, and any frame can be made again.

    Args:
        clock: The instrument's clock.
        scene: What it looks at.
        sensor: The sensor.
        seed: Of the noise.
        exposure_time: Time a frame collects light, s.
        frame_rate: Most frames per second.
        readout_time: Time from the end of the exposure until the frame is there, s.
        dtype: Type of a pixel; counts beyond its range saturate.
    """

    shape = SHAPE
    units = "counts"

    def __init__(
        self,
        clock: Clock,
        scene: Scenery,
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
        self._clock, self._scene, self._sensor, self._seed = clock, scene, sensor, seed
        self._visits: Counter[tuple[int, int, int]] = Counter()
        self._lock = threading.Lock()
        self._next_start = -np.inf
        self._exposure: Exposure | None = None
        self._timer: Cancellable | None = None

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
        """Take one frame; waits for its turn where the last exposure began less than a frame's time ago.

        Raises:
            OperationError: The camera is exposing.
        """
        with self._lock:
            if self._exposure is not None:
                raise OperationError("the camera is exposing already; wait for the frame or abort it")
            start = max(self._clock.time(), self._next_start)
            self._next_start = start + 1.0 / self.frame_rate
            exposure = Exposure(self._scene.locate(start), start, start + self.exposure_time, dark, done)
            self._exposure = exposure
        delay = exposure.end + self.readout_time - self._clock.time()
        timer = self._clock.call_after(delay, lambda: self._read_out(exposure))
        with self._lock:
            if self._exposure is exposure:
                self._timer = timer

    def abort(self) -> None:
        """End the exposure under way."""
        with self._lock:
            exposure, self._exposure = self._exposure, None
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if exposure is not None:
            exposure.done(None, ExposureInterruptedError("the exposure was aborted before the frame was read out"))

    def _read_out(self, exposure: Exposure) -> None:
        """Make the frame and hand it over."""
        with self._lock:
            if self._exposure is not exposure:
                return
            self._exposure = self._timer = None
        exposure.done(self.draw(exposure), None)

    def draw(self, exposure: Exposure) -> NDArray[np.unsignedinteger]:
        """Draw the counts of an exposure, as the converter gives them."""
        lit = not exposure.dark and self._scene.is_lit()
        light = np.zeros(self.shape)
        if lit:
            light = self._scene.photons(exposure.origin, exposure.start, exposure.end)
        rng = self._noise(exposure.origin, lit)
        counts = self._sensor.count(light, exposure.end - exposure.start, rng)
        return np.minimum(counts, np.iinfo(self.dtype).max).astype(self.dtype)

    def _noise(self, position: tuple[float, float], lit: bool) -> np.random.Generator:
        """Return the generator of the next frame at a position."""
        x, y = (round(1000.0 * value) for value in position)
        visit = self._visits[x, y, lit]
        self._visits[x, y, lit] += 1
        return np.random.default_rng([self._seed, NOISE_STREAM, x % 2**32, y % 2**32, visit, int(lit)])
