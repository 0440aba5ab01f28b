"""Frames in shared memory: a camera fills slots in turns, and any process looks at them without a copy being sent.

Each slot carries the number of its frame. It says "busy" while the slot is being filled, so that a reader that
looks before and after it copied knows whether what it has is one frame. Readers never hold a slot: whoever is slow
misses the oldest frames, and the camera does not notice. Who must have every frame is the writer, and the pipe in
front of it (see ``devices.pipe``) keeps a slot from being filled again before it is written. A slot whose frame is
written is soon filled again, and others are used only when the disk falls behind: memory that was used a moment ago is
still in the processor's cache.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import tempfile
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.errors import FrameWriterError

PAGE = 4096
PREFIX = "beampilot-frames-"
BUSY = 2**64 - 1
"""Stands for the number of a slot that is being filled or was never filled."""

HOT_BYTES = 8 * 2**20
"""Slots of so many bytes take turns while the disk keeps up."""

POLL = 0.0005
"""How often a reader that waits looks for a new frame, s."""


class FrameRing:
    """Slots for frames, in a file of the system's shared memory.

    Made by :meth:`create` in the process that owns the camera, and by :meth:`attach` in others.

    Attributes:
        path: The file.
        shape: Rows and columns of a frame.
        dtype: Type of a pixel.
        slots: The slots, each of shape (y, x).
    """

    def __init__(self, path: Path, memory: mmap.mmap) -> None:
        self.path = path
        head = json.loads(memory[8 : 8 + int.from_bytes(memory[:8], "little")])
        self.shape, self.dtype = tuple(head["shape"]), np.dtype(head["dtype"])
        count, pixels = head["slots"], int(np.prod(self.shape))
        room = _pages(pixels * self.dtype.itemsize)
        first = 2 * PAGE + _pages(16 * count)
        self._published = np.frombuffer(memory, "<u8", 1, PAGE)
        self._numbers = np.frombuffer(memory, "<u8", count, 2 * PAGE)
        self._times = np.frombuffer(memory, "<f8", count, 2 * PAGE + 8 * count)
        self.slots: list[NDArray[Any]] = [
            np.frombuffer(memory, self.dtype, pixels, first + room * slot).reshape(self.shape) for slot in range(count)
        ]
        self._hot_slots = min(count, max(2, HOT_BYTES // room))
        self._hot, self._rest = deque(range(self._hot_slots)), list(range(count - 1, self._hot_slots - 1, -1))
        self._held: dict[int, int] = {}

    @classmethod
    def create(cls, shape: tuple[int, int], dtype: np.dtype[Any], slots: int) -> FrameRing:
        """Make a ring.

        Args:
            shape: Rows and columns of a frame.
            dtype: Type of a pixel.
            slots: How many frames it holds, at least 2.

        Raises:
            FrameWriterError: There is not enough shared memory; says how much is wanted.

        Rings that were left behind by processes that died are removed first.
        """
        sweep_rings()
        head = json.dumps({"shape": shape, "dtype": dtype.str, "slots": slots}).encode()
        size = 2 * PAGE + _pages(16 * slots) + slots * _pages(int(np.prod(shape)) * dtype.itemsize)
        path = _folder() / f"{PREFIX}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            # Taken now: memory that is promised only would kill the process when it is not there later.
            os.posix_fallocate(descriptor, 0, size)
            memory = mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE)
        except OSError as error:
            path.unlink()
            text = f"{path.parent}: no room for {slots} frames, {size / 2**20:.0f} MiB: {error}; ask for fewer slots"
            raise FrameWriterError(text) from error
        finally:
            os.close(descriptor)
        memory[:8] = len(head).to_bytes(8, "little")
        memory[8 : 8 + len(head)] = head
        ring = cls(path, memory)
        ring._numbers[:] = BUSY
        return ring

    @classmethod
    def attach(cls, path: Path) -> FrameRing:
        """Open the ring of another process, to read.

        Raises:
            FrameWriterError: It is not there any more.
        """
        try:
            with path.open("rb") as file:
                return cls(path, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
        except OSError as error:
            raise FrameWriterError(f"{path}: the frames of this camera are not shared any more: {error}") from error

    @property
    def published(self) -> int:
        """Number of frames that were ever published."""
        return int(self._published[0])

    def claim(self, number: int) -> NDArray[Any]:
        """Return a slot for a frame, to be filled; readers do not find what was in it any more.

        One that was released, or the oldest frame's where none was.
        """
        if number not in self._held:
            if self._hot:
                slot = self._hot.popleft()
            elif self._rest:
                slot = self._rest.pop()
            else:
                slot = self._held.pop(min(self._held))
            self._held[number] = slot
        slot = self._held[number]
        self._numbers[slot] = BUSY
        return self.slots[slot]

    def slot(self, number: int) -> NDArray[Any]:
        """Return the slot of a frame that was claimed and not released, shape (y, x)."""
        return self.slots[self._held[number]]

    def release(self, number: int) -> None:
        """Let the slot of a frame be filled again; until then readers find the frame."""
        slot = self._held.pop(number)
        if slot < self._hot_slots:
            self._hot.append(slot)
        else:
            self._rest.append(slot)

    def publish(self, number: int, at: float) -> None:
        """Show a frame to readers.

        Args:
            number: Its number, one more than that of the frame before.
            at: When it was taken, s since 1970.
        """
        slot = self._held[number]
        self._times[slot] = at
        self._numbers[slot] = number
        self._published[0] = number + 1

    def copy(self, number: int, out: NDArray[Any] | None = None) -> tuple[NDArray[Any], float] | None:
        """Copy a frame out of its slot.

        Args:
            number: Its number.
            out: Where to, shape (y, x); a new array when None.

        Returns:
            The frame and when it was taken, s since 1970; None where its slot has another by now, or none yet.
        """
        found = np.flatnonzero(self._numbers == number)
        if not found.size:
            return None
        slot = int(found[0])
        frame, at = np.empty(self.shape, self.dtype) if out is None else out, float(self._times[slot])
        np.copyto(frame, self.slots[slot])
        return (frame, at) if int(self._numbers[slot]) == number else None

    def close(self) -> None:
        """Take the ring from the system; whoever is attached keeps what is in it."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


class RingReader:
    """Looks at the frames of a ring one after the other, in any process; when it is slow it misses the oldest.

    Args:
        ring: The ring.
        depth: How far behind the newest frame it may be before it gives frames up, at most one less than slots.

    Attributes:
        dropped: Number of frames that it has missed.
    """

    def __init__(self, ring: FrameRing, depth: int | None = None) -> None:
        self._ring = ring
        self._depth = min(depth or len(ring.slots), len(ring.slots) - 1)
        self._next = ring.published
        self.dropped = 0

    def next(self, timeout: float = 1.0, out: NDArray[Any] | None = None) -> tuple[int, NDArray[Any], float] | None:
        """Wait for the next frame and copy it.

        Args:
            timeout: How long to wait, s.
            out: Where to, shape (y, x); a new array when None.

        Returns:
            The frame's number in the ring, the frame, and when it was taken, s since 1970; None if none came.
        """
        end = time.monotonic() + timeout
        while True:
            published = self._ring.published
            if published > self._next:
                oldest = max(self._next, published - self._depth)
                self.dropped += oldest - self._next
                self._next = oldest + 1
                if (found := self._ring.copy(oldest, out)) is not None:
                    return oldest, *found
                self.dropped += 1
            elif time.monotonic() > end:
                return None
            else:
                time.sleep(POLL)

    def latest(self, out: NDArray[Any] | None = None) -> tuple[int, NDArray[Any], float] | None:
        """Copy the newest frame that was not seen yet, and give up those before; None if there is none."""
        self.dropped += max(0, self._ring.published - 1 - self._next)
        self._next = max(self._next, self._ring.published - 1)
        return self.next(0.0, out)


def sweep_rings() -> list[Path]:
    """Remove the rings of processes that have died; returns which."""
    removed = []
    for path in _folder().glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _alive(pid: int) -> bool:
    """Tell whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _folder() -> Path:
    """Return where the system keeps shared memory."""
    shared = Path("/dev/shm")  # noqa: S108
    return shared if shared.is_dir() else Path(tempfile.gettempdir())


def _pages(size: int) -> int:
    """Round a size up to whole pages."""
    return -(-size // PAGE) * PAGE
