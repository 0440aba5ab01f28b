"""Displacements of images against one another, found and taken back to a fraction of a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]
Single = NDArray[np.float32]
Waves = NDArray[np.complex64]

_ACROSS = 256
"""Pixels across the shorter side of the small images that are compared: half of a pixel of theirs is seen easily."""

_SMOOTH = 1.5
"""Standard deviation of the kernel that edges are found with, pixels of the small image."""

_TAPER = 0.15
"""Share of each side over which images fade out, so that their borders are no edges."""

_FINE = 64
"""The peak is located on a grid of this fraction of a pixel of the small image."""

CLEAR = 5.0
"""A peak less than this many standard deviations above the rest is not believed."""


class Correlator:
    """Displacement of an image against others, by phase correlation of their edges.

    Between photon energies a particle may turn from brighter to darker than its surroundings, but its edge stays where
    it is: images are replaced by the magnitude of their gradient. Their cross-power spectrum, whitened (Kuglin & Hines,
    Proc. IEEE Int. Conf. Cybern. Soc. (1975) 163) by half, because full whitening lets the noise of weak frequencies
    rule (root mean square errors on the photoemission twin: 0.04 pixels by half, 0.08 in full), has its peak at the
    displacement; around it, the peak is evaluated on a fine grid by matrix products (Guizar-Sicairos et al., Opt. Lett.
    33 (2008) 156).

    Args:
        shape: Rows and columns of an image.
        largest: Largest displacement along an axis, pixels; an eighth of the shorter side when None.

    Attributes:
        bin: Pixels along either side that make one of a small image.
    """

    def __init__(self, shape: tuple[int, int], largest: float | None = None) -> None:
        self.bin = max(1, min(shape) // _ACROSS)
        self._small = (shape[0] // self.bin, shape[1] // self.bin)
        limit = (min(shape) / 8.0 if largest is None else largest) / self.bin
        self._reach = max(1, int(np.ceil(limit)))
        self._padded = (fft.next_fast_len(self._small[0], real=True), fft.next_fast_len(self._small[1], real=True))
        self._ky = fft.fftfreq(self._padded[0])[:, None]
        self._kx = fft.rfftfreq(self._padded[1])[None, :]
        square = self._ky**2 + self._kx**2
        self._smooth = np.exp(-2.0 * np.pi**2 * _SMOOTH**2 * square).astype(np.float32)
        self._pass = np.exp(-2.0 * np.pi**2 * (0.5 * _SMOOTH) ** 2 * square).astype(np.float32)
        self._window = np.outer(_taper(self._small[0]), _taper(self._small[1])).astype(np.float32)

    def small(self, frames: NDArray[Any]) -> Single:
        """Sum neighbouring pixels of images, or of bands of their rows, shape (..., y, x).

        Rows and columns at the end that do not make a whole pixel are left out.
        """
        rows, columns = frames.shape[-2] // self.bin, self._small[1]
        cut = frames[..., : rows * self.bin, : columns * self.bin]
        # Sums of strided views are many times as fast as those over an axis of a few values.
        total = cut[..., :: self.bin, :].astype(np.float32)
        for first in range(1, self.bin):
            total += cut[..., first :: self.bin, :]
        small = total[..., :: self.bin].copy()
        for first in range(1, self.bin):
            small += total[..., first :: self.bin]
        return small

    def edges(self, frame: NDArray[Any]) -> Waves:
        """Fourier transform of an image's edges."""
        return self.edges_of_small(self.small(frame))

    def edges_of_small(self, small: Single) -> Waves:
        """The same for an image whose pixels have been summed."""
        rows, columns = self._small
        waves = np.asarray(fft.rfft2(small - small.mean(), s=self._padded))
        smooth = np.asarray(fft.irfft2(waves * self._smooth, s=self._padded))[:rows, :columns]
        dy, dx = np.gradient(smooth, axis=0), np.gradient(smooth, axis=1)
        size = np.sqrt(dy**2 + dx**2)
        size = (size - size.mean()) * self._window
        return np.asarray(fft.rfft2(size, s=self._padded)).astype(np.complex64)

    def displacement(self, waves: Waves, reference: Waves) -> tuple[Floats, float]:
        """Displacement of an image against a reference.

        Args:
            waves: The image's edges, as :meth:`edges` gives them.
            reference: Those of the reference.

        Returns:
            Displacement (y, x), pixels, towards larger indices where positive; and how many standard deviations the
            peak rises above the rest of the correlation.
        """
        cross = waves * np.conj(reference)
        size = np.abs(cross)
        cross = cross / np.sqrt(size + 1e-3 * float(size.mean()) + 1e-30) * self._pass
        surface = np.asarray(fft.irfft2(cross, s=self._padded))
        near = np.array([0, *range(1, self._reach + 1), *range(-self._reach, 0)])
        part = surface[np.ix_(near, near)]
        row, column = np.unravel_index(int(part.argmax()), part.shape)
        clear = (float(part.max()) - float(surface.mean())) / max(float(surface.std()), 1e-30)
        place = self._locate(cross.astype(np.complex64), np.array([near[row], near[column]], float))
        return place * self.bin, clear

    def moved(self, waves: Waves, displacement: Floats) -> Waves:
        """Edges of an image that is displaced by so much more, pixels."""
        dy, dx = displacement / self.bin
        return (waves * (np.exp(-2j * np.pi * self._ky * dy) * np.exp(-2j * np.pi * self._kx * dx))).astype(
            np.complex64
        )

    def _locate(self, cross: Waves, place: Floats) -> Floats:
        """Highest point of the correlation within 1.5 pixels of a place, small pixels."""
        width = 1.5
        for fine in (8, _FINE):
            steps = np.arange(-width, width + 0.5 / fine, 1.0 / fine)
            left = np.exp(2j * np.pi * np.outer(place[0] + steps, self._ky)).astype(np.complex64)
            right = np.exp(2j * np.pi * np.outer(self._kx, place[1] + steps)).astype(np.complex64)
            weight = np.where(self._kx[0] > 0.0, 2.0, 1.0).astype(np.float32)
            fine_part = ((left @ cross) * weight @ right).real
            row, column = np.unravel_index(int(fine_part.argmax()), fine_part.shape)
            place = place + np.array([steps[row], steps[column]])
            width = 1.5 / fine
        return place


def shift_frame(frame: Single, displacement: Floats, out: Single | None = None) -> Single:
    """Displace an image by cubic convolution along each axis.

    Keys, IEEE Trans. Acoust. Speech Signal Process. 29 (1981) 1153, equation 15 (a = −½). Beyond its borders the image
    goes on as its outermost pixels.

    Args:
        frame: Shape (y, x), float32.
        displacement: (y, x), pixels, towards larger indices where positive.
        out: Where to put the result.

    Returns:
        The displaced image, shape (y, x).
    """
    moved = _along(_along(frame, float(displacement[0]), 0), float(displacement[1]), 1)
    if out is None:
        return moved
    out[:] = moved
    return out


def _along(image: Single, by: float, axis: int) -> Single:
    """Displace along one axis."""
    whole = int(np.floor(by))
    t = by - whole
    # Weights of the pixels 1 before, at, 1 after and 2 after the place that the whole pixels lead to.
    weights = (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
    length, reach = image.shape[axis], abs(whole) + 3
    ends = [np.take(image, [end], axis).repeat(reach, axis) for end in (0, length - 1)]
    padded = np.concatenate([ends[0], image, ends[1]], axis=axis)
    result = np.zeros_like(image)
    for offset, weight in zip((1, 0, -1, -2), weights, strict=True):
        if weight:
            start = reach - whole + offset
            part = slice(start, start + length)
            result += np.float32(weight) * (padded[part] if axis == 0 else padded[:, part])
    return result


def _taper(length: int) -> Floats:
    """1 in the middle, falling to 0 at both ends along a cosine."""
    ends = np.minimum(np.arange(length) + 0.5, length - 0.5 - np.arange(length)) / max(_TAPER * length, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(ends, 1.0))
