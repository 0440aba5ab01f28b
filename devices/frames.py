"""How a camera's frames look, and how they lie in a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.errors import FrameWriterError
from devices.protocols import Coordinate


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
        good_pixels: The others, shape (y, x).
    """

    key: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    units: str = "counts"
    coordinates: Mapping[str, Coordinate] = field(default_factory=dict)
    bad_pixels: NDArray[np.bool_] | None = None
    saturation: float | None = None
    good_pixels: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
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
        """Shape of one event's chunk, with the event axis first."""
        return (1, 1, *self.shape)

    @property
    def little_endian(self) -> np.dtype[Any]:
        """The type of a pixel as it lies on disk."""
        return self.dtype.newbyteorder("<")

    def same_as(self, other: FrameLayout) -> bool:
        """Tell whether another layout is equal, arrays compared element by element."""
        return (
            (self.key, self.shape, self.dtype, self.units) == (other.key, other.shape, other.dtype, other.units)
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
            "shape": [1, *self.shape],
            "dims": list(self.dimensions),
            "units": self.units,
            "external": "STREAM:",
        }


def chunk_file(array: Path, index: int) -> Path:
    """Return where the frame of one event lies before the run is compacted."""
    return array / "c" / str(index) / "0" / "0" / "0"


def read_frame(array: Path, index: int) -> NDArray[Any]:
    """Read the frame of one event, of an open run or of a closed one.

    While a run is open its frames lie on disk before the array's length says so: this reads the chunk itself.

    Args:
        array: Folder of the array, ``<run>/<stream>/<key>``.
        index: Which event, counted from 0.

    Returns:
        The frame, shape (y, x).

    Raises:
        FrameWriterError: There is no such frame.
    """
    try:
        metadata = json.loads((array / "zarr.json").read_text(encoding="utf-8"))
        if metadata["codecs"][0]["name"] == "sharding_indexed":
            return _read_packed(array, index)
        dtype = np.dtype(metadata["data_type"]).newbyteorder("<")
        return np.fromfile(chunk_file(array, index), dtype).reshape(metadata["shape"][2:])
    except FileNotFoundError:
        raise FrameWriterError(f"{array}: there is no frame of event {index}") from None


def _read_packed(array: Path, index: int) -> NDArray[Any]:
    """Read a frame of a compacted array."""
    import zarr

    frames = zarr.open_array(array, mode="r")
    if not 0 <= index < frames.shape[0]:
        raise FrameWriterError(f"{array}: there is no frame of event {index}, only of {frames.shape[0]} events")
    return np.asarray(frames[index, 0])
