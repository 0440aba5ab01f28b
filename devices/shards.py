"""One shard of an array of frames: a file that frames are appended to, and that is readable after each of them.

A shard of Zarr v3 is the packed frames and an index of where each lies, with a checksum (CRC32C). The format lets the
index stand at the start. It fits a page of the file there, and a page is written in one piece: a process that is
killed at any moment leaves the old index or the new one, each of which points at whole frames only. So there is nothing
to be recovered after a kill. What is appended never overwrites a frame, also not where a point is measured again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from devices.codecs import Packed
from devices.errors import FrameWriterError

PAGE = 4096
"""Room for the index, bytes: frames begin behind it, as pages of the file do."""

BLOCK = 2**19
"""Where large frames begin, bytes, behind a hole that takes no room on the disk: what lies across blocks of memory is
written by a fifth slower. A frame is large from half of this on."""

MOST_FRAMES = (PAGE - 4) // 16
"""Frames that an index of one page has room for: two 8-byte numbers each, and the checksum."""

PIECE = 2**19
"""Most bytes that are handed to the system at once. Of what comes in one call it keeps as large blocks of memory as it
can, and blocks of 2 MiB and more have to be found first: on a virtual machine a fifth of the rate was left of it."""

MISSING = 2**64 - 1
"""Stands for the place and the size of a frame that is not there."""

ATTEMPTS = 20
"""How often an index is read: a reader may meet it while it is being replaced."""


def blank_index(frames: int) -> bytes:
    """Return the content of a shard that has room for frames and holds none."""
    return _render(np.full((frames, 2), MISSING, "<u8"))


class ShardFile:
    """A shard that is being written.

    Args:
        path: The file, which holds an index at least.
        frames: Frames that it has room for, at most ``MOST_FRAMES``.
        sync: Whether a frame that is replaced must survive a power cut until its successor does.

    Raises:
        FrameWriterError: It is damaged.
        OSError: It cannot be opened.
    """

    __slots__ = ("_descriptor", "_end", "_index", "_sync", "path")

    def __init__(self, path: str, frames: int, *, sync: bool = False) -> None:
        self.path, self._sync = path, sync
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._index = read_index(self._descriptor, frames, path)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._end = max(os.fstat(self._descriptor).st_size, PAGE)

    def append(self, first: int, frames: Sequence[Packed]) -> None:
        """Append frames; each is whole and found by readers once this returns.

        Args:
            first: Place of the first of them in the shard; the others follow. What was there is replaced.
            frames: What is to be written.

        Raises:
            OSError: They could not be written; the shard holds what it held.
        """
        sizes = [frame.nbytes if isinstance(frame, memoryview) else len(frame) for frame in frames]
        if self._end == PAGE and max(sizes, default=0) >= BLOCK // 2:
            self._end = BLOCK
        places, at = [], self._end
        for size in sizes:
            places.append((at, size))
            at += size
        _write(self._descriptor, frames, self._end)
        index = self._index.copy()
        index[first : first + len(places)] = places
        if self._sync and (self._index[first : first + len(places), 0] != MISSING).any():
            self.sync()  # else the index might be on the medium before what it points at
        os.pwrite(self._descriptor, _render(index), 0)
        self._index, self._end = index, at

    def sync(self) -> None:
        """Force it to the medium."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)


def read_index(descriptor: int, frames: int, path: str) -> NDArray[np.uint64]:
    """Read where the frames of a shard lie.

    Args:
        descriptor: The file, open.
        frames: Frames that the shard has room for.
        path: For messages.

    Returns:
        Place and size of each frame, bytes, shape (frames, 2); ``MISSING`` for one that is not there. Read-only.

    Raises:
        FrameWriterError: The checksum is wrong.
    """
    for _ in range(ATTEMPTS):
        content = os.pread(descriptor, 16 * frames + 4, 0)
        if len(content) == 16 * frames + 4 and _checksum(content[:-4]) == content[-4:]:
            return np.frombuffer(content[:-4], "<u8").reshape(frames, 2)
        time.sleep(0.001)
    raise FrameWriterError(f"{path}: the shard's index is damaged")


def read_packed(path: Path, frames: int, place: int) -> bytes | None:
    """Read one packed frame of a shard, also while it is being written.

    Args:
        path: The file.
        frames: Frames that the shard has room for.
        place: Which frame.

    Returns:
        The packed frame, or None where the shard has none there.

    Raises:
        FileNotFoundError: There is no such shard.
        FrameWriterError: The shard is damaged.
    """
    with path.open("rb", buffering=0) as file:
        at, size = read_index(file.fileno(), frames, str(path))[place].tolist()
        if size == MISSING:
            return None
        content = os.pread(file.fileno(), size, at)
    if len(content) != size:
        raise FrameWriterError(f"{path}: the shard ends within a frame")
    return content


def _render(index: NDArray[np.uint64]) -> bytes:
    """Return an index as it lies on disk."""
    content = index.tobytes()
    return content + _checksum(content)


def _checksum(content: bytes) -> bytes:
    """Return the CRC32C as the format wants it."""
    return google_crc32c.value(content).to_bytes(4, "little")


def _write(descriptor: int, frames: Sequence[Packed], at: int) -> None:
    """Write all frames one after the other, in pieces that end where blocks of memory do."""
    group: list[memoryview] = []
    room = PIECE - at % PIECE
    for frame in frames:
        rest = memoryview(frame).cast("B")
        while rest:
            group.append(rest[:room])
            rest, room = rest[room:], room - len(group[-1])
            if not room:
                at = _write_piece(descriptor, group, at)
                group, room = [], PIECE
    _write_piece(descriptor, group, at)


def _write_piece(descriptor: int, group: list[memoryview], at: int) -> int:
    """Write what the system may take in parts; returns the place behind it."""
    size = sum(map(len, group))
    done = os.pwritev(descriptor, group, at) if group else 0
    if done < size:
        rest = memoryview(b"".join(group))[done:]
        while rest:
            taken = os.pwrite(descriptor, rest, at + size - len(rest))
            rest = rest[taken:]
    return at + size
