"""TIFF stacks: one file of many pages, or a folder of files."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.unmixing.contents import Contents, Dimension, Request
from daemon.unmixing.plain import PlainArray
from daemon.unmixing.readers.tiff_energies import energies_of, energies_of_labels
from daemon.unmixing.room import Room

SUFFIXES = (".tif", ".tiff")

BROKEN = (tifffile.TiffFileError, zlib.error, ValueError, OSError, IndexError, RuntimeError)
"""What tifffile raises on files that it cannot read, codecs that are not installed included."""

# What it logs besides would be read by nobody but the person who is told the error anyway.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


class Pages:
    """Pages as one array, unpacked when they are asked for.

    Args:
        pages: Of one shape and type.
    """

    def __init__(self, pages: Sequence[Any]) -> None:
        self._pages = pages
        self.shape: tuple[int, ...] = (len(pages), *pages[0].shape)
        self.dtype: np.dtype[Any] = pages[0].dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:  # noqa: ANN401 - slices of all axes
        """Read a part."""
        first, *inner = key
        return np.stack([page.asarray()[tuple(inner)] for page in self._pages[first]])


class Files(Pages):
    """Images in files of their own as one array.

    Args:
        files: Each holds one image.
        shape: Rows and columns of an image.
        dtype: Type of a pixel.
    """

    def __init__(self, files: Sequence[Path], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._files = files
        self.shape, self.dtype = (len(files), *shape), dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:  # noqa: ANN401 - slices of all axes
        """Read a part.

        Raises:
            StackError: An image has another shape than the first.
        """
        first, *inner = key
        return np.stack([self._image(file)[tuple(inner)] for file in self._files[first]])

    def _image(self, file: Path) -> NDArray[Any]:
        image = tifffile.imread(file)
        if image.shape != self.shape[1:]:
            raise StackError(
                f"{file.name} has shape {image.shape}, {self._files[0].name} {self.shape[1:]}: give frames of one shape"
            )
        return image


def read_tiff(file: Path, request: Request, room: Room) -> Contents:
    """Read a TIFF stack; what is not compressed is read where it lies.

    Raises:
        StackError: Its pages differ in shape or are in colour, or one cannot be unpacked.
    """
    try:
        with tifffile.TiffFile(file) as images:
            return _read(file, images, request, room)
    except BROKEN as error:
        raise StackError(f"{file}: cannot be read as a TIFF stack: {' '.join(str(error).split())}") from error


def _read(file: Path, images: tifffile.TiffFile, request: Request, room: Room) -> Contents:
    series = _series(file, images, request)
    shape, dtype = tuple(series.shape), np.dtype(series.dtype)
    offset = series.dataoffset
    if offset is not None and not series.is_multifile:
        array = PlainArray(file, offset, dtype.newbyteorder(images.byteorder), shape)
    else:
        pages = [page for page in series.pages if page is not None]
        packed = room.lay_out(Pages(pages), (1, *pages[0].shape))
        array = PlainArray(packed.file, 0, packed.dtype, shape)
    long = [axis for axis, length in enumerate(shape) if length > 1]
    energies = energies_of(images, shape[long[0]]) if len(long) == 3 else None
    dimensions = [Dimension()] * len(shape)
    if energies is not None:
        dimensions[long[0]] = Dimension("energy", "eV", energies[0], is_energy=True)
    notes = () if energies is None else (f"energies from {energies[1]}",)
    return Contents(array, tuple(dimensions), file.name, notes=notes)


def _series(file: Path, images: tifffile.TiffFile, request: Request) -> Any:  # noqa: ANN401 - tifffile's own type
    """The pages that belong together.

    Raises:
        StackError: They differ in shape, or are in colour.
    """
    found = images.series
    number = 0
    if request.dataset is not None:
        if not (request.dataset.isdecimal() and int(request.dataset) < len(found)):
            raise StackError(f"--dataset {request.dataset}: {file.name} has the series 0 to {len(found) - 1}")
        number = int(request.dataset)
    elif len(found) > 1:
        told = ", ".join(f"{place}: {'×'.join(map(str, each.shape))}" for place, each in enumerate(found[:8]))
        raise StackError(
            f"{file.name} has frames of several shapes ({told}): give frames of one shape, or name one with --dataset"
        )
    series = found[number]
    if "S" in series.axes:
        raise StackError(f"{file.name} is in colour (shape {series.shape}): give the camera's counts")
    return series


def read_folder(folder: Path, request: Request, room: Room) -> Contents:
    """Read a folder of images, one for each energy, in the order of the numbers in their names.

    Raises:
        StackError: There are none, or they differ in shape.
    """
    del request
    files = sorted((f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES), key=_numbers_in_name)
    try:
        first = tifffile.imread(files[0])
        array = room.lay_out(Files(files, first.shape, first.dtype), (1, *first.shape))
    except BROKEN as error:
        raise StackError(f"{folder}: an image cannot be read: {' '.join(str(error).split())}") from error
    energies = energies_of_labels([file.stem for file in files])
    energy = Dimension("energy", "eV", energies, is_energy=True) if energies is not None else Dimension()
    notes = () if energies is None else ("energies from the names of the files",)
    dimensions = (energy, *(Dimension(),) * first.ndim)
    return Contents(array, dimensions, f"{len(files)} images in {folder.name}", notes=notes)


def _numbers_in_name(file: Path) -> tuple[list[float], str]:
    """What puts ``a_2.tif`` before ``a_10.tif``."""
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", file.stem)], file.name
