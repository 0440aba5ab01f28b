"""Which reader a file needs, told by what is in it and not by its name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from daemon.errors import StackError
from daemon.recorder.layout import JOURNAL
from daemon.unmixing.contents import Contents, Request
from daemon.unmixing.readers.trees import Tree, open_hdf5, open_zarr
from daemon.unmixing.room import Room

ZARR_FILES = ("zarr.json", ".zgroup", ".zarray")
TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
READABLE = "a run, HyperSpy (.hspy, .zspy), HDF5, NeXus, Zarr, TIFF (or a folder of them), .npy and .npz can be read"


def read_contents(path: Path, request: Request, room: Room) -> Contents:
    """Read a stack of any kind.

    Args:
        path: A file, or the folder of a run, of a Zarr hierarchy or of images.
        request: What a person says about it.
        room: Where it may be unpacked.

    Returns:
        What was found.

    Raises:
        StackError: It cannot be read, or holds no stack.
        RecorderError: It is a run, and broken.
    """
    return (_read_folder if path.is_dir() else _read_file)(path, request, room)


def _read_folder(path: Path, request: Request, room: Room) -> Contents:
    from daemon.unmixing.readers.tiff import SUFFIXES, read_folder

    if (path / JOURNAL).is_file():
        from daemon.unmixing.readers.run import read_run

        return read_run(path, request, room)
    if any((path / name).is_file() for name in ZARR_FILES):
        return _read_tree(open_zarr, path, request, room)
    if any(file.suffix.lower() in SUFFIXES for file in path.iterdir()):
        return read_folder(path, request, room)
    raise StackError(f"{path} is no stack: {READABLE}")


def _read_file(path: Path, request: Request, room: Room) -> Contents:
    from daemon.unmixing.readers.numpy import read_npy, read_npz
    from daemon.unmixing.readers.tiff import read_tiff

    try:
        with path.open("rb") as file:
            beginning = file.read(8)
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}") from error
    if beginning.startswith(b"\x89HDF"):
        return _read_tree(open_hdf5, path, request, room)
    if beginning.startswith(TIFF_BEGINNINGS):
        return read_tiff(path, request, room)
    if beginning.startswith(b"\x93NUMPY"):
        return read_npy(path, request, room)
    if beginning.startswith(b"PK") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            arrays = [name for name in packed.namelist() if name.endswith(".npy")]
        return read_npz(path, request, room) if arrays else _read_tree(open_zarr, path, request, room)
    raise StackError(f"{path} is no stack: {READABLE}")


def _read_tree(
    opened: Callable[[Path], AbstractContextManager[Tree]], path: Path, request: Request, room: Room
) -> Contents:
    from daemon.unmixing.readers.arrays import read_arrays
    from daemon.unmixing.readers.hyperspy import is_hyperspy, read_hyperspy

    with opened(path) as tree:
        return (read_hyperspy if is_hyperspy(tree) else read_arrays)(tree, request, room)
