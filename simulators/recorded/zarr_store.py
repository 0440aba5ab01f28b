"""Maps in Zarr folders, with the conventions that xarray reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from devices.protocols import Coordinate
from simulators.recorded.layout import StoredArray
from simulators.recorded.selection import choose


def read_zarr(folder: Path, dataset: str | None) -> StoredArray:
    """Read one array of a Zarr folder with its coordinates.

    Args:
        folder: The folder: an array, or a group of arrays.
        dataset: Full name, or a part of the path that fits one array alone; None where there is one only.

    Returns:
        The array.
    """
    root = zarr.open(folder, mode="r")
    if isinstance(root, zarr.Array):
        return _stored(root, {}, str(folder))
    arrays = {path: node for path, node in root.members(max_depth=None) if isinstance(node, zarr.Array)}
    name = choose(folder, [path for path, array in arrays.items() if array.ndim >= 2], dataset)
    group = name.rpartition("/")[0]
    beside = {path.rsplit("/", 1)[-1]: array for path, array in arrays.items() if path.rpartition("/")[0] == group}
    return _stored(arrays[name], beside, f"{folder}:{name}")


def _stored(array: zarr.Array[Any], beside: Mapping[str, zarr.Array[Any]], source: str) -> StoredArray:
    """An array with the one-dimensional arrays beside it that bear its dimensions' names."""
    metadata: Any = array.metadata
    names: Any = getattr(metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS", ())
    axes = tuple(
        _axis(str(name or ""), beside.get(str(name)), length) for name, length in zip(names, array.shape, strict=False)
    )
    name = str(array.attrs.get("long_name", source.rsplit(":", 1)[-1].rsplit("/", 1)[-1]))
    return StoredArray(np.asarray(array[...]), axes, str(array.attrs.get("units", "")), name, source)


def _axis(name: str, coordinate: zarr.Array[Any] | None, length: int) -> Coordinate:
    """The coordinate of a dimension, or its pixel numbers."""
    if coordinate is None or coordinate.ndim != 1:
        return Coordinate(np.arange(length, dtype=float), "px", name)
    return Coordinate(np.asarray(coordinate[...], float), str(coordinate.attrs.get("units", "")), name)
