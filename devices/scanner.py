"""A scanning probe microscope: images that come line by line, and can be looked at while they do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from ophyd import Component, Signal

from devices.area_detector import AreaDetector
from devices.base import CONFIG, BackendSignal, number_key
from devices.protocols import FrameBackend
from devices.ring import FrameRing
from devices.status import Status
from devices.writer import FrameWriter

SLOTS = 8
"""States of an image under way that stay in memory for those who look on."""

UPDATE = 1
"""A new state is shown after so many lines."""

LineTaken = Callable[[int, NDArray[Any], float], None]
"""Called with a line's row, its values, shape (x,), and when it ended, s since 1970."""


@runtime_checkable
class ScanBackend(FrameBackend, Protocol):
    """A controller that moves a probe over a surface, line by line; a frame is one image, its exposure one scan.

    Its pixels are floating-point heights. Where an image lies is set through axes of its own (``AxisBackend``).
    With a controller that is asked for the image so far, as Nanonis is by ``Scan.FrameDataGrab``, the back-end asks
    now and then and tells of each new line.
    """

    bias: float
    """Voltage of the sample, V; may be set."""

    setpoint: float
    """Current that the feedback keeps, pA; may be set."""

    nm_per_pixel: float
    """Side of a pixel, nm; may be set between runs."""

    angle: float
    """Of the fast axis, degrees; may be set between runs."""

    def withdraw(self) -> None:
        """Draw the probe back from the surface; the next exposure approaches again. Returns at once.

        Nanonis does so by ``ZCtrl.Withdraw``.
        """
        ...

    def watch_lines(self, taken: LineTaken) -> None:
        """Call ``taken`` for every line of every image from now on, from any thread, row 0 first; returns at once."""
        ...


class LineCount(Signal):
    """How many lines of the image under way are there."""

    def describe(self) -> dict[str, Any]:
        """Describe the number: a 64-bit integer."""
        key = number_key("backend:watch_lines", "") | {"dtype": "integer", "dtype_numpy": "<i8"}
        return {self.name: key}


class Scanner(AreaDetector):
    """A scanning probe microscope that takes one image per trigger.

    Data keys: those of an :class:`AreaDetector`, and ``<name>_bias``, V. Configuration besides: ``<name>_setpoint``,
    pA, ``<name>_nm_per_pixel`` and ``<name>_angle``, degrees.

    While a scan is under way ``lines`` counts its lines and tells its subscribers, and the image so far, missing (NaN)
    where the probe has not been, is in shared memory for every process: see :attr:`ring`.

    Args:
        backend: The controller.
        name: Name of the microscope.
        writer: Where whole images go; None keeps none but the last in memory.
        update: After how many lines a new state of the image is shown.
        **options: Those of ophyd's ``Device``.
    """

    bias = Component(BackendSignal, "bias", units="V", writable=True)
    setpoint = Component(BackendSignal, "setpoint", units="pA", writable=True, kind=CONFIG)
    nm_per_pixel = Component(BackendSignal, "nm_per_pixel", units="nm", writable=True, kind=CONFIG, precision=6)
    angle = Component(BackendSignal, "angle", units="deg", writable=True, kind=CONFIG)
    lines = Component(LineCount, value=0, kind="omitted")

    def __init__(
        self,
        backend: ScanBackend,
        *,
        name: str,
        writer: FrameWriter | None = None,
        update: int = UPDATE,
        **options: Any,
    ) -> None:
        super().__init__(backend, name=name, writer=writer, **options)
        self._update = update
        self._lock = threading.Lock()
        self._watching = False
        self._ring: FrameRing | None = None
        self._shown = 0
        self._partial: NDArray[Any] | None = None

    @property
    def ring(self) -> FrameRing | None:
        """The image under way, from staging until unstaging; its path opens it in other processes.

        Each state of an image is a frame of the ring; ``RingReader.latest`` gives the newest.
        """
        return self._ring

    @property
    def partial(self) -> NDArray[Any] | None:
        """A copy of the image under way, or of the last one, shape (y, x), NaN where the probe has not been."""
        with self._lock:
            return None if self._partial is None else self._partial.copy()

    def connect(self, timeout: float = 5.0) -> None:
        """Reach the controller: see :meth:`ConnectableDevice.connect`."""
        super().connect(timeout)
        self._watch()

    def stage(self) -> list[object]:
        """Make ready for a run, and make room for the image under way."""
        staged = super().stage()
        layout = self.layout
        ring = FrameRing.create(layout.shape, layout.little_endian, SLOTS)
        with self._lock:
            self._ring, self._shown = ring, 0
        return staged

    def unstage(self) -> list[object]:
        """End a run; a scan under way is given up, the probe drawn back, and the memory given back."""
        unstaged = super().unstage()
        cast(ScanBackend, self.backend).withdraw()
        with self._lock:
            ring, self._ring = self._ring, None
        if ring is not None:
            ring.close()
        return unstaged

    def trigger(self) -> Status:
        """Take one image; done when it is written. A scan under way, left behind by a pause, is given up."""
        self._watch()
        self._give_up()
        with self._lock:
            self._partial = np.full(self.layout.shape, np.nan, self.layout.dtype)
        self.lines.put(0, timestamp=self.backend.time(), force=True)
        return super().trigger()

    def stop(self, *, success: bool = False) -> None:
        """End the scan under way; the probe is drawn back unless another scan follows.

        Args:
            success: Whether the scan's status counts as a success all the same, as when another follows.
        """
        super().stop(success=success)
        if not success:
            cast(ScanBackend, self.backend).withdraw()

    def _watch(self) -> None:
        """Listen to the lines, once."""
        if not self._watching:
            self._watching = True
            cast(ScanBackend, self.backend).watch_lines(self._line)

    def _line(self, row: int, values: NDArray[Any], at: float) -> None:
        """Take in a line, and show the image when it is time."""
        with self._lock:
            if self._partial is None:
                return
            self._partial[row] = values
            if (row + 1) % self._update == 0 or row + 1 == len(self._partial):
                self._show(at)
        self.lines.put(row + 1, timestamp=at, force=True)

    def _show(self, at: float) -> None:
        """Show the image so far; called with the lock held."""
        if self._ring is None or self._partial is None:
            return
        np.copyto(self._ring.claim(self._shown), self._partial)
        self._ring.publish(self._shown, at)
        self._shown += 1
