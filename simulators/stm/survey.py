"""A survey: a large area of one surface, seen through many fields, with the truth about all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulators.stm.clusters import CLASSES
from simulators.stm.images import Image, View, take_image
from simulators.stm.presets import SHAPE, Preset
from simulators.stm.surface import Surface

Floats = NDArray[np.float64]

AREA = (1000.0, 1000.0)
"""Width and height of a survey's area unless others are asked for, nm."""

_FIELD, _CALIBRATION = 31, 32


@dataclass(frozen=True)
class Survey:
    """An area of one surface under one instrument.

    Positions are in nm from the area's corner, x and y, as the controller believes; the instrument's calibration, drift
    and creep move what an image shows a little, as they do in a laboratory.

    Attributes:
        preset: What the surface and the images are like.
        seed: Which surface, and of all images' noise.
        area: Width and height, nm.
        surface: The surface.
    """

    preset: Preset
    seed: int = 0
    area: tuple[float, float] = AREA
    surface: Surface = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "surface", Surface(self.preset.surface, self.seed))

    def image(
        self,
        x: float,
        y: float,
        number: int | tuple[int, ...] = 0,
        *,
        shape: tuple[int, int] = SHAPE,
        bias: float | None = None,
        angle: float = 0.0,
    ) -> Image:
        """Take an image.

        Args:
            x: Its middle, nm.
            y: Its middle, nm.
            number: Which image of this survey, one natural number or several: two of one place show the same clusters
                with other noise.
            shape: Rows and columns.
            bias: Of the sample, V; one of the preset's when None.
            angle: Of the fast axis, degrees.

        Returns:
            The image with its truth.
        """
        numbers = (number,) if isinstance(number, int) else number
        rng = np.random.default_rng([self.seed, _FIELD, *numbers])
        conditions = self.preset.conditions
        chosen = float(rng.choice(conditions.biases)) if bias is None else bias
        calibration = self.preset.calibration(np.random.default_rng([self.seed, _CALIBRATION]))
        view = View(shape, (10.0 * x, 10.0 * y), float(np.radians(angle)), chosen, calibration)
        return take_image(self.surface, conditions, view, rng)

    def field_size(self, shape: tuple[int, int] = SHAPE) -> tuple[float, float]:
        """Return width and height of an image, nm."""
        pixel = self.preset.conditions.nm_per_pixel
        return shape[1] * pixel, shape[0] * pixel

    def raster(self, shape: tuple[int, int] = SHAPE) -> Iterator[tuple[float, float]]:
        """Give the middles, nm, of fields that cover the area side by side, line by line, as far as whole ones fit."""
        width, height = self.field_size(shape)
        for row in range(int(self.area[1] // height)):
            for column in range(int(self.area[0] // width)):
                yield (column + 0.5) * width, (row + 0.5) * height

    @cached_property
    def clusters(self) -> tuple[Floats, NDArray[np.int64]]:
        """All clusters of the area: their positions, nm, shape (n, 2), and classes, (n,)."""
        found = self.surface.contents(np.zeros(2), 10.0 * np.array(self.area))
        chosen = found.select(found.clusters)
        return chosen.centres / 10.0, chosen.kinds

    def counts(self) -> dict[str, int]:
        """Return how many clusters of each class the area holds."""
        _, labels = self.clusters
        return dict(zip(CLASSES, np.bincount(labels, minlength=len(CLASSES)).tolist(), strict=True))

    def counts_at(self, x: Floats, y: Floats, size: tuple[float, float]) -> NDArray[np.int64]:
        """Count the clusters in rectangles.

        Args:
            x: Their middles, nm, shape (n,).
            y: Their middles, nm, shape (n,).
            size: Width and height, nm.

        Returns:
            Counts of each class, shape (n, classes).
        """
        points, labels = self.clusters
        order = np.argsort(points[:, 1], kind="stable")
        points, labels = points[order], labels[order]
        half_width, half_height = 0.5 * np.asarray(size)
        first = np.searchsorted(points[:, 1], np.asarray(y) - half_height)
        last = np.searchsorted(points[:, 1], np.asarray(y) + half_height, side="right")
        found = np.zeros((len(x), len(CLASSES)), np.int64)
        for place, (middle, begin, end) in enumerate(zip(x, first, last, strict=True)):
            inside = np.abs(points[begin:end, 0] - middle) <= half_width
            found[place] = np.bincount(labels[begin:end][inside], minlength=len(CLASSES))
        return found
