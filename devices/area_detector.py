"""A camera: one frame per trigger, written before it is announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from ophyd import Component, Signal

from devices.base import CONFIG, HINTED, BackedDevice, BackendSignal, number_key
from devices.checks import statistics
from devices.errors import OperationError, SaturatedFrameError, WrongFrameError
from devices.frames import FrameLayout
from devices.protocols import Coordinate, FrameBackend
from devices.status import Status
from devices.writer import AssetDoc, FrameWriter


class FrameStatistic(Signal):
    """A number computed from the last frame: whole where the pixels are."""

    def describe(self) -> dict[str, Any]:
        """Describe the number: a 64-bit integer or float."""
        layout = cast(AreaDetector, self.parent).layout
        whole = {"dtype": "integer", "dtype_numpy": "<i8"}
        key = number_key("computed from the frame", layout.units)
        return {self.name: key | whole if layout.counts else key}


class AreaDetector(BackedDevice[FrameBackend]):
    """A camera that takes one frame per trigger.

    Data keys: ``<name>_total``, the sum, and ``<name>_max``, the largest value of the frame, both over the pixels
    that are not known to be hot or dead (a ``max`` at the data type's largest value means saturation); and
    ``<name>``, the frame as it was read out, bad pixels included, external, while a writer is attached.
    Configuration: ``<name>_exposure_time``, s.

    Args:
        backend: What takes the frames.
        name: Name of the detector.
        writer: Where the frames go; None keeps none but the last in memory.
        **options: Those of ophyd's ``Device``.

    Attributes:
        dark: Whether frames are taken with the camera kept from the light.
        saturated_fraction: A frame with more than this fraction of its good pixels saturated is refused; None takes
            every frame.
        last_frame: The last frame, shape (y, x), or None.
    """

    total = Component(FrameStatistic, value=0, kind=HINTED)
    max = Component(FrameStatistic, value=0)
    exposure_time = Component(BackendSignal, "exposure_time", units="s", writable=True, kind=CONFIG)

    def __init__(self, backend: FrameBackend, *, name: str, writer: FrameWriter | None = None, **options: Any) -> None:
        super().__init__(backend, name=name, **options)
        self.dark = False
        self.saturated_fraction: float | None = None
        self.last_frame: NDArray[Any] | None = None
        self._layout: FrameLayout | None = None
        self._status = Status.finished()
        self._writer = writer

    @property
    def writer(self) -> FrameWriter | None:
        """Where the frames go; may be attached and detached between runs."""
        return self._writer

    @writer.setter
    def writer(self, writer: FrameWriter | None) -> None:
        self._writer = writer
        if writer is not None:
            writer.prepare(self.layout)

    @property
    def frames_per_event(self) -> int:
        """How many frames one trigger takes."""
        return 1

    @property
    def layout(self) -> FrameLayout:
        """What the frames look like; the camera was asked when it was connected or staged."""
        if self._layout is None:
            backend = self.backend
            self._layout = FrameLayout(
                self.name,
                backend.shape,
                np.dtype(backend.dtype),
                backend.units,
                self.frame_coordinates(),
                backend.bad_pixels(),
                _saturation(backend),
                self.frames_per_event,
            )
        return self._layout

    def frame_coordinates(self) -> dict[str, Coordinate]:
        """Return the pixels' coordinates by the dimension's name, ``<name>_y`` and ``<name>_x``."""
        return {f"{self.name}_{axis}": value for axis, value in self.backend.coordinates().items()}

    def connect(self, timeout: float = 5.0) -> None:
        """Reach the camera, and ask it what its frames look like: see :meth:`ConnectableDevice.connect`."""
        super().connect(timeout)
        self._renew_layout()

    def stage(self) -> list[object]:
        """Make ready for a run."""
        self._renew_layout()
        return super().stage()

    def unstage(self) -> list[object]:
        """End a run; an exposure under way is given up."""
        self._give_up()
        return super().unstage()

    def trigger(self) -> Status:
        """Take one frame; done when it is written.

        An exposure under way, left behind by a pause, is given up.
        """
        self._give_up()
        self._status = status = Status(f"exposure of {self.name}", self.name)

        def done(frame: NDArray[Any] | None, error: Exception | None) -> None:
            if error is None and not status.done:
                error = self._take(frame)
            status.finish(error)

        self.backend.expose(done, dark=self.dark)
        return status

    def stop(self, *, success: bool = False) -> None:
        """End the exposure under way.

        Args:
            success: Whether its status counts as a success all the same.
        """
        if success:
            self._status.set_finished()
        self.backend.abort()

    def describe(self) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Describe the numbers, and the frame where a writer takes it."""
        description = cast(dict[str, Any], super().describe())
        if self.writer is not None:
            description[self.name] = self.layout.data_key()
        return description

    def collect_asset_docs(self) -> Iterator[AssetDoc]:
        """Hand out the documents that announce the frame written last."""
        if self.writer is not None:
            yield from self.writer.asset_docs(self.name)

    def check_frame(self, frame: NDArray[Any]) -> None:
        """Check that a frame is what the camera says of its frames, and not too bright.

        Raises:
            WrongFrameError: It has another shape or type of pixels.
            SaturatedFrameError: More of its good pixels are saturated than are accepted.
        """
        error = self._wrong(frame)
        if error is None and self.saturated_fraction is not None:
            error = self.too_bright(frame[self.layout.good_pixels])
        if error is not None:
            raise error

    def _take(self, frame: NDArray[Any] | None) -> Exception | None:
        """Write a frame and keep its numbers for ``read``; return why that failed, or None."""
        if frame is None:
            return OperationError(f"{self.name}: the exposure gave no frame")
        good = np.empty(0)
        if (error := self._wrong(frame)) is None:
            good = frame[self.layout.good_pixels]
            error = self.too_bright(good)
        if error is not None:
            return error
        try:
            if self.writer is not None:
                self.writer.write(self.layout, frame)
        except Exception as error:
            return error
        self._keep(frame, *statistics(good, self.layout.counts))
        return None

    def _keep(self, frame: NDArray[Any], total: float, largest: float) -> None:
        """Keep the last frame, and the numbers of what was taken, for ``read``."""
        self.last_frame = frame
        now = self.backend.time()
        self.total.put(total, timestamp=now, force=True)
        self.max.put(largest, timestamp=now, force=True)

    def _wrong(self, frame: NDArray[Any]) -> WrongFrameError | None:
        """Return why a frame does not fit what the camera says of its frames, or None."""
        layout = self.layout
        if frame.shape != layout.shape:
            what = f"a frame of shape {frame.shape} instead of {layout.shape}"
        elif frame.dtype.newbyteorder("=") != layout.dtype.newbyteorder("="):
            what = f"a frame of {frame.dtype} instead of {layout.dtype}"
        else:
            return None
        return WrongFrameError(f"{self.name}: the exposure gave {what}")

    def too_bright(self, good: NDArray[Any]) -> SaturatedFrameError | None:
        """Return why a frame with these good pixels, of any shape, is too bright, or None."""
        limit, level = self.saturated_fraction, self.layout.saturation
        if limit is None or level is None or not good.size:
            return None
        fraction = np.count_nonzero(good >= level) / good.size
        if fraction <= limit:
            return None
        return SaturatedFrameError(
            f"{self.name}: {fraction:.1%} of the frame's pixels are saturated (at most {limit:.1%} may be)"
        )

    def _give_up(self) -> None:
        """End an exposure that nobody waits for any more."""
        if not self._status.done:
            self.stop(success=True)

    def _renew_layout(self) -> None:
        """Ask the camera again what its frames look like."""
        self._layout = None
        if self.writer is not None:
            self.writer.prepare(self.layout)


def _saturation(backend: FrameBackend) -> float | None:
    """Return the value from which on a camera's pixels are saturated, or None where it is not known."""
    declared = getattr(backend, "saturation", None)
    dtype = np.dtype(backend.dtype)
    if declared is None and dtype.kind in "iu":
        return float(np.iinfo(dtype).max)
    return None if declared is None else float(declared)
