"""The microscope's optics: blur, drift between frames, and uneven illumination."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from simulators.errors import SimulatorError
from simulators.fields import RandomField

Floats = NDArray[np.float64]

OPTICS_STREAM = 22
"""Keeps what is drawn of the optics apart from what else is drawn from a seed."""

WAVES = 8
"""Cosines that a drift is made of: so few that it has a bound."""

REACH = 4
"""The image of a point ends this many standard deviations from it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A slow wandering of the image over the camera.

    Attributes:
        y: Position along y as a function of time, pixels and s.
        x: The same along x.
    """

    y: RandomField
    x: RandomField

    @classmethod
    def draw(cls, seed: int, deviation: float, time: float) -> Drift:
        """Draw a drift.

        Args:
            seed: Which one.
            deviation: Standard deviation along each axis, pixels.
            time: Correlation time, s.
        """
        rng = np.random.default_rng([seed, OPTICS_STREAM])
        return cls(*(RandomField.draw(rng, time, deviation, WAVES) for _ in range(2)))

    @staticmethod
    def bound(deviation: float) -> float:
        """Return the largest displacement from the start that is possible, pixels."""
        return 2.0 * deviation * float(np.sqrt(2.0 * WAVES))

    def __call__(self, times: ArrayLike) -> Floats:
        """Return the displacements (y, x) since time 0, pixels, shape (*times, 2)."""
        times = np.asarray(times, float)
        return np.stack([field(times, 0.0) - field(0.0, 0.0) for field in (self.y, self.x)], axis=-1)


def illumination(shape: tuple[int, int], shading: float, seed: int) -> Floats:
    """Draw how brightly each pixel is lit: a broad spot off the centre, with fainter structure on it.

    Args:
        shape: Rows and columns.
        shading: How much darker the darkest corner is than the spot's centre, 0 to less than 1.
        seed: Which one.

    Returns:
        Relative brightness, shape (y, x), mean 1.

    Raises:
        SimulatorError: The shading is out of range.
    """
    if not 0.0 <= shading < 1.0:
        raise SimulatorError(f"shading is at least 0 and below 1, not {shading!r}")
    rng = np.random.default_rng([seed, OPTICS_STREAM, 1])
    y, x = (np.linspace(-1.0, 1.0, length) if length > 1 else np.zeros(1) for length in shape)
    centre_y, centre_x = rng.uniform(-0.3, 0.3, size=2)
    square = (y[:, None] - centre_y) ** 2 + (x[None, :] - centre_x) ** 2
    farthest = (1.0 + abs(centre_y)) ** 2 + (1.0 + abs(centre_x)) ** 2
    structure = RandomField.draw(rng, length_scale=0.4, deviation=0.1 * shading, features=24)
    spot = (1.0 - shading) ** (square / farthest) * np.exp(structure.on_grid(x, y))
    return spot / spot.mean()


@dataclass(frozen=True, slots=True)
class View:
    """A sample seen through the microscope: one image per component, blurred, to be displaced and mixed.

    Attributes:
        waves: Discrete Fourier transforms of the components' images, shape (component, ky, kx), kx >= 0.
        shape: Rows and columns of the field of view.
        padded: Those of the images, at least the field of view.
        origin: Row and column at which the field of view begins in the images.
        images: The components' images without displacement, shape (component, y, x).
    """

    waves: NDArray[np.complex128]
    shape: tuple[int, int]
    padded: tuple[int, int]
    origin: tuple[int, int]
    images: Floats

    @classmethod
    def through(cls, images: Floats, margin: int, blur: float, room: int) -> View:
        """Look at images through the microscope.

        Args:
            images: What each component emits, shape (component, y, x), margins included.
            margin: Pixels at each side outside the field of view.
            blur: Standard deviation of the Gaussian image of a point, pixels.
            room: Pixels that the image may be displaced by.

        Returns:
            The view; where the margin is too small for room and blur, the outermost pixels are repeated.
        """
        rows, columns = (length - 2 * margin for length in images.shape[1:])
        before = max(margin, room + int(np.ceil(REACH * blur)) + 1)
        padded = tuple(fft.next_fast_len(length + 2 * before, real=True) for length in (rows, columns))
        first = before - margin
        widths = [
            (first, all_ - inner - 2 * margin - first) for all_, inner in zip(padded, (rows, columns), strict=True)
        ]
        grown = np.pad(images, [(0, 0), *widths], mode="edge")
        full = (grown.shape[1], grown.shape[2])
        ky, kx = _frequencies(full)
        waves = np.asarray(fft.rfft2(grown, axes=(1, 2)))
        waves *= np.exp(-2.0 * np.pi**2 * blur**2 * (ky**2 + kx**2))
        view = cls(waves, (rows, columns), full, (before, before), np.empty(0))
        identity = np.eye(len(images))
        return cls(waves, view.shape, full, view.origin, np.array([view.image(row, (0.0, 0.0)) for row in identity]))

    def image(self, weights: ArrayLike, displacement: ArrayLike) -> Floats:
        """Return the mixed image, displaced by the shift theorem of the Fourier transform.

        Args:
            weights: How much each component emits, shape (component,).
            displacement: Displacement (y, x), pixels, at most the room; towards larger indices where positive.

        Returns:
            The image, shape (y, x), not negative.
        """
        dy, dx = np.asarray(displacement, float)
        ky, kx = _frequencies(self.padded)
        mixed = np.tensordot(np.asarray(weights, float), self.waves, axes=1)
        if dy or dx:
            mixed *= np.exp(-2j * np.pi * (ky * dy))
            mixed *= np.exp(-2j * np.pi * (kx * dx))
        row, column = self.origin
        rows, columns = self.shape
        full = np.asarray(fft.irfft2(mixed, s=self.padded))
        return np.maximum(full[row : row + rows, column : column + columns], 0.0)


def _frequencies(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Spatial frequencies, 1/pixel: ky of shape (rows, 1), kx of shape (1, columns // 2 + 1)."""
    return np.asarray(fft.fftfreq(shape[0]), float)[:, None], np.asarray(fft.rfftfreq(shape[1]), float)[None, :]
