"""The room that reading a stack may take, in memory and on disk."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from daemon.errors import StackError, disk_errors, free_space
from daemon.unmixing.plain import PlainArray, Sliceable, piece_shape, pieces
from daemon.wording import amount

Advance = Callable[[str, float], None]
"""Told what is being done and which part of it is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where and how much.

    Attributes:
        folder: Files made here are removed at the end.
        memory: Bytes that a piece of a stack may take in memory.
        advance: Told how far the unpacking is.
    """

    folder: Path
    memory: int
    advance: Advance | None = None
    _numbers: Iterator[int] = field(default_factory=count, repr=False)

    def new_file(self, size: int) -> Path:
        """Name a file to be made.

        Args:
            size: What it will take, bytes.

        Raises:
            StackError: There is no room for it.
        """
        free = free_space(self.folder)
        if free is not None and size > free:
            raise StackError(
                f"unpacking the stack takes {amount(size)}, and {self.folder.parent} has {amount(free)} free: "
                "name a folder with more room after --scratch"
            )
        return self.folder / f"stack-{next(self._numbers)}"

    def lay_out(self, array: Sliceable, chunks: Sequence[int]) -> PlainArray:
        """Unpack an array into a file of its own, piece by piece.

        Args:
            array: What is unpacked.
            chunks: Shape of the pieces that it is packed in; none of them is ever cut.

        Returns:
            The same array, plain.

        Raises:
            StackError: There is no room for it.
            DiskFull: The room was used up by somebody else meanwhile.
        """
        shape, dtype = tuple(map(int, array.shape)), np.dtype(array.dtype)
        size = math.prod(shape) * dtype.itemsize
        file = self.new_file(size)
        with disk_errors(file), file.open("wb") as made:
            # Put aside at once: a process that writes to a mapped file on a full disk is killed.
            (os.posix_fallocate if hasattr(os, "posix_fallocate") else _grow)(made.fileno(), 0, max(size, 1))
        parts = list(pieces(shape, piece_shape(shape, chunks, dtype.itemsize, self.memory // 4)))
        for done, part in enumerate(parts, start=1):
            # Mapped anew each time: what was written before no longer counts as this process's memory.
            np.memmap(file, dtype, "r+", 0, shape)[part] = array[part]
            if self.advance is not None:
                self.advance("unpacking", done / len(parts))
        return PlainArray(file, 0, dtype, shape)


def _grow(descriptor: int, start: int, size: int) -> None:
    """Make a file longer on systems that cannot put room aside."""
    os.ftruncate(descriptor, start + size)


@contextlib.contextmanager
def make_room(folder: Path, memory: int, advance: Advance | None = None) -> Iterator[Room]:
    """Make a folder for unpacked stacks, and remove it however the work ends.

    Args:
        folder: Where it is made; made too where it does not exist.
        memory: Bytes that a piece of a stack may take in memory.
        advance: Told how far the unpacking is.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix=".unmix-", dir=folder)
    with made:
        yield Room(Path(made.name), memory, advance)
