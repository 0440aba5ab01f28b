"""Rectangular regions of interest in patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of pixels, ends excluded.

    Attributes:
        rows: First row and the row after the last.
        columns: First column and the column after the last.

    Raises:
        ValueError: It is empty or begins before the first pixel.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]

    def __post_init__(self) -> None:
        for name, (first, end) in {"rows": self.rows, "columns": self.columns}.items():
            if not 0 <= first < end:
                raise ValueError(f"a region's {name} must satisfy 0 <= first < end, not {first}, {end}")

    @classmethod
    def around(cls, row: float, column: float, half_width: int, shape: tuple[int, int]) -> Region:
        """Return the square around a point, cut at the frame's edges.

        Args:
            row: Row of the centre, px, may lie between pixels.
            column: Column of the centre, px.
            half_width: Pixels on each side of the central one.
            shape: Rows and columns of the frame.
        """

        def span(centre: float, size: int) -> tuple[int, int]:
            middle = round(centre)
            return max(0, middle - half_width), min(size, middle + half_width + 1)

        return cls(span(row, shape[0]), span(column, shape[1]))

    @property
    def slices(self) -> tuple[slice, slice]:
        """What cuts the region out of the last two axes, as ``frame[..., *region.slices]``."""
        return slice(*self.rows), slice(*self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the region."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]

    def cut(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Return the region of frames, shape (…, y, x), as a view.

        Raises:
            ValueError: The region reaches beyond the frames.
        """
        if self.rows[1] > frames.shape[-2] or self.columns[1] > frames.shape[-1]:
            raise ValueError(
                f"the region of rows {self.rows} and columns {self.columns} reaches beyond frames of "
                f"{frames.shape[-2]} rows and {frames.shape[-1]} columns"
            )
        return frames[(..., *self.slices)]

    def sum(self, frames: NDArray[Any]) -> NDArray[np.float64]:
        """Sum the region of each frame; shape (…) of frames of shape (…, y, x)."""
        return self.cut(frames).sum(axis=(-2, -1), dtype=np.float64)

    def mean(self, frames: NDArray[Any]) -> NDArray[np.float64]:
        """Average the region of each frame; shape (…)."""
        return self.cut(frames).mean(axis=(-2, -1), dtype=np.float64)

    def max(self, frames: NDArray[Any]) -> NDArray[np.float64]:
        """Return the largest value of the region of each frame; shape (…)."""
        return self.cut(frames).max(axis=(-2, -1)).astype(np.float64)
