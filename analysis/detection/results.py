"""What is in an image: clusters as they are labelled, and clusters as they are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.detection.boxes import as_boxes
from analysis.detection.errors import LabelError


@dataclass(frozen=True, slots=True)
class Detections:
    """Clusters found in one image, the surest first.

    Attributes:
        boxes: x0 y0 x1 y1 of each, px of the image as it was given, shape (n, 4), float32.
        labels: Number of each one's class, shape (n,), int64.
        scores: Probability that there is a cluster of that class, shape (n,), float32.
        classes: Names of the classes.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def names(self) -> list[str]:
        """Name of the class of each."""
        return [self.classes[label] for label in self.labels]

    def where(self, keep: NDArray[Any]) -> Detections:
        """Some of them, by a mask or by their numbers."""
        return Detections(self.boxes[keep], self.labels[keep], self.scores[keep], self.classes)

    def above(self, score: float) -> Detections:
        """Those of at least a score."""
        return self.where(self.scores >= score)

    def counts(self) -> dict[str, int]:
        """How many there are of each class."""
        number = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(number[index]) for index, name in enumerate(self.classes)}


@dataclass(frozen=True, slots=True)
class Truth:
    """Clusters that are in one image.

    Attributes:
        boxes: x0 y0 x1 y1 of each, px, shape (n, 4).
        labels: Number of each one's class, shape (n,); -1 for those that are neither to be found nor wrong to find.
    """

    boxes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


class LabelledImage(Protocol):
    """An image with its clusters, from a twin or a folder.

    Attributes:
        height: Height, any unit, (y, x); not flattened.
        nm_per_pixel: Size of a pixel, nm; (x, y) where they are not square.
        boxes: x0 y0 x1 y1 of each cluster, px, (n, 4).
        labels: Number of each one's class, (n,).
        classes: Names of the classes.
    """

    @property
    def height(self) -> NDArray[Any]: ...  # noqa: D102 - described above
    @property
    def nm_per_pixel(self) -> float | tuple[float, float]: ...  # noqa: D102
    @property
    def boxes(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def labels(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def classes(self) -> Sequence[str]: ...  # noqa: D102


def truth_of(image: LabelledImage, classes: Sequence[str]) -> Truth:
    """Take the labels of an image in the order of other classes; clusters of classes left out become -1.

    Raises:
        LabelError: Boxes and labels do not fit each other, the image or its classes.
    """
    boxes, labels = as_boxes(image.boxes), np.asarray(image.labels, np.int64).ravel()
    if len(boxes) != len(labels):
        raise LabelError(f"there are {len(boxes)} boxes and {len(labels)} labels; give one label for each box")
    if labels.size and not 0 <= labels.min() <= labels.max() < len(image.classes):
        raise LabelError(f"labels go from {labels.min()} to {labels.max()}, and there are {len(image.classes)} classes")
    if boxes.size and bool(np.any(boxes[:, 2:] <= boxes[:, :2])):
        raise LabelError("boxes are empty or have their corners the wrong way round; give x0 < x1 and y0 < y1")
    rows, columns = image.height.shape
    outside = (boxes[:, 2:] <= 0.0).any(axis=1) | (boxes[:, :2] >= (columns, rows)).any(axis=1)
    if outside.any():
        raise LabelError(f"box {boxes[outside][0].round(1).tolist()} lies outside its image of {columns} × {rows} px")
    wanted = list(classes)
    numbers = np.array([wanted.index(name) if name in wanted else -1 for name in image.classes], np.int64)
    return Truth(boxes, numbers[labels] if labels.size else labels)
