"""The frames of one array on disk: appended to shards, each frame readable as soon as it is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.codecs import FrameCodec, Packed
from devices.files import sync_file, write_whole
from devices.shards import MOST_FRAMES, ShardFile, blank_index

SHARD_BYTES = 64 * 2**20
"""Size of a shard before its frames are packed, bytes."""

DEPTH = 4
"""Folders from an array to a shard, for arrays of four dimensions."""


def frames_per_shard(frame_bytes: int) -> int:
    """Return how many frames of a size a shard has room for."""
    return max(1, min(MOST_FRAMES, SHARD_BYTES // max(frame_bytes, 1)))


def shard_file(array: Path, number: int) -> Path:
    """Return where a shard of an array of frames lies."""
    return array / "c" / str(number) / "0" / "0" / "0"


class FrameStore:
    """Writes frames of consecutive events into the shards of an array; used by one thread at a time.

    Args:
        array: Folder of the array, which holds its description.
        codec: How frames are packed.
        per_shard: Frames that a shard has room for.
        sync: Whether frames must survive a power cut, see :meth:`sync`, and not only the death of the process.
    """

    def __init__(self, array: Path, codec: FrameCodec, per_shard: int, *, sync: bool = False) -> None:
        self._array, self._per_shard, self._sync = array, per_shard, sync
        self._encode, self._packs = codec.encoder(), bool(codec.library)
        self._shard: tuple[int, ShardFile] | None = None
        self._ahead: tuple[int, Future[None]] | None = None
        self._unsynced: set[str] = set()
        self._new: set[str] = set()
        self._helpers: dict[str, ThreadPoolExecutor] = {}

    def write(self, first: int, frames: Sequence[NDArray[Any]]) -> None:
        """Write the frames of consecutive events; what was written for these events before is replaced.

        Args:
            first: Event of the first frame, counted from 0.
            frames: The frames, each of shape (y, x), little-endian, C-contiguous.

        Raises:
            OSError: They could not be written; the shards hold what they held, or the first few of the frames.
        """
        while frames:
            number, place = divmod(first, self._per_shard)
            now = frames[: self._per_shard - place]
            shard = self._open(number)
            if len(frames) > 1:
                self._make_ahead(number + 1)
            shard.append(place, self._pack(now))
            self._unsynced.add(shard.path)
            first, frames = first + len(now), frames[len(now) :]

    def _pack(self, frames: Sequence[NDArray[Any]]) -> list[Packed]:
        """Pack frames, half of them in another thread where that takes long."""
        half = len(frames) // 2 if self._packs else 0
        others = self._helper("pack").submit(lambda: [self._encode(frame) for frame in frames[:half]]) if half else None
        rest = [self._encode(frame) for frame in frames[half:]]
        return rest if others is None else [*others.result(), *rest]

    def sync(self) -> None:
        """Force everything that was written to the medium, and the names of new files and folders."""
        if "sync" in self._helpers:
            self.begin_sync().result()  # what was begun before ends before
        else:
            _sync_all(self._take_unsynced())

    def begin_sync(self) -> Future[None]:
        """Begin to force what was written so far to the medium; what is written meanwhile need not be among it."""
        return self._helper("sync").submit(_sync_all, self._take_unsynced())

    def close(self) -> None:
        """Write no more."""
        if self._shard is not None:
            self._shard[1].close()
            self._shard = None
        for helper in self._helpers.values():
            helper.shutdown()
        self._helpers.clear()
        self._ahead = None

    def _helper(self, name: str) -> ThreadPoolExecutor:
        """Return a thread that does one kind of work, in the order in which it is asked."""
        if name not in self._helpers:
            self._helpers[name] = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-frames")
        return self._helpers[name]

    def _take_unsynced(self) -> list[str]:
        """Return the files and folders that are to be forced to the medium, each once."""
        paths, self._unsynced, self._new = [*self._unsynced, *self._new], set(), set()
        return paths

    def _make_ahead(self, number: int) -> None:
        """Begin to make the shard that a burst will need next: that takes as long as to write some frames."""
        if self._ahead is None or self._ahead[0] != number:
            self._ahead = number, self._helper("make").submit(self._make, number)

    def _make(self, number: int) -> None:
        """Make a shard without frames, where it is absent."""
        path = shard_file(self._array, number)
        if not path.exists():
            write_whole(path, blank_index(self._per_shard))

    def _open(self, number: int) -> ShardFile:
        """Return a shard, open; only one is at a time."""
        if self._shard is not None:
            if self._shard[0] == number:
                return self._shard[1]
            self._shard[1].close()
            self._shard = None
            if self._sync:
                self.begin_sync()  # what is on the medium at the end need not be waited for then
        if self._ahead is not None and self._ahead[0] == number:
            self._ahead[1].result()
        else:
            self._make(number)
        path = folder = os.fspath(shard_file(self._array, number))
        for _ in range(DEPTH + 1):
            folder = os.path.dirname(folder)  # noqa: PTH120
            self._new.add(folder)
        self._shard = number, ShardFile(path, self._per_shard, sync=self._sync)
        return self._shard[1]


def _sync_all(paths: Sequence[str]) -> None:
    """Force files and folders to the medium."""
    for path in paths:
        sync_file(path)


def on_disk(frame: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a frame as it lies on disk, the same array where it is that already."""
    return frame.astype(dtype, "C", copy=False)
