"""Images of a surface with their truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.stm.clusters import CLASSES, Look
from simulators.stm.contents import CONFUSERS, Contents
from simulators.stm.lattice import CENTRES, FAULTED
from simulators.stm.lobes import Lobes, decoration_lobes, make_lobes
from simulators.stm.raster import Raster, ScannerStyle, draw_raster
from simulators.stm.recording import RecordingStyle, record
from simulators.stm.rendering import render
from simulators.stm.surface import Surface
from simulators.stm.tip import TipStyle, draw_history

Floats = NDArray[np.float64]

MARGIN = 40.0
"""How far beyond an image what is there may still be seen, Å."""

VISIBLE = 0.5
"""A cluster cut by the image's edge counts when at least this fraction of its box is inside."""

ATOM = 4.0
"""A box reaches this far beyond the middles of the half-cell's corner adatoms, Å."""

_NOISE = 1 << 16


@dataclass(frozen=True, slots=True)
class Image:
    """An image with its truth.

    Attributes:
        height: Å, as the controller records it, not flattened, shape (y, x).
        nm_per_pixel: Side of a pixel as the controller believes.
        boxes: x0, y0, x1, y1 of the half-cells with clusters, pixels from the image's corner, shape (n, 4).
        labels: Class of each, shape (n,).
        confusers: Middles of what may be taken for clusters by kind, x and y in pixels, shape (n, 2) each.
        bias: Of the sample, V.
        classes: Names of the classes.
    """

    height: NDArray[np.float32]
    nm_per_pixel: float
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    confusers: Mapping[str, NDArray[np.float64]]
    bias: float
    classes: tuple[str, ...] = CLASSES


@dataclass(frozen=True, slots=True)
class Conditions:
    """How images are taken.

    Attributes:
        look: How alike things look.
        scanner: How its path deviates.
        tip: What tips are like.
        recording: How heights are recorded.
        nm_per_pixel: Side of a pixel.
        biases: Voltages of the sample that images are taken at, V.
    """

    look: Look = field(default_factory=Look)
    scanner: ScannerStyle = field(default_factory=ScannerStyle)
    tip: TipStyle = field(default_factory=TipStyle)
    recording: RecordingStyle = field(default_factory=RecordingStyle)
    nm_per_pixel: float = 0.15
    biases: tuple[float, ...] = (-1.0, 1.0)


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a surface an image shows, and how.

    Attributes:
        shape: Rows and columns.
        centre: Of the image on the surface, Å.
        angle: Of the fast axis on the surface, rad.
        bias: Of the sample, V.
        calibration: True displacement per Å of either axis, fast and slow, shape (2, 2).
    """

    shape: tuple[int, int]
    centre: tuple[float, float]
    angle: float
    bias: float
    calibration: Floats


def take_image(surface: Surface, conditions: Conditions, view: View, rng: np.random.Generator) -> Image:
    """Take one image of a surface.

    Args:
        surface: The surface.
        conditions: How its images are taken.
        view: What the image shows.
        rng: Source of randomness of this image.

    Returns:
        The image.
    """
    pixel, bias, shape = 10.0 * conditions.nm_per_pixel, view.bias, view.shape
    raster = draw_raster(conditions.scanner, rng, shape, pixel, view.centre, view.angle, view.calibration)
    contents = surface.contents(*raster.bounds(MARGIN))
    lobes = Lobes.join([make_lobes(contents, bias, conditions.look), _decorations(surface, raster)])
    history = draw_history(conditions.tip, rng, shape)
    noise = rng.normal(size=_NOISE)
    drawn = np.stack([render(surface, raster, lobes, tip, bias, noise) for tip in history.tips])
    height = np.take_along_axis(drawn, history.states[None].astype(np.intp), axis=0)[0]
    recorded = record(height, pixel, conditions.recording, rng)
    boxes, labels = find_boxes(contents, raster)
    return Image(recorded, conditions.nm_per_pixel, boxes, labels, _confusers(contents, raster), bias)


def _decorations(surface: Surface, raster: Raster) -> Lobes:
    """Return what sits at the steps in an image."""
    low, high = raster.bounds(MARGIN)
    corners = np.array([[low[0], low[1]], [low[0], high[1]], [high[0], low[1]], [high[0], high[1]]])
    down, across = surface.stairs.along(corners)
    lower, upper = np.array([down.min(), across.min()]), np.array([down.max(), across.max()])
    return decoration_lobes(surface.stairs.decorations(lower, upper))


def find_boxes(contents: Contents, raster: Raster) -> tuple[Floats, NDArray[np.int64]]:
    """Return boxes and classes of the clusters in an image.

    Args:
        contents: What sits around.
        raster: Where the pixels are.

    Returns:
        Boxes around the adatoms of the clusters' half-cells, clipped to the image, shape (n, 4), and classes, (n,).
    """
    clusters = contents.select(contents.clusters)
    outline = _outline()
    points = clusters.centres[:, None, :] + (1.0 - 2.0 * clusters.halves)[:, None, None] * outline
    pixels = raster.pixels(points.reshape(-1, 2)).reshape(*points.shape)
    whole = np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1).reshape(-1, 4)
    rows, columns = raster.shape
    boxes = np.clip(whole, 0.0, [columns, rows, columns, rows])
    seen = _area(boxes) >= VISIBLE * np.maximum(_area(whole), 1e-9)
    return boxes[seen], clusters.kinds[seen]


def _outline() -> Floats:
    """Return points around the corner adatoms of a faulted half, from its middle, Å, shape (n, 2)."""
    turns = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    circle = ATOM * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    return ((FAULTED[0] - CENTRES[0])[:, None, :] + circle).reshape(-1, 2)


def _area(boxes: Floats) -> Floats:
    """Return the areas of boxes, shape (n,)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _confusers(contents: Contents, raster: Raster) -> dict[str, Floats]:
    """Return the middles of confusers within an image by kind."""
    rows, columns = raster.shape
    found = {}
    for name, kind in CONFUSERS.items():
        pixels = raster.pixels(contents.centres[contents.kinds == kind])
        found[name] = pixels[((pixels > 0.0) & (pixels < [columns, rows])).all(axis=1)]
    return found
