"""Writing files so that a reader, a killed process or a full disk never meets half of one."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from daemon.errors import disk_errors


def write_atomically(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Writes a file beside its place and moves it there.

    Args:
        path: the file; what it held before stays whole until the new content is complete.
        content: the new content.
        sync: whether the content must be on the medium, not only with the operating system, before this returns.

    Raises:
        DiskFull: when there is no room; `path` is untouched and nothing is left beside it.
        RecorderError: for any other error of the file system.
    """
    stage(path, content, sync=sync)
    commit(path)


def stage(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Writes the new content of `path` beside it; `commit` by the same thread puts it in place. Arguments as above."""
    beside = _beside(path)
    with disk_errors(path):
        try:
            with beside.open("wb", buffering=0) as file:
                write_all(file.fileno(), content)
                if sync:
                    os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise


def commit(path: Path) -> None:
    """Puts in place what `stage` wrote for `path`."""
    with disk_errors(path):
        _beside(path).replace(path)


def write_all(descriptor: int, content: bytes) -> None:
    """Writes all of `content`; the system may take it in pieces."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Reserve:
    """Room put aside while a run is open, so that it can be closed properly on a disk that has filled up.

    Args:
        path: the file that occupies the room.
        size: how much, bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path: Path | None = path
        with disk_errors(path), path.open("wb") as file:
            _occupy(file.fileno(), size)

    def moved(self, folder: Path) -> None:
        """Tells that the folder which holds the file has a new name."""
        if self._path is not None:
            self._path = folder / self._path.name

    def release(self) -> bool:
        """Gives the room back; False when that was done before."""
        path, self._path = self._path, None
        if path is not None:
            path.unlink(missing_ok=True)
        return path is not None


def _occupy(descriptor: int, size: int) -> None:
    """Takes room for an empty file; on systems that cannot put room aside, by filling it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        # Not with zeros: some file systems keep nothing of them.
        write_all(descriptor, os.urandom(size))


def _beside(path: Path) -> Path:
    # Engine and analyst write some files at the same time, such as the metadata of the group that both write into.
    return path.with_name(f".{path.name}.{threading.get_native_id()}.part")
