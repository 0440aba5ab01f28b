"""How a camera's frames look, and how they lie in a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.codecs import decode
from devices.errors import FrameWriterError
from devices.protocols import Coordinate
from devices.shards import MOST_FRAMES, read_packed
from devices.store import frames_per_shard, shard_file


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """What a camera's frames look like.

    Attributes:
        key: Data key of the frames, the camera's name.
        shape: Rows (y) and columns (x).
        dtype: Type of a pixel.
        units: Unit of a pixel.
        coordinates: Coordinates by dimension name, ``<key>_y`` and ``<key>_x``.
        bad_pixels: Pixels known to be hot or dead, shape (y, x), or None.
        saturation: Value from which on a pixel is saturated, or None where none is known.
        frames: Frames of one event.
        good_pixels: The others, shape (y, x).
    """

    key: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    units: str = "counts"
    coordinates: Mapping[str, Coordinate] = field(default_factory=dict)
    bad_pixels: NDArray[np.bool_] | None = None
    saturation: float | None = None
    frames: int = 1
    good_pixels: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """Check the number of frames.

        Raises:
            FrameWriterError: A shard has no room for one event.
        """
        if not 1 <= self.frames <= MOST_FRAMES:
            raise FrameWriterError(f"{self.key}: an event holds 1 to {MOST_FRAMES} frames, not {self.frames}")
        good = np.ones(self.shape, bool) if self.bad_pixels is None else ~self.bad_pixels
        object.__setattr__(self, "good_pixels", good)

    @property
    def dimensions(self) -> tuple[str, str, str]:
        """Names of the dimensions of what one event adds: frames, rows, columns."""
        return f"{self.key}_frame", f"{self.key}_y", f"{self.key}_x"

    @property
    def counts(self) -> bool:
        """Whether the pixels are whole numbers."""
        return self.dtype.kind in "iu"

    @property
    def chunk_shape(self) -> tuple[int, int, int, int]:
        """Shape of one frame's chunk, with the event axis first."""
        return (1, 1, *self.shape)

    @property
    def shard_shape(self) -> tuple[int, int, int, int]:
        """Shape of a shard: as many events as go into one file."""
        room = frames_per_shard(self.dtype.itemsize * self.shape[0] * self.shape[1])
        return (max(1, room // self.frames), self.frames, *self.shape)

    @property
    def little_endian(self) -> np.dtype[Any]:
        """The type of a pixel as it lies on disk."""
        return self.dtype.newbyteorder("<")

    def same_as(self, other: FrameLayout) -> bool:
        """Tell whether another layout is equal, arrays compared element by element."""
        return (
            (self.key, self.shape, self.dtype, self.units) == (other.key, other.shape, other.dtype, other.units)
            and self.frames == other.frames
            and np.array_equal(self.good_pixels, other.good_pixels)
            and (self.bad_pixels is None) == (other.bad_pixels is None)
            and self.saturation == other.saturation
            and self.coordinates.keys() == other.coordinates.keys()
            and all(value.same_as(other.coordinates[name]) for name, value in self.coordinates.items())
        )

    def data_key(self) -> dict[str, Any]:
        """Describe the frames, as event-model's ``data_key`` wants it."""
        return {
            "source": "backend:expose",
            "dtype": "array",
            "dtype_numpy": self.little_endian.str,
            "shape": [self.frames, *self.shape],
            "dims": list(self.dimensions),
            "units": self.units,
            "external": "STREAM:",
        }


def read_frames(array: Path, index: int) -> NDArray[Any]:
    """Read all frames of one event, shape (frames, y, x): see :func:`read_frame`."""
    first = read_frame(array, index)
    count = _described(array)["shape"][1]
    return np.stack([first, *(read_frame(array, index, number) for number in range(1, count))])


def read_frame(array: Path, index: int, frame: int = 0) -> NDArray[Any]:
    """Read a frame of one event, of an open run or of a closed one.

    While a run is open its frames lie on disk before the array's length says so: this reads the shard itself.

    Args:
        array: Folder of the array, ``<run>/<stream>/<key>``.
        index: Which event, counted from 0.
        frame: Which of its frames, counted from 0.

    Returns:
        The frame, shape (y, x).

    Raises:
        FrameWriterError: There is no such frame, or its shard is damaged.
    """
    try:
        metadata = _described(array)
        if len(metadata["shape"]) != 4:
            raise FrameWriterError(f"{array}: this holds no frames")
        length, count, *shape = metadata["shape"]
        if index < 0 or 0 < length <= index or not 0 <= frame < count:
            raise FileNotFoundError
        packing = metadata["codecs"][0].get("configuration", {})
        if packing.get("index_location") != "start":
            return _read_by_zarr(array, index, frame)
        per_shard = metadata["chunk_grid"]["configuration"]["chunk_shape"][0] * count
        number, place = divmod(index * count + frame, per_shard)
        content = read_packed(shard_file(array, number), per_shard, place)
        if content is None:
            raise FileNotFoundError
        dtype = np.dtype(metadata["data_type"]).newbyteorder("<")
        return decode(content, [codec["name"] for codec in packing["codecs"]], dtype).reshape(shape)
    except FileNotFoundError:
        which = f" number {frame}" if frame else ""
        raise FrameWriterError(f"{array}: there is no frame{which} of event {index}") from None


def _described(array: Path) -> dict[str, Any]:
    """Return what describes an array."""
    return json.loads((array / "zarr.json").read_text(encoding="utf-8"))


def _read_by_zarr(array: Path, index: int, frame: int) -> NDArray[Any]:
    """Read a frame of an array that was packed after its run, or was written by another program."""
    import zarr

    frames = zarr.open_array(array, mode="r")
    if index >= frames.shape[0]:
        raise FileNotFoundError
    return np.asarray(frames[index, frame])
