"""What happens to every image before the network sees it: one pixel size, no tilt, and the corrugation as its unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from analysis.detection.errors import ImageError
from analysis.detection.flattening import flatten

WORKING_PIXEL = 0.15
"""Size of a pixel at which the network works, nm: adatoms, 0.77 nm apart, are five pixels from each other."""
Pixel = float | tuple[float, float]
"""Size of a pixel, nm: of a square one, or along x and y."""
PIXEL_LIMITS = (0.02, 0.5)
"""Pixels that can be searched, nm: from larger ones adatoms cannot be told apart."""
SMALLEST = 4.0
"""Least side of an image, nm: somewhat more than a cell of the surface."""
SAMPLE = 65536
"""Median and corrugation are those of about this many pixels."""
LARGEST = 8192
"""Most pixels along a side, at the working size."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image as the network takes it.

    Attributes:
        values: Height above the image's median, in units of its corrugation, (y, x), float32.
        zoom: Working pixels per pixel of the image along x and y, shape (2,).
    """

    values: Tensor
    zoom: NDArray[np.float64]

    def to_working(self, boxes: NDArray[Any]) -> NDArray[np.float64]:
        """Boxes of the image, px, in working pixels, (n, 4)."""
        return boxes * np.tile(self.zoom, 2)

    def to_image(self, boxes: NDArray[Any]) -> NDArray[np.float64]:
        """Boxes in working pixels in pixels of the image, (n, 4)."""
        return boxes / np.tile(self.zoom, 2)


def prepare(height: ArrayLike, nm_per_pixel: Pixel) -> Prepared:
    """Prepare an image for the network.

    Lines that hold no finite value, such as those not yet scanned, become flat; single missing values take the median
    of their line.

    Args:
        height: Height or any signal that grows with it, in any unit, (y, x).
        nm_per_pixel: Size of a pixel, nm; (x, y) where they are not square.

    Raises:
        ImageError: The image or its pixels cannot be searched; the message says why.
    """
    pixel = np.broadcast_to(np.asarray(nm_per_pixel, float), 2)
    image = checked(height, pixel)
    image, scanned = _filled(image)
    level = flatten(image if scanned.all() else image[scanned])
    some = level.ravel()[:: max(1, level.size // SAMPLE)]
    low, middle, high = np.percentile(some, [16.0, 50.0, 84.0])
    spread = 0.5 * float(high - low)
    if spread <= 0.0:
        raise ImageError("the image is constant (but for its tilt and single pixels): there is nothing to find in it")
    level -= middle
    level /= spread
    values = np.zeros(image.shape, np.float32)
    values[scanned] = level
    return resampled(torch.from_numpy(values), pixel)


def checked(height: ArrayLike, pixel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Check that an image can be searched.

    Args:
        height: The image.
        pixel: Size of its pixels along x and y, nm, (2,).

    Raises:
        ImageError: It cannot.
    """
    try:
        image = np.asarray(height, np.float64)
    except (TypeError, ValueError) as error:
        raise ImageError(f"the image is no array of real numbers: {error}") from error
    if image.ndim != 2:
        raise ImageError(f"the image has shape {image.shape}; give one height for each pixel, shape (y, x)")
    low, high = PIXEL_LIMITS
    if not ((low <= pixel) & (pixel <= high)).all():
        told = " × ".join(f"{side:g}" for side in dict.fromkeys(pixel.tolist()))
        raise ImageError(f"pixels of {told} nm cannot be searched; they must be of {low:g} to {high:g} nm")
    sides = np.array(image.shape) * pixel[::-1]
    if sides.min() < SMALLEST or sides.max() > LARGEST * WORKING_PIXEL:
        raise ImageError(
            f"the image is {sides[1]:.3g} × {sides[0]:.3g} nm; sides must be of {SMALLEST:g} to "
            f"{LARGEST * WORKING_PIXEL:g} nm"
        )
    return image


def corrugation(level: NDArray[np.floating[Any]]) -> float:
    """Half the distance between the 16th and the 84th percentile of a flattened image: its σ, were it normal."""
    low, high = np.percentile(level, [16.0, 84.0])
    return 0.5 * float(high - low)


def resampled(values: Tensor, pixel: NDArray[np.float64]) -> Prepared:
    """Bring an image (y, x) with pixels of some nm along x and y to the working size; means where it shrinks."""
    rows, columns = values.shape
    sides = zip((rows, columns), pixel[::-1].tolist(), strict=True)
    wanted = [max(1, round(side * size / WORKING_PIXEL)) for side, size in sides]
    if wanted != [rows, columns]:
        shrinks = bool((pixel < WORKING_PIXEL).any())
        values = interpolate(values[None, None], size=wanted, mode="bilinear", antialias=shrinks)[0, 0]
    return Prepared(values, np.array([wanted[1] / columns, wanted[0] / rows]))


def _filled(image: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Fill missing values, and tell which lines hold any value."""
    finite = np.isfinite(image)
    scanned = np.asarray(finite.any(axis=1))
    if not scanned.any():
        raise ImageError("the image holds no finite value")
    if finite[scanned].all():
        return image, scanned
    filled = image.copy()
    for row in np.flatnonzero(scanned & ~finite.all(axis=1)):
        filled[row, ~finite[row]] = np.median(image[row, finite[row]])
    return filled, scanned
