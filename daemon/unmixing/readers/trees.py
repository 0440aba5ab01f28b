"""Files of many arrays: HDF5 and Zarr, read in the same way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.unmixing.plain import PlainArray
from daemon.unmixing.room import Room

Floats = NDArray[np.float64]

SMALL = 50_000_000
"""Arrays beside a stack that are larger than this many bytes are no energies, I0 or darks."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A file of arrays in groups.

    Attributes:
        file: The file or folder.
        arrays: Datasets of HDF5 or arrays of Zarr by path, without a leading slash; numbers only.
        groups: Attributes of groups by path, that of the root empty.
    """

    file: Path
    arrays: Mapping[str, Any]
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def attributes(self, path: str) -> dict[str, Any]:
        """Attributes of an array, texts as texts."""
        return plain_attributes(self.arrays[path].attrs)

    def small(self, besides: str) -> dict[str, Floats]:
        """The arrays that can be energies, I0 or darks."""
        return {
            path: np.asarray(array[...], float)
            for path, array in self.arrays.items()
            if path != besides and 0 < array.size * array.dtype.itemsize <= SMALL
        }

    def plain(self, path: str, room: Room) -> PlainArray:
        """The numbers of an array: where they lie, or else unpacked."""
        array = self.arrays[path]
        with _reading(self.file):
            offset = array.id.get_offset() if hasattr(array, "id") and not array.external else None
            if offset is not None and not array.is_virtual:
                return PlainArray(self.file, offset, array.dtype, array.shape)
            chunks = array.chunks or (1, *array.shape[1:])
            return room.lay_out(array, chunks)


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Say which file is broken.

    Raises:
        StackError: A part of it cannot be read or unpacked.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise StackError(f"{file}: a part of it cannot be read: {' '.join(str(error).split())}") from error


@contextlib.contextmanager
def open_hdf5(file: Path) -> Iterator[Tree]:
    """Open an HDF5 file.

    Raises:
        StackError: It is broken, or being written.
    """
    import h5py

    try:
        opened = h5py.File(file, "r")
    except OSError as error:
        raise StackError(f"{file}: HDF5 cannot open it: {error}") from error
    with opened:
        arrays: dict[str, Any] = {}
        groups: dict[str, Mapping[str, Any]] = {"": plain_attributes(opened.attrs)}

        def visit(path: str, node: Any) -> None:  # noqa: ANN401 - a group or a dataset
            if isinstance(node, h5py.Dataset) and node.dtype.kind in "uif":
                arrays[path] = node
            elif isinstance(node, h5py.Group):
                groups[path] = plain_attributes(node.attrs)

        opened.visititems(visit)
        yield Tree(file, arrays, groups)


@contextlib.contextmanager
def open_zarr(file: Path) -> Iterator[Tree]:
    """Open a Zarr hierarchy of format 2 or 3, a folder or packed into one file.

    Raises:
        StackError: It is broken.
    """
    import zarr
    from zarr.storage import LocalStore, ZipStore

    store: Any = ZipStore(file, mode="r") if file.is_file() else LocalStore(file, read_only=True)
    try:
        root = zarr.open(store, mode="r")
        members: Any = [("", root)] if isinstance(root, zarr.Array) else [("", root), *root.members(max_depth=None)]
        arrays = {path: node for path, node in members if isinstance(node, zarr.Array) and node.dtype.kind in "uif"}
        groups = {path: dict(node.attrs) for path, node in members if isinstance(node, zarr.Group)}
    except (OSError, ValueError, KeyError) as error:
        raise StackError(f"{file}: Zarr cannot open it: {' '.join(str(error).split())}") from error
    try:
        yield Tree(file, arrays, groups)
    finally:
        store.close()


def plain_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as plain Python: bytes as text, arrays of one element as that element."""
    found = {}
    for name in attributes:
        # An attribute of a type that h5py does not know must not hide the others.
        with contextlib.suppress(OSError, TypeError):
            found[name] = _plain_value(attributes[name])
    return found


def _plain_value(value: Any) -> Any:  # noqa: ANN401 - whatever an attribute may hold
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return _plain_value(value.item())
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        return [_plain_value(item) for item in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value
