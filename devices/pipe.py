"""From a camera to the disk: a bounded queue in shared memory, and the thread that writes.

The camera takes a slot of the ring, fills it, and publishes it. The writer's queue is the ring itself: a slot is free
again when its frame is written, so a camera that is faster than the disk waits, and one that cannot wait gets an error
that says so. No frame is ever left out. Frames become *durable* in order; only durable ones may be announced.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from numpy.typing import NDArray

from devices.errors import CameraOverrunError, FrameWriterError
from devices.protocols import Done
from devices.ring import FrameRing
from devices.store import FrameStore

BATCH = 16
"""Most frames that are written at once: their slots become free together."""

SYNC_FRAMES = 64
SYNC_SECONDS = 0.05
"""How many frames, and how long, may wait until they are forced to the medium, where a power cut counts."""


class FramePipe:
    """Takes the frames of one camera, and writes each to the store.

    One thread reserves and publishes; another, its own, writes.

    Args:
        ring: Where frames wait; its slots bound the queue.
        store: Where they go; belongs to the pipe until it is finished.
        first: Event of the first frame, counted from 0.
        wait: How long the camera can wait for a free slot, s; 0 for one that cannot.
        sync: Whether a frame must survive a power cut to be durable, and not only the death of the process.
        on_durable: Called by the writing thread with the number of durable frames when it has grown.

    Attributes:
        ring: Where frames wait.
        first: Event of the first frame.
        times: When each frame was taken, s since 1970.
    """

    def __init__(
        self,
        ring: FrameRing,
        store: FrameStore,
        *,
        first: int = 0,
        wait: float = 10.0,
        sync: bool = False,
        on_durable: Callable[[int], object] | None = None,
    ) -> None:
        self.ring, self._store, self.first = ring, store, first
        self._wait, self._sync, self._on_durable = wait, sync, on_durable
        lock = threading.Lock()
        self._filled, self._freed = threading.Condition(lock), threading.Condition(lock)
        self._begin = self._published = self._written = ring.published
        self._durable = self._begin
        self._unsynced_since = 0.0
        self._syncing: tuple[int, Future[None]] | None = None
        self.times = array("d")
        self._closing = self._ended = False
        self._done: Done | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="frame-writer", daemon=True)
        self._thread.start()

    @property
    def published(self) -> int:
        """Number of frames that the camera has published."""
        return self._published - self._begin

    @property
    def durable(self) -> int:
        """Number of frames that are on disk: those of the events from ``first`` on."""
        return self._durable - self._begin

    @property
    def failure(self) -> Exception | None:
        """Why no more frames are written, or None."""
        return self._failure

    def reserve(self) -> NDArray[Any]:
        """Return the slot for the next frame, shape (y, x), to be filled by the camera.

        Raises:
            CameraOverrunError: No slot became free in time.
            FrameWriterError: Frames cannot be written any more; says why.
        """
        with self._freed:
            if not self._room() and not self._freed.wait_for(self._room, self._wait):
                raise CameraOverrunError(len(self.ring.slots), self.durable, self._wait)
            self._raise_failure()
            if self._closing:
                raise FrameWriterError("no more frames are taken: the stream was ended")
            return self.ring.claim(self._published)

    def publish(self, at: float | None = None) -> None:
        """Hand over the slot that was reserved last.

        Args:
            at: When the frame was taken, s since 1970; now when None.
        """
        at = time.time() if at is None else at
        self.times.append(at)
        self.ring.publish(self._published, at)
        with self._filled:
            self._published += 1
            self._filled.notify()

    def end(self, done: Done | None = None) -> None:
        """Take no more frames; returns at once.

        Args:
            done: Called by the writing thread when every published frame is durable, or with why that failed.
        """
        with self._filled:
            self._closing, self._done = True, done
            ended = self._ended
            self._filled.notify()
        if ended and done is not None:
            done(self._failure)

    def finish(self) -> None:
        """Wait until every published frame is durable, and end.

        Raises:
            FrameWriterError: Frames could not be written.
        """
        with self._filled:
            self._closing = True
            self._filled.notify()
        self._thread.join()
        self._raise_failure()

    def _room(self) -> bool:
        """Tell whether the camera need not wait any longer."""
        return self._published - self._written < len(self.ring.slots) or self._ended or self._closing

    def _raise_failure(self) -> None:
        """Raise what ended the writing."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        """Write until the end."""
        failure: Exception | None = None
        try:
            while (stop := self._next()) is not None:
                if stop > self._written:
                    self._write(stop)
                self._follow_sync()
        except Exception as error:
            failure = FrameWriterError(f"frames could not be written: {error}")
            failure.__cause__ = error
        with self._freed:
            self._failure, self._ended, done = failure, True, self._done
            self._freed.notify()
        if done is not None:
            done(failure)

    def _next(self) -> int | None:
        """Wait for frames; return up to which to write, or None at the end."""
        with self._filled:
            self._filled.wait_for(lambda: self._published > self._written or self._closing, self._patience())
            if self._closing and self._written == self._published and self._durable == self._written:
                return None
            return min(self._published, self._written + BATCH)

    def _patience(self) -> float | None:
        """How long to wait for frames, s, before those that are written must be forced to the medium."""
        if self._durable == self._written:
            return None
        return max(0.0, self._unsynced_since + SYNC_SECONDS - time.monotonic())

    def _write(self, stop: int) -> None:
        """Write the frames before ``stop``, and free their slots."""
        first = self._written
        self._store.write(self.first + first - self._begin, [self.ring.slot(number) for number in range(first, stop)])
        if self._durable == first:
            self._unsynced_since = time.monotonic()
        with self._freed:
            for number in range(first, stop):
                self.ring.release(number)
            self._written = stop
            self._freed.notify()
        if not self._sync:
            self._make_durable(stop)

    def _follow_sync(self) -> None:
        """Force what is written to the medium when it is time; frames are written on meanwhile, a batch of them."""
        if self._syncing is not None:
            upto, syncing = self._syncing
            if not (syncing.done() or self._written - upto >= SYNC_FRAMES or self._written == self._published):
                return
            syncing.result()
            self._syncing = None
            self._make_durable(upto)
        waiting = self._written - self._durable
        if waiting > 0 and (waiting >= SYNC_FRAMES or self._closing or self._patience() == 0.0):
            self._syncing = self._written, self._store.begin_sync()
            self._unsynced_since = time.monotonic()

    def _make_durable(self, upto: int) -> None:
        """Count frames as durable, and tell."""
        self._durable = upto
        if self._on_durable is not None:
            self._on_durable(self.durable)
