"""What a reader finds in a file of a microscope, and what a person says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Request:
    """What a person says about files.

    Attributes:
        nm_per_pixel: Size of a pixel, nm; None where the file tells.
        channel: Which of a file's channels holds the heights; None for the topography.
    """

    nm_per_pixel: float | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """An image of a microscope.

    Attributes:
        height: Height or what grows with it, in any unit, (y, x), float64; NaN where not scanned.
        nm_per_pixel: Size of a pixel along x and y, nm.
        name: What the image is called in tables.
        notes: What a person should know about how it was read.
    """

    height: NDArray[np.float64]
    nm_per_pixel: tuple[float, float]
    name: str
    notes: tuple[str, ...] = ()


def as_plane(array: NDArray[Any], what: str) -> NDArray[np.float64]:
    """An image (y, x) of an array that may have axes of length 1.

    Raises:
        ScanError: It is no image of real numbers.
    """
    from daemon.errors import ScanError

    if array.dtype.kind not in "uifb":
        raise ScanError(f"{what} holds {array.dtype}, no real numbers")
    plane = array.reshape([length for length in array.shape if length != 1])
    if plane.ndim != 2:
        raise ScanError(f"{what} has shape {array.shape}; give one image, shape (y, x)")
    return plane.astype(np.float64)


def pixel_size(told: tuple[float, float] | None, request: Request, name: str) -> tuple[float, float]:
    """Size of a pixel: as a person says, or as the file does.

    Args:
        told: By the file, along x and y, nm; None where it does not say.
        request: What a person says.
        name: Of the file.

    Raises:
        ScanError: Nobody says.
    """
    from daemon.errors import ScanError

    if request.nm_per_pixel is not None:
        return request.nm_per_pixel, request.nm_per_pixel
    if told is None or not all(np.isfinite(told)) or min(told) <= 0.0:
        raise ScanError(f"{name} does not say how large its pixels are: give --nm-per-pixel")
    return told
