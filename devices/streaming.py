"""A camera that streams: bursts of frames at its own pace, as bluesky's flyers are driven."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from ophyd import Component, Signal

from devices.area_detector import AreaDetector
from devices.base import CONFIG, number_key
from devices.checks import CheckingSink
from devices.errors import ExposureInterruptedError, OperationError
from devices.pipe import FramePipe
from devices.protocols import Done, FrameBackend, FrameSink, StreamBackend
from devices.ring import FrameRing
from devices.rings import RingMaker
from devices.series import AssetDoc
from devices.status import Status
from devices.writer import FrameWriter

SLOTS = 64
"""Frames that wait in memory while the disk is busy."""

ABORT_SECONDS = 5.0
"""How long a camera may take to end a burst that is given up, s."""


class StreamingDetector(AreaDetector):
    """A camera that takes one frame per trigger or several, and bursts of frames when it is flown.

    Several frames of one trigger make one event: set ``frames`` before it is staged. Then ``<name>_total`` is the sum
    of all their good pixels and ``<name>_max`` the largest value of any of them.

    A burst is prepared (how many frames), kicked off, and collected while it completes. Each frame is an event of its
    own with the data key ``<name>_time``, when it was taken; the frame itself is external. Frames are announced
    when they are durable, and never left out: a camera that cannot wait for the disk fails with a clear error.

    Args:
        backend: What takes the frames; one that cannot stream is triggered again and again.
        name: Name of the detector.
        writer: Where the frames go.
        slots: Frames that wait in memory while the disk is busy.
        wait: How long the camera can wait for room among them, s; 0 for one that cannot.
        **options: Those of ophyd's ``Device``.
    """

    frames = Component(Signal, value=1, kind=CONFIG)

    def __init__(
        self,
        backend: FrameBackend,
        *,
        name: str,
        writer: FrameWriter | None = None,
        slots: int = SLOTS,
        wait: float = 10.0,
        **options: Any,
    ) -> None:
        super().__init__(backend, name=name, writer=writer, **options)
        self._rings, self._wait = RingMaker(slots), wait
        self._burst_frames = 1
        self._beginning = threading.RLock()
        self._pipe: FramePipe | None = None
        self._burst = self._exposing = Status.finished()
        self._late = Status.finished()
        """Of exposures that wait for memory."""
        self._repeater: _Repeater | None = None
        self._announced = self._paged = 0

    @property
    def frames_per_event(self) -> int:
        """How many frames one trigger takes; changes when it is staged."""
        return int(cast(int, self.frames.get()))

    @property
    def ring(self) -> FrameRing | None:
        """Where the frames of a burst can be looked at, by its path also from other processes."""
        return self._rings.ring

    def stage(self) -> list[object]:
        """Make ready for a run; memory for several frames at once is made meanwhile."""
        staged = super().stage()
        if self.layout.frames > 1:
            self._rings.soon(self.layout)
        return staged

    def trigger(self) -> Status:
        """Take the frames of one event; done when they are durable.

        Raises:
            OperationError: There are several, and nobody takes them.
            FrameWriterError: There are several, and no run is open or there is not enough memory.
        """
        if self.layout.frames == 1:
            return super().trigger()
        writer = self.writer
        if writer is None:
            raise OperationError(f"{self.name}: {self.layout.frames} frames at once need a writer; it would lose them")
        self._let_go()
        self._pipe = None
        self._status = status = Status(f"exposures of {self.name}", self.name)
        made = self._rings.soon(self.layout)
        if made.done():
            self._begin(writer, made.result(), status)
        else:
            self._late = status
            made.add_done_callback(lambda made: self._begin_late(writer, made, status))
        return status

    def prepare(self, value: int) -> Status:
        """Say how many frames a burst has, and make room for those that will wait.

        Returns:
            Done when there is room; fails with `FrameWriterError` where there is not enough memory.

        Raises:
            ValueError: It has none.
        """
        if value < 1:
            raise ValueError(f"{self.name}: a burst has at least one frame, not {value}")
        self._burst_frames = value
        status = Status(f"preparation of {self.name}", self.name)
        self._rings.soon(self.layout).add_done_callback(lambda made: status.finish(_failure(made)))
        return status

    def kickoff(self) -> Status:
        """Begin a burst; done when the camera runs.

        Raises:
            OperationError: Nobody takes the frames.
            FrameWriterError: No run is open, or there is not enough memory.
            TimeoutError: The camera has not ended the burst before, which was given up.
        """
        if self.writer is None:
            raise OperationError(f"{self.name}: a burst needs a writer; without one its frames would be lost")
        if self.layout.frames > 1:
            raise OperationError(f"{self.name}: a burst has one frame per event: set {self.name}_frames to 1")
        self._let_go()
        ring = self._rings.soon(self.layout).result()
        self._pipe = pipe = self.writer.stream_frames(self.layout, ring, self._wait)
        self._announced = self._paged = 0
        self._burst = burst = Status(f"burst of {self._burst_frames} frames of {self.name}", self.name)
        self._expose(pipe, pipe, self._burst_frames, burst.finish)
        return Status.finished(f"start of {burst.what}")

    def complete(self) -> Status:
        """Return the burst's status: done when its last frame is durable."""
        return self._burst

    def describe_collect(self) -> dict[str, Any]:
        """Describe what an event of a burst holds."""
        return {
            self.name: self.layout.data_key(),
            f"{self.name}_time": number_key("backend:time", "s"),
        }

    def collect_asset_docs(self) -> Iterator[AssetDoc]:
        """Hand out the documents that announce what was written last."""
        for name, document in super().collect_asset_docs():
            if name == "stream_datum" and self._pipe is not None:
                self._announced = document["indices"]["stop"] - self._pipe.first
            yield name, document

    def collect_pages(self) -> Iterator[dict[str, Any]]:
        """Give the events of the frames that were announced."""
        if self._pipe is None or self._announced <= self._paged:
            return
        times = self._pipe.times[self._paged : self._announced].tolist()
        self._paged = self._announced
        key = f"{self.name}_time"
        yield {"time": times, "data": {key: times}, "timestamps": {key: times}}

    def stop(self, *, success: bool = False) -> None:
        """End the exposure or the burst under way: see :meth:`AreaDetector.stop`."""
        with self._beginning:
            if self._repeater is not None:
                self._repeater.cancelled.set()
            if success:
                self._burst.set_finished()
            super().stop(success=success)
            self._late.finish(ExposureInterruptedError(f"{self._late.what}: ended before they began"))

    def unstage(self) -> list[object]:
        """End a run, and give the memory back."""
        unstaged = super().unstage()
        self._rings.close()
        return unstaged

    def _let_go(self) -> None:
        """End what is under way, and wait until the camera has let go of the memory.

        Raises:
            TimeoutError: It does not.
        """
        self._give_up()
        self._exposing.exception(ABORT_SECONDS)

    def _begin_late(self, writer: FrameWriter, made: Future[FrameRing], status: Status) -> None:
        """Begin when there is memory, unless nobody waits for it any more."""
        with self._beginning:
            self._late = Status.finished()
            if status.done:
                return
            try:
                self._begin(writer, made.result(), status)
            except Exception as error:
                status.finish(error)

    def _begin(self, writer: FrameWriter, ring: FrameRing, status: Status) -> None:
        """Have the camera take the frames of one event."""
        pipe = writer.write_event(self.layout, ring, self._wait)
        sink = CheckingSink(pipe, self.layout, self.too_bright)

        def written(failure: Exception | None) -> None:
            if failure is None and not status.done:
                newest = ring.copy(ring.published - 1)
                self._keep(np.zeros(ring.shape, ring.dtype) if newest is None else newest[0], sink.total, sink.largest)
            status.finish(failure)

        self._expose(pipe, sink, self.layout.frames, written)

    def _expose(self, pipe: FramePipe, sink: FrameSink, frames: int, written: Done) -> None:
        """Have the camera fill a sink that leads to a pipe; ``written`` is called when all is durable, or why not."""
        self._exposing = exposing = Status(f"exposures of {self.name}", self.name)

        def done(error: Exception | None) -> None:
            exposing.finish(error)
            pipe.end(lambda failure: written(error or failure))

        if isinstance(self.backend, StreamBackend):
            self.backend.stream(sink, frames, done, dark=self.dark)
        else:
            self._repeater = _Repeater(self, sink, frames, done)
            self._repeater.start()

    def _give_up(self) -> None:
        """End an exposure or a burst that nobody waits for any more."""
        if not self._burst.done:
            self.stop(success=True)
        super()._give_up()


def _failure(made: Future[FrameRing]) -> Exception | None:
    error = made.exception()
    return error if isinstance(error, Exception) or error is None else RuntimeError(str(error))


class _Repeater(threading.Thread):
    """Streams with a camera that knows single exposures only."""

    def __init__(self, detector: StreamingDetector, sink: FrameSink, frames: int, done: Done) -> None:
        super().__init__(name=f"{detector.name}-burst", daemon=True)
        self.cancelled = threading.Event()
        self._detector, self._sink, self._frames, self._done = detector, sink, frames, done

    def run(self) -> None:
        """Expose until all frames are there or something fails."""
        failure: Exception | None = None
        try:
            for _ in range(self._frames):
                self._take()
        except Exception as error:
            failure = error
        self._done(failure)

    def _take(self) -> None:
        """Take one frame."""
        if self.cancelled.is_set():
            raise ExposureInterruptedError(f"{self._detector.name}: the burst was ended")
        taken: list[NDArray[Any]] = []
        status = Status(f"exposure of {self._detector.name}")

        def done(frame: NDArray[Any] | None, error: Exception | None) -> None:
            if frame is not None:
                taken.append(frame)
            status.finish(error)

        self._detector.backend.expose(done, dark=self._detector.dark)
        status.wait()
        (frame,) = taken
        self._detector.check_frame(frame)
        np.copyto(self._sink.reserve(), frame)
        self._sink.publish(self._detector.backend.time())
