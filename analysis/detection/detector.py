"""The detector: images in, boxes, classes and confidences out."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import torch
from numpy.typing import ArrayLike

from analysis.detection.inference import look
from analysis.detection.network import Network, fused
from analysis.detection.preparation import Pixel, Prepared, prepare
from analysis.detection.results import Detections
from analysis.detection.suppression import suppress
from analysis.detection.weights import Card, read_detector, write_detector

DEFAULT = Path(__file__).parent / "weights" / "default.safetensors"
"""The weights that come with this package."""


class Detector:
    """Finds clusters in images of a scanning tunnelling microscope.

    Args:
        network: Trained, not fused.
        card: What it is.
        device: Where it runs; a GPU where there is one, when None.
    """

    def __init__(self, network: Network, card: Card, device: str | None = None) -> None:
        self.network, self.card = network, card
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._calibrations = {thorough: card.confidence(thorough=thorough).calibration for thorough in (False, True)}

    @classmethod
    def default(cls) -> Detector:
        """Load the detector that comes with this package.

        Raises:
            WeightsError: The package is damaged.
        """
        return cls.load(DEFAULT)

    @classmethod
    def load(cls, path: Path | str) -> Detector:
        """Load a detector from its weights; the card is beside them.

        Raises:
            WeightsError: A file is missing, damaged, or belongs to another one or another version.
        """
        return cls(*read_detector(Path(path)))

    def save(self, path: Path | str) -> None:
        """Write weights, and the card beside them."""
        write_detector(Path(path), self.network, self.card)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.card.classes

    @cached_property
    def _ready(self) -> Network:
        return fused(self.network).to(self.device)

    def detect(
        self, image: ArrayLike, nm_per_pixel: Pixel, *, score: float | None = None, thorough: bool = False
    ) -> Detections:
        """Find the clusters in an image.

        Args:
            image: Height or any signal that grows with it, not flattened, in any unit, (y, x); NaN where not yet
                scanned.
            nm_per_pixel: Size of a pixel, nm; (x, y) where they are not square.
            score: Least confidence; the one that did best on images for validation, when None.
            thorough: Whether it is looked at in all four mirror images, which finds more, and more surely, and takes
                more than twice as long.

        Returns:
            The clusters, the surest first, each place once.

        Raises:
            ImageError: The image cannot be searched; the message says why.
        """
        return self.search(prepare(image, nm_per_pixel), score=score, thorough=thorough)

    def search(self, image: Prepared, *, score: float | None = None, thorough: bool = False) -> Detections:
        """Find the clusters in an image that is prepared already: see `detect`."""
        return self.choose(self.candidates(image, thorough=thorough), score, thorough=thorough)

    def choose(self, every: Detections, score: float | None = None, *, thorough: bool = False) -> Detections:
        """Choose from all candidates those of at least a score, the surest at each place: see `detect`."""
        sure = every.above(self.card.confidence(thorough=thorough).threshold if score is None else score)
        # A half-cell holds one cluster, whatever else it looks like.
        return sure.where(suppress(sure.boxes))

    def candidates(self, image: Prepared, *, thorough: bool = False) -> Detections:
        """Everything that may be a cluster, of every class; what metrics and calibrations are made from."""
        return self._calibrations[thorough].apply(look(self._ready, image, self.classes, thorough=thorough))
