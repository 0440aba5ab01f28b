"""Pictures and arrays: PNG, TIFF and files of NumPy. Grey values stand for heights; most do not tell their pixels."""

from __future__ import annotations

import logging
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from daemon.detection.scan import Request, Scan, as_plane, pixel_size
from daemon.errors import ScanError

TO_NM = {
    "nm": 1.0,
    "µm": 1e3,
    "um": 1e3,
    "\\u00b5m": 1e3,
    "micron": 1e3,
    "å": 0.1,
    "angstrom": 0.1,
    "m": 1e9,
    "cm": 1e7,
}
"""Units of length in the descriptions of TIFF files, nm."""
NAMES = ("height", "topography", "z", "data", "image")
"""What the heights may be called in a ``.npz`` file; its pixels are in ``nm_per_pixel``."""

logging.getLogger("tifffile").addHandler(logging.NullHandler())


def read_png(file: Path, request: Request) -> list[Scan]:
    """Read a grey picture; in colour ones the three colours must be the same.

    Raises:
        ScanError: It is in colour, or nobody says how large its pixels are.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            picture.load()
            array = np.asarray(picture.convert("RGBA") if picture.mode in ("P", "LA", "PA") else picture)
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise ScanError(f"{file} cannot be read as PNG: {error}") from error
    return [Scan(_grey(array, file.name), pixel_size(None, request, file.name), file.name)]


def read_tiff(file: Path, request: Request) -> list[Scan]:
    """Read all pages of a TIFF file, each an image.

    Raises:
        ScanError: It is in colour, damaged, or nobody says how large its pixels are.
    """
    try:
        with tifffile.TiffFile(file) as opened:
            pages = [page.asarray() for page in opened.pages]
            told = _tiff_pixel(opened)
    except (tifffile.TiffFileError, zlib.error, RuntimeError) as error:
        raise ScanError(f"{file} cannot be read as TIFF: {' '.join(str(error).split())}") from error
    pixel = pixel_size(told, request, file.name)
    names = [file.name] if len(pages) == 1 else [f"{file.name}, page {number}" for number in range(len(pages))]
    return [Scan(_grey(page, name), pixel, name) for page, name in zip(pages, names, strict=True)]


def read_npy(file: Path, request: Request) -> list[Scan]:
    """Read one image, or several along the first axis.

    Raises:
        ScanError: It is no image, or nobody says how large its pixels are.
    """
    array = np.load(file, allow_pickle=False)
    pixel = pixel_size(None, request, file.name)
    if array.ndim == 3 and min(array.shape) > 1:
        names = [f"{file.name}, image {number}" for number in range(len(array))]
        return [Scan(as_plane(one, name), pixel, name) for one, name in zip(array, names, strict=True)]
    return [Scan(as_plane(array, file.name), pixel, file.name)]


def read_npz(file: Path, request: Request) -> list[Scan]:
    """Read an array of a ``.npz`` file; ``nm_per_pixel`` in it is the size of its pixels.

    Raises:
        ScanError: Which of its arrays is the image cannot be told, or nobody says how large its pixels are.
    """
    # NumPy leaves a damaged archive open.
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        names = [name for name in arrays if arrays[name].ndim >= 2]
        likely = [request.channel] if request.channel else [name for name in NAMES if name in names] or names[:2]
        if len(likely) != 1 and likely[0:1] != [name for name in NAMES if name in names][0:1]:
            raise ScanError(f"{file.name} holds {', '.join(names) or 'no image'}: name one with --channel")
        if likely[0] not in names:
            raise ScanError(f"{file.name} has no array {likely[0]}; give --channel: it has {', '.join(names)}")
        told = float(np.ravel(arrays["nm_per_pixel"])[0]) if "nm_per_pixel" in arrays else None
        pixel = pixel_size(None if told is None else (told, told), request, file.name)
        return [Scan(as_plane(arrays[likely[0]], file.name), pixel, file.name)]


def _grey(array: Any, name: str) -> Any:  # noqa: ANN401 - arrays of pictures
    """Heights of a picture.

    Raises:
        ScanError: It is in colour.
    """
    if array.ndim == 3 and array.shape[-1] in (3, 4):
        colours = array[..., :3]
        if (colours != colours[..., :1]).any():
            raise ScanError(f"{name} is in colour, from which heights cannot be told: save it in grey values")
        array = colours[..., 0]
    return as_plane(array, name)


def _tiff_pixel(opened: tifffile.TiffFile) -> tuple[float, float] | None:
    """Size of a pixel where ImageJ's description and the tags of the resolution tell it, nm."""
    described = opened.imagej_metadata or {}
    factor = TO_NM.get(str(described.get("unit", "")).strip().lower())
    tags = opened.pages[0].tags  # type: ignore[union-attr] # the first page is never a mere frame
    if factor is None or "XResolution" not in tags or "YResolution" not in tags:
        return None
    sides = []
    for name in ("XResolution", "YResolution"):
        pixels, per = tags[name].value
        sides.append(factor * per / pixels if pixels else float("nan"))
    return sides[0], sides[1]
