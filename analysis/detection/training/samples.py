"""Labelled images, prepared for the network once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from analysis.detection.preparation import Prepared, prepare
from analysis.detection.results import LabelledImage, Truth, truth_of


@dataclass(frozen=True, slots=True)
class Sample:
    """A prepared image with its clusters.

    Attributes:
        image: The image, at the working size of pixels.
        truth: The clusters in the image as it was given, px of that.
    """

    image: Prepared
    truth: Truth

    @property
    def values(self) -> Tensor:
        """What the network sees, (y, x), float32."""
        return self.image.values

    @property
    def boxes(self) -> NDArray[np.float64]:
        """Boxes in working pixels, (n, 4)."""
        return self.image.to_working(self.truth.boxes)


def make_samples(images: Iterable[LabelledImage], classes: Sequence[str]) -> Iterator[Sample]:
    """Prepare labelled images, one after another.

    Args:
        images: From a twin or from folders.
        classes: Names of the classes that are to be found; clusters of others are neither found nor wrong to find.

    Raises:
        ImageError: An image cannot be searched.
        LabelError: Labels do not fit their image.
    """
    for image in images:
        yield Sample(prepare(image.height, image.nm_per_pixel), truth_of(image, classes))


def count_classes(samples: Iterable[Sample], classes: int) -> NDArray[np.int64]:
    """Clusters of each class in some samples, (classes,)."""
    labels = [sample.truth.labels for sample in samples]
    together = np.concatenate([np.zeros(0, np.int64), *labels])
    return np.bincount(together[together >= 0], minlength=classes)
