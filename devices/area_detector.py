"""A camera: one frame per trigger, written before it is announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ophyd import Component, Signal

from devices.base import CONFIG, HINTED, BackedDevice, BackendSignal
from devices.errors import FrameWriterError, OperationError
from devices.protocols import Coordinate, FrameBackend
from devices.status import Status
from devices.writer import FrameLayout, FrameWriter


class FrameStatistic(Signal):
    """A whole number computed from the last frame, in counts."""

    def describe(self) -> dict[str, Any]:
        """Describe the number: a 64-bit integer."""
        key = {"source": "computed from the frame", "dtype": "integer", "dtype_numpy": "<i8", "shape": []}
        return {self.name: {**key, "units": "counts"}}


class AreaDetector(BackedDevice):
    """A camera that takes one frame per trigger.

    Data keys: ``<name>_total``, the sum, and ``<name>_max``, the largest value of the frame, both over the pixels
    that are not known to be hot or dead (a ``max`` at the data type's largest value means saturation); and
    ``<name>``, the frame as it was read out, external, while a writer is attached. Configuration:
    ``<name>_exposure_time``, s.

    Args:
        backend: What takes the frames.
        name: Name of the detector.
        writer: Where the frames go; None keeps none but the last in memory.
        **options: Those of ophyd's ``Device``.

    Attributes:
        writer: May be attached and detached between runs.
        dark: Whether frames are taken with the camera kept from the light.
        last_frame: The last frame, shape (y, x), or None.
    """

    total = Component(FrameStatistic, value=0, kind=HINTED)
    max = Component(FrameStatistic, value=0)
    exposure_time = Component(BackendSignal, "exposure_time", units="s", writable=True, kind=CONFIG)

    backend: FrameBackend

    def __init__(self, backend: FrameBackend, *, name: str, writer: FrameWriter | None = None, **options: Any) -> None:
        super().__init__(backend, name=name, **options)
        self.writer = writer
        self.dark = False
        self.last_frame: NDArray[Any] | None = None
        self._good: NDArray[np.bool_] | None = None

    @property
    def layout(self) -> FrameLayout:
        """What a writer needs to know about the frames."""
        bad = self.backend.bad_pixels()
        return FrameLayout(self.name, self.backend.shape, self.backend.dtype, self.frame_coordinates(), bad)

    def frame_coordinates(self) -> dict[str, Coordinate]:
        """Return the pixels' coordinates by the dimension's name, ``<name>_y`` and ``<name>_x``."""
        return {f"{self.name}_{axis}": value for axis, value in self.backend.coordinates().items()}

    def connect(self, timeout: float = 5.0) -> None:
        """Reach the camera, and ask it for its bad pixels: see :meth:`BackedDevice.connect`."""
        super().connect(timeout)
        self._read_mask()

    def stage(self) -> list[object]:
        """Make ready for a run."""
        self._read_mask()
        return super().stage()

    def trigger(self) -> Status:
        """Take one frame; done when it is written."""
        status = Status(f"exposure of {self.name}")

        def done(frame: NDArray[Any] | None, error: Exception | None) -> None:
            if error is None and frame is None:
                error = OperationError(f"{self.name}: the exposure gave no frame")
            if error is None and frame is not None:
                try:
                    self._take(frame)
                except Exception as failure:
                    error = failure
            status.finish(error)

        self.backend.expose(done, dark=self.dark)
        return status

    def stop(self, *, success: bool = False) -> None:
        """End the exposure under way."""
        self.backend.abort()

    def describe(self) -> dict[str, Any]:
        """Describe the numbers, and the frame where a writer takes it."""
        description = super().describe()
        if self.writer is not None:
            description[self.name] = self.layout.data_key()
        return description

    def collect_asset_docs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Hand out the documents that announce the frame written last."""
        if self.writer is not None:
            yield from self.writer.asset_docs(self.name)

    def _take(self, frame: NDArray[Any]) -> None:
        """Write a frame, then keep its numbers for ``read``."""
        if frame.shape != self.backend.shape:
            raise FrameWriterError(f"{self.name}: a frame of shape {frame.shape} instead of {self.backend.shape}")
        if self.writer is not None:
            self.writer.write(self.layout, frame)
        if self._good is None:
            self._read_mask()
        self.last_frame = frame
        now = self.backend.time()
        good = frame[self._good]
        self.total.put(int(good.sum(dtype=np.int64)), timestamp=now, force=True)
        self.max.put(int(good.max(initial=0)), timestamp=now, force=True)

    def _read_mask(self) -> None:
        """Ask the camera which pixels count."""
        bad = self.backend.bad_pixels()
        self._good = np.ones(self.backend.shape, bool) if bad is None else ~bad
