"""A labelled image of a folder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.detection.scan import Scan
from daemon.errors import ScanError

SLACK = 1.0
"""Boxes may reach this far over the edge of their image, px: labelling programs round."""


@dataclass(frozen=True, slots=True)
class LabelledScan:
    """An image with its clusters, as `analysis.detection.LabelledImage` has it.

    Attributes:
        scan: The image.
        boxes: x0 y0 x1 y1 of each cluster, px, (n, 4).
        labels: Number of each one's class, (n,).
        classes: Names of the classes.
    """

    scan: Scan
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def height(self) -> NDArray[np.float64]:
        """Height, (y, x)."""
        return self.scan.height

    @property
    def nm_per_pixel(self) -> tuple[float, float]:
        """Size of a pixel along x and y, nm."""
        return self.scan.nm_per_pixel


def labelled(scan: Scan, boxes: list[list[float]], labels: list[int], classes: tuple[str, ...]) -> LabelledScan:
    """Put image and labels together.

    Raises:
        ScanError: A box lies outside the image or is empty, or a label names no class.
    """
    array = np.array(boxes, np.float64).reshape(-1, 4)
    numbers = np.array(labels, np.int64)
    rows, columns = scan.height.shape
    for box, number in zip(array, numbers, strict=True):
        if not 0 <= number < len(classes):
            raise ScanError(f"labels of {scan.name}: class {number}, but there are {len(classes)} classes")
        if not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
            raise ScanError(f"labels of {scan.name}: the box {box.round(1).tolist()} is empty")
        if (box[:2] < -SLACK).any() or (box[2:] > np.array([columns, rows]) + SLACK).any():
            raise ScanError(
                f"labels of {scan.name}: the box {box.round(1).tolist()} lies outside the image of "
                f"{columns} × {rows} pixels"
            )
    return LabelledScan(scan, np.clip(array, 0.0, [columns, rows, columns, rows]), numbers, classes)
