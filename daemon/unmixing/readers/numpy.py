"""Stacks in files of NumPy."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from daemon.errors import StackError, disk_errors
from daemon.unmixing.contents import Contents, Dimension, Request
from daemon.unmixing.names import choose_array, with_roles
from daemon.unmixing.plain import PlainArray
from daemon.unmixing.room import Room

SUFFIX = ".npy"
SMALL = 50_000_000
"""Arrays beside a stack that are larger than this many bytes are no energies, I0 or darks."""


def read_npy(file: Path, request: Request, room: Room) -> Contents:
    """Read a ``.npy`` file where it lies; it tells nothing but the numbers.

    Raises:
        StackError: It holds something else than numbers.
    """
    del request, room
    array = _plain(file, file.name)
    return Contents(array, (Dimension(),) * len(array.shape), file.name)


def read_npz(file: Path, request: Request, room: Room) -> Contents:
    """Read a ``.npz`` file: the stack is unpacked, smaller arrays can be named.

    Raises:
        StackError: Which of its arrays is the stack cannot be told.
    """
    try:
        return _read_npz(file, request, room)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise StackError(f"{file}: cannot be read: {error}") from error


def _read_npz(file: Path, request: Request, room: Room) -> Contents:
    """Unpack the stack and read what is beside it."""
    with zipfile.ZipFile(file) as packed:
        shapes = {}
        for name in (name for name in packed.namelist() if name.endswith(SUFFIX)):
            with packed.open(name) as member:
                shapes[name.removesuffix(SUFFIX)] = _header(member)[0]
        chosen = choose_array(shapes, request.dataset, file.name)
        unpacked = room.new_file(packed.getinfo(chosen + SUFFIX).file_size)
        with disk_errors(unpacked), packed.open(chosen + SUFFIX) as source, unpacked.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        small = [n for n in shapes if n != chosen and packed.getinfo(n + SUFFIX).file_size <= SMALL]
    with np.load(file, allow_pickle=False) as arrays:
        named = {name: arrays[name].astype(float) for name in small if arrays[name].dtype.kind in "uif"}
    array = _plain(unpacked, file.name)
    named, notes = with_roles(named, chosen, array.shape)
    return Contents(array, (Dimension(),) * len(array.shape), f"{file.name}, array {chosen}", named, tuple(notes))


def _plain(file: Path, name: str) -> PlainArray:
    """Find the numbers of a ``.npy`` file.

    Raises:
        StackError: It holds something else than numbers.
    """
    with file.open("rb") as opened:
        try:
            shape, fortran, dtype = _header(opened)
        except (ValueError, EOFError) as error:
            raise StackError(f"{name}: cannot be read: {error}") from error
        if dtype.hasobject:
            raise StackError(f"{name} holds Python objects: save it as an array of numbers")
        return PlainArray(file, opened.tell(), dtype, shape, "F" if fortran else "C")


def _header(opened: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first axis varies fastest, and type."""
    version = np.lib.format.read_magic(opened)
    old = version == (1, 0)
    return (np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0)(opened)
