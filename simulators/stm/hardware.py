"""The virtual microscope's controller, which delivers its images line by line."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.errors import ExposureInterruptedError, OperationError
from devices.protocols import Cancellable, Clock, Coordinate, FrameDone
from devices.scanner import LineTaken
from simulators.motion import SimulatedAxis
from simulators.outages import Outage
from simulators.stm.presets import change
from simulators.stm.recording import record
from simulators.stm.survey import Survey

TRUE_CURRENT = 20.0
"""Current at which the surfaces look as described, pA."""


@dataclass(slots=True)
class Scan:
    """A scan under way.

    Attributes:
        image: What it will show, shape (y, x).
        done: Whom to tell.
        row: The line that is being drawn.
    """

    image: NDArray[np.float32]
    done: FrameDone
    row: int = 0


class SimulatedController:
    """The controller of a microscope over a survey's area: a ``ScanBackend``.

    The noise of an image depends on the seed, the place and on how many images were taken there before: two strategies
    that come to one place see the same.

    Args:
        clock: The instrument's clock.
        survey: What lies under the tip.
        x: Axis of the images' middle, nm.
        y: Axis of the images' middle, nm.
        shape: Rows and columns of an image.
        line_time: Time for a line, there and back, s.
        bias: Of the sample at the start, V.

    Attributes:
        outage: While it lasts the feedback has lost the surface: images hold nothing but noise.
        withdrawn: Whether the tip is drawn back from the surface.
    """

    units = "Å"
    dtype = np.dtype(np.float32)

    def __init__(
        self,
        clock: Clock,
        survey: Survey,
        x: SimulatedAxis,
        y: SimulatedAxis,
        *,
        shape: tuple[int, int],
        line_time: float,
        bias: float,
    ) -> None:
        self.shape, self.bias, self.setpoint, self.angle = shape, bias, TRUE_CURRENT, 0.0
        self.exposure_time = line_time * shape[0]
        self.nm_per_pixel = survey.preset.conditions.nm_per_pixel
        self.outage = Outage()
        self.withdrawn = True
        self._clock, self._survey, self._axes = clock, survey, (x, y)
        self._visits: Counter[tuple[int, int]] = Counter()
        self._watchers: list[LineTaken] = []
        self._lock = threading.Lock()
        self._scan: Scan | None = None
        self._timer: Cancellable | None = None

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual controller is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return where the middles of rows and columns are from the image's middle, nm."""
        rows, columns = (
            self.nm_per_pixel * (np.arange(length, dtype=float) + 0.5 - 0.5 * length) for length in self.shape
        )
        return {"y": Coordinate(rows, "nm", "slow axis"), "x": Coordinate(columns, "nm", "fast axis")}

    def bad_pixels(self) -> None:
        """Return the pixels known to be bad: there are none."""

    def watch_lines(self, taken: LineTaken) -> None:
        """Call ``taken`` for every line of every image from now on."""
        self._watchers.append(taken)

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Scan one image; in the dark, with the tip withdrawn, it is nothing but noise.

        Raises:
            OperationError: The tip is scanning.
        """
        with self._lock:
            if self._scan is not None:
                raise OperationError("the tip is scanning already; wait for the image or abort it")
            self._scan = scan = Scan(self._image(dark), done)
            self.withdrawn = dark
        self._next(scan)

    def abort(self) -> None:
        """End the scan under way."""
        with self._lock:
            scan, self._scan = self._scan, None
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if scan is not None:
            scan.done(None, ExposureInterruptedError(f"the scan was ended after {scan.row} of {self.shape[0]} lines"))

    def withdraw(self) -> None:
        """Draw the tip back from the surface."""
        with self._lock:
            self.withdrawn = True

    def _next(self, scan: Scan) -> None:
        """Draw the next line."""
        timer = self._clock.call_after(self.exposure_time / self.shape[0], lambda: self._line(scan))
        with self._lock:
            if self._scan is scan:
                self._timer = timer

    def _line(self, scan: Scan) -> None:
        """Tell of a line that is drawn, and go on."""
        with self._lock:
            if self._scan is not scan:
                return
            row, scan.row = scan.row, scan.row + 1
            whole = scan.row == len(scan.image)
            if whole:
                self._scan = self._timer = None
        for taken in self._watchers:
            taken(row, scan.image[row], self._clock.time())
        if whole:
            scan.done(scan.image, None)
        else:
            self._next(scan)

    def _image(self, dark: bool) -> NDArray[np.float32]:
        """Make the image that a scan begun now will show."""
        x, y = (axis.sample_position(self._clock.time()) for axis in self._axes)
        place = (round(1000.0 * x) % 2**32, round(1000.0 * y) % 2**32)
        visit = self._visits[place]
        self._visits[place] += 1
        preset = self._survey.preset
        if dark or self.outage.active:
            rng = np.random.default_rng([self._survey.seed, *place, visit])
            return record(np.zeros(self.shape), 10.0 * self.nm_per_pixel, preset.conditions.recording, rng)
        survey = replace(self._survey, preset=change(preset, nm_per_pixel=self.nm_per_pixel, **self._closer()))
        numbers = (*place, visit)
        return survey.image(x, y, numbers, shape=self.shape, bias=self.bias, angle=self.angle).height

    def _closer(self) -> dict[str, Any]:
        """Return what changes with the current: the noise falls with its root, as counting does."""
        noise = self._survey.preset.conditions.recording.noise
        return {"noise": noise * float(np.sqrt(TRUE_CURRENT / max(self.setpoint, 1e-3)))}
