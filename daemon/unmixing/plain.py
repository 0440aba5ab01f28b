"""Arrays that lie plainly in a file, and how any other array is laid out like that once.

An unmixing reads bands of rows through all energies, several times. Compressed frames would have to be unpacked anew
for each band; so what is not plain already is unpacked once, into a file that is removed afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Sliceable(Protocol):
    """An array that is read in pieces: a dataset of HDF5, an array of Zarr, the pages of a TIFF."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        ...

    @property
    def dtype(self) -> Any:  # noqa: ANN401 - each library has a type of its own
        """Type of an element."""
        ...

    def __getitem__(self, key: Any, /) -> Any: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class PlainArray:
    """An array that lies uncompressed and in one piece in a file.

    Attributes:
        file: The file.
        offset: Where it begins, bytes.
        dtype: Type of an element, with its byte order.
        shape: Length of each axis.
        order: ``C`` where the last axis varies fastest, ``F`` where the first one does.
    """

    file: Path
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: str = "C"

    def is_cut_off(self) -> bool:
        """Tell whether the file ends before the array does."""
        return self.file.stat().st_size < self.offset + math.prod(self.shape) * self.dtype.itemsize

    def __getitem__(self, key: Any) -> NDArray[Any]:  # noqa: ANN401 - any index that NumPy takes
        """Read a part."""
        # Mapped anew each time: what was read before no longer counts as this process's memory.
        mapped = np.memmap(self.file, self.dtype, "r", self.offset, self.shape, "C" if self.order == "C" else "F")
        return np.array(mapped[key], dtype=self.dtype.newbyteorder("="))


@dataclass(frozen=True, slots=True)
class PlainStack:
    """A plain array seen as a stack.

    Attributes:
        array: The array; axes beyond the three have length 1.
        axes: Which of its axes is the energy, which are rows and columns.
    """

    array: PlainArray
    axes: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of energies, rows and columns."""
        energies, rows, columns = (self.array.shape[axis] for axis in self.axes)
        return energies, rows, columns

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        return self.array.dtype.newbyteorder("=")

    def __getitem__(self, key: Any) -> NDArray[Any]:  # noqa: ANN401 - up to three slices or numbers
        """Read a part, by slices or numbers for energy, rows and columns."""
        given = key if isinstance(key, tuple) else (key,)
        wanted = dict(zip(self.axes, (*given, *(slice(None),) * (3 - len(given))), strict=True))
        part = self.array[tuple(_as_slice(wanted.get(axis, 0)) for axis in range(len(self.array.shape)))]
        cube = part.transpose(*self.axes, *(axis for axis in range(part.ndim) if axis not in self.axes))
        return cube.reshape(cube.shape[:3])[tuple(0 if isinstance(k, int) else slice(None) for k in given)]


def _as_slice(key: int | slice) -> slice:
    """A number as a slice of length 1, so that no axis is lost before axes are put in order."""
    return key if isinstance(key, slice) else slice(key, key + 1 or None)


def piece_shape(shape: Sequence[int], chunks: Sequence[int], itemsize: int, memory: int) -> list[int]:
    """Find the largest piece of whole chunks that fits, grown along the last axis first.

    Args:
        shape: Length of each axis of the array.
        chunks: Shape of a chunk.
        itemsize: Bytes of an element.
        memory: Bytes of a piece; a chunk is never cut.
    """
    piece = [min(chunk, length) for chunk, length in zip(chunks, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        fit = max(1, memory // (itemsize * math.prod(piece)))
        piece[axis] = min(shape[axis], piece[axis] * fit)
    return piece


def pieces(shape: Sequence[int], piece: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Cut an array into pieces."""
    starts = (range(0, length, step) for length, step in zip(shape, piece, strict=True))
    for corner in product(*starts):
        yield tuple(slice(at, at + step) for at, step in zip(corner, piece, strict=True))
