"""Which reader a file needs, told by what is in it and not by its name."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tokenize import TokenError

from daemon.detection.scan import Request, Scan
from daemon.errors import ScanError

Reader = Callable[[Path, Request], list[Scan]]

SUFFIXES = (".sxm", ".gwy", ".png", ".tif", ".tiff", ".npy", ".npz")
DAMAGED = (
    OSError,
    EOFError,
    MemoryError,
    LookupError,
    ArithmeticError,
    TypeError,
    ValueError,
    SyntaxError,
    RuntimeError,
    TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What libraries raise over damaged files, apart from errors of their own."""
READABLE = "Nanonis .sxm, Gwyddion .gwy, PNG, TIFF, .npy and .npz can be read"


def find_files(path: Path) -> list[Path]:
    """The files of images that a path stands for: itself, or those in a folder, by name.

    Raises:
        ScanError: There is none.
    """
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    if not files:
        raise ScanError(f"{path} holds no image: {READABLE}")
    return files


def read_scans(file: Path, request: Request) -> list[Scan]:
    """Read the images of a file.

    Args:
        file: Of any kind that can be read.
        request: What a person says about it.

    Raises:
        ScanError: It is no image, or damaged; says what to do.
    """
    reader = _reader(file)
    try:
        return reader(file, request)
    except DAMAGED as error:
        # Damaged files break anywhere; the traceback stays with the cause.
        raise ScanError(f"{file} is damaged or cut off: {' '.join(str(error).split())}") from error


def _reader(file: Path) -> Reader:
    """Choose by the first bytes.

    Raises:
        ScanError: Nothing here reads such a file.
    """
    try:
        with file.open("rb") as opened:
            beginning = opened.read(64)
    except OSError as error:
        raise ScanError(f"{file} cannot be read: {error.strerror}") from error
    for known, reader in _readers():
        if beginning.lstrip()[: len(known)] == known:
            return reader
    raise ScanError(f"{file} is {'empty' if not beginning else 'no image'}: {READABLE}")


def _readers() -> Iterator[tuple[bytes, Reader]]:
    """First bytes of files, and what reads them."""
    from daemon.detection.readers.gwyddion import read_gwy
    from daemon.detection.readers.nanonis import read_sxm
    from daemon.detection.readers.pictures import read_npy, read_npz, read_png, read_tiff

    yield b":NANONIS_VERSION:", read_sxm
    yield b"GWYP", read_gwy
    yield b"\x89PNG", read_png
    yield b"\x93NUMPY", read_npy
    yield b"PK", read_npz
    yield from ((mark, read_tiff) for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))
