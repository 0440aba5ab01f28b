"""Reading recorded maps: HDF5, Zarr, NumPy, TIFF and CSV."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from devices.protocols import Coordinate
from simulators.errors import SimulatorError
from simulators.recorded.hdf5 import read_hdf5
from simulators.recorded.layout import StoredArray, to_map
from simulators.recorded.recorded_map import RecordedMap
from simulators.recorded.selection import choose
from simulators.recorded.tables import read_table
from simulators.recorded.zarr_store import read_zarr

Reader = Callable[[Path, str | None], StoredArray | RecordedMap]


def load(path: str | os.PathLike[str], dataset: str | None = None, *, dims: str | None = None) -> RecordedMap:
    """Read a recorded map.

    Args:
        path: File (or Zarr folder); ``~`` and environment variables in it are replaced.
        dataset: Which array of the file, or column of a table: its full name, or a part of it that fits one alone.
            May be left out where there is one only.
        dims: Order of the axes, see :func:`simulators.recorded.layout.to_map`.

    Returns:
        The map, as it was stored.

    Raises:
        SimulatorError: There is no such file or dataset, or it is not a map; says what there is.
    """
    file = expand(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise SimulatorError(f"{file}: unknown kind of file; choose one of {', '.join(_READERS)}")
    if not file.exists():
        raise SimulatorError(f"{file}: no such file")
    try:
        found = reader(file, dataset)
    except SimulatorError:
        raise
    except Exception as error:
        # Each format's library has its own words for a damaged file.
        raise SimulatorError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
    return to_map(found, dims) if isinstance(found, StoredArray) else found


def expand(path: str | os.PathLike[str]) -> Path:
    """Replace ``~`` and environment variables in a path.

    Raises:
        SimulatorError: A variable is not set.
    """
    text = os.path.expandvars(os.fspath(path))
    if missing := re.search(r"\$\{?(\w+)", text):
        raise SimulatorError(f"{path}: the environment variable {missing[1]} is not set")
    return Path(text).expanduser()


def _read_npy(file: Path, dataset: str | None) -> StoredArray:
    """Read one array."""
    if dataset is not None:
        raise SimulatorError(f"{file}: holds one array without a name; leave dataset out")
    return StoredArray(np.load(file, allow_pickle=False), source=str(file))


def _read_npz(file: Path, dataset: str | None) -> StoredArray:
    """Read one of several arrays, and one-dimensional ones named x, y, … as its axes."""
    with np.load(file, allow_pickle=False) as archive:
        arrays: Mapping[str, NDArray[Any]] = {name: archive[name] for name in archive.files}
    name = choose(file, [key for key, array in arrays.items() if array.ndim >= 2], dataset)
    values = arrays[name]
    axes: list[Coordinate | None] = [None] * values.ndim
    order = ["y", "x", *(key for key, array in arrays.items() if array.ndim == 1 and key not in ("x", "y"))]
    for axis, key in enumerate(order[: values.ndim]):
        if key in arrays and arrays[key].shape == (values.shape[axis],):
            axes[axis] = Coordinate(arrays[key].astype(float), "", key)
    return StoredArray(values, tuple(axes), name=name, source=f"{file}:{name}")


def _read_tiff(file: Path, dataset: str | None) -> StoredArray:
    """Read one series of images; axes other than Y and X are those of a spectrum."""
    with tifffile.TiffFile(file) as images:
        series = {entry.name or str(number): entry for number, entry in enumerate(images.series)}
        name = choose(file, list(series), dataset)
        chosen = series[name]
        values, letters = chosen.asarray(), chosen.axes.lower()
    axes = tuple(
        Coordinate(np.arange(length, dtype=float), "px", letter)
        for letter, length in zip(letters, values.shape, strict=True)
    )
    return StoredArray(values, axes, source=f"{file}:{name}")


_READERS: dict[str, Reader] = {
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".hdf": read_hdf5,
    ".nxs": read_hdf5,
    ".zarr": read_zarr,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".tif": _read_tiff,
    ".tiff": _read_tiff,
    ".csv": read_table,
    ".tsv": read_table,
    ".txt": read_table,
    ".dat": read_table,
}
