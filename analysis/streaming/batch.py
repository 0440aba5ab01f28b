"""What flows through a chain of on-line steps: frames, what belongs to each, and what steps found out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.streaming.errors import BatchError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """What all frames of a stream have in common.

    Attributes:
        shape: Rows and columns of a frame.
        dtype: Type of a pixel as it comes from the camera.
    """

    shape: tuple[int, int]
    dtype: str = "uint16"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some frames in a row.

    Attributes:
        first: Number of the first frame in the stream, from 0.
        frames: Shape (b, y, x), of any real dtype; steps give float32.
        energies: Photon energy of each frame, eV, shape (b,); None where it is not scanned.
        i0: Intensity of the beam during each frame, shape (b,); None where it is not measured.
        values: What steps found out about each frame, by name, shape (b, ...) each.
    """

    first: int
    frames: NDArray[Any]
    energies: Floats | None = None
    i0: Floats | None = None
    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frames)

    def check(self, layout: Layout) -> None:
        """Refuse a batch that does not fit the stream.

        Raises:
            BatchError: Frames have another shape, or a number is missing for some of them; says which.
        """
        if self.frames.ndim != 3 or self.frames.shape[1:] != layout.shape:
            raise BatchError(
                f"frames from number {self.first} on have shape {self.frames.shape[1:]}, not {layout.shape}: frames of "
                "one stream have one shape"
            )
        for name, numbers in (("energies", self.energies), ("i0", self.i0)):
            if numbers is not None and numbers.shape != (len(self),):
                raise BatchError(f"{name} of shape {numbers.shape} for {len(self)} frames: give one for each")

    def with_frames(self, frames: NDArray[Any], **values: NDArray[Any]) -> Batch:
        """The same batch with other frames, and more values."""
        return replace(self, frames=frames, values={**self.values, **values})

    def with_values(self, values: Mapping[str, NDArray[Any]]) -> Batch:
        """The same batch with more values, shape (b, ...) each."""
        return replace(self, values={**self.values, **values})
