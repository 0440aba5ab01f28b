"""The camera behind the channel plate: events, gain, dark counts, saturation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.errors import SimulatorError

Floats = NDArray[np.float64]

CAMERA_STREAM = 23
"""Keeps what is drawn of the camera apart from what else is drawn from a seed."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that counts electrons.

    Attributes:
        dark_rate: Events without light, 1/s, shape (y, x).
        gain: Counts per event.
        saturation: Largest value of a pixel, counts.
        dtype: Type of a pixel, an unsigned integer.
    """

    dark_rate: Floats
    gain: float = 1.0
    saturation: int = 65535
    dtype: str = "uint16"

    def __post_init__(self) -> None:
        """Check the camera.

        Raises:
            SimulatorError: The gain is not positive, or the type cannot hold the largest value.
        """
        if not 0.0 < self.gain < float("inf"):
            raise SimulatorError(f"a camera's gain is a positive number, not {self.gain!r}")
        if not 1 <= self.saturation <= np.iinfo(self.dtype).max:
            raise SimulatorError(f"a pixel of {self.dtype} cannot saturate at {self.saturation} counts")

    @classmethod
    def draw(
        cls,
        shape: tuple[int, int],
        seed: int,
        *,
        dark_rate: float = 0.5,
        gain: float = 1.0,
        saturation: int = 65535,
        dtype: str = "uint16",
    ) -> Camera:
        """Draw a camera; the dark rate varies by a tenth from pixel to pixel (gamma distribution)."""
        rng = np.random.default_rng([seed, CAMERA_STREAM])
        return cls(dark_rate * rng.gamma(100.0, 0.01, size=shape), gain, saturation, dtype)

    def record(self, events: Floats, seconds: float, rng: np.random.Generator) -> NDArray[np.unsignedinteger]:
        """Draw one frame.

        Args:
            events: Electrons expected in each pixel during the exposure, shape (y, x).
            seconds: Length of the exposure.
            rng: Source of randomness.

        Returns:
            Counts, shape (y, x), type ``dtype``: Poisson-distributed events times the gain, rounded, up to the largest
            value.
        """
        counted = rng.poisson(events + self.dark_rate * seconds)
        return np.minimum(np.rint(self.gain * counted), self.saturation).astype(self.dtype)
