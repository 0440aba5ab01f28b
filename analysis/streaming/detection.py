"""Detection of clusters as an on-line step: images in, whole or still growing, a table of clusters out at any time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.errors import BatchError
from analysis.streaming.step import BasicStep, Results

if TYPE_CHECKING:
    from analysis.detection.scanning import Finder, ScanSearch, Sighting

Floats = NDArray[np.float64]

PER_AREA = 100.0
"""Densities are given per so many nm²."""


@dataclass(frozen=True, slots=True)
class _Image:
    """What is known of one image."""

    sighting: Sighting | None
    flaw: str
    area: float


class Detection(BasicStep):
    """Finds, sizes and counts clusters in every image.

    An image that is still being scanned comes as a frame whose last lines are missing (NaN), again and again under the
    same number. A frame that is flawed (nothing in it, no surface, the tip changed) is searched where it can be, and
    its flaw is told of.

    Args:
        nm_per_pixel: Size of a pixel, nm; (x, y) where they are not square.
        weights: File of another detector than the package's.
        score: Least score; the detector's own when None.
        thorough: Whether complete images are looked at in their mirror images, too, which is surer and takes longer;
            parts of an image never are.
        name: Names the step.
        finder: What finds clusters, instead of a detector from a file; for programs, not for settings.

    Raises:
        ValueError: The size of a pixel or the score is out of range, or the file is not there.
    """

    def __init__(
        self,
        nm_per_pixel: float | tuple[float, float] | None = None,
        weights: str | Path | None = None,
        score: float | None = None,
        name: str = "detections",
        *,
        thorough: bool = True,
        finder: Finder | None = None,
    ) -> None:
        if nm_per_pixel is not None and not (np.asarray(nm_per_pixel, float) > 0.0).all():
            raise ValueError(f"nm_per_pixel must be positive, not {nm_per_pixel}")
        if score is not None and not 0.0 <= score <= 1.0:
            raise ValueError(f"score must lie between 0 and 1, not {score:g}")
        if weights is not None and not Path(weights).expanduser().is_file():
            raise ValueError(f"there are no weights {weights}")
        self.name = name
        self._given, self._score, self._weights = nm_per_pixel, score, weights
        self._thorough = thorough
        self._finder = finder
        self._images: dict[int, _Image] = {}
        self._growing: tuple[int, ScanSearch] | None = None

    def start(self, layout: Layout) -> None:
        """Begin a stream; the detector is loaded now."""
        self._images, self._growing = {}, None
        if self._finder is None:
            self._finder = _load(self._weights)

    def restart(self, layout: Layout) -> None:
        """The images before stay."""
        self._growing = None
        if self._finder is None:
            self.start(layout)

    def process(self, batch: Batch) -> Batch:
        """Search the images; gives counts and densities, of all clusters and of each class.

        Raises:
            BatchError: Nobody said how large pixels are.
        """
        if self._given is None:
            raise BatchError(f"{self.name}: nobody says how large pixels are; give nm_per_pixel")
        rows = []
        for number, frame in enumerate(batch.frames, batch.first):
            self._images[number] = self._search(number, frame)
            rows.append(self._values(self._images[number]))
        return batch.with_values({key: np.array([row[key] for row in rows]) for key in (rows[0] if rows else ())})

    def result(self) -> Results:
        """The table of all clusters so far.

        Returns:
            Of each cluster ``image`` (its frame), ``boxes`` (x0, y0, x1, y1, px), ``boxes_nm`` (the same, nm),
            ``labels``, ``scores`` and ``numbers`` (by which it is known while its image grows); of each image
            ``offsets`` (where its rows begin, and where the last one's end), ``lines`` (scanned), ``areas`` (nm²),
            ``expected`` (images, classes), and ``flaws`` (empty where there is none); and the ``classes``.
        """
        finder, images = self._ready(), [self._images[number] for number in sorted(self._images)]
        counts = [0 if one.sighting is None else len(one.sighting.found) for one in images]
        seen = [one.sighting for one in images if one.sighting is not None]
        unknown = np.full(len(finder.classes), np.nan)
        boxes = _stacked([one.found.boxes for one in seen], (4,))
        return {
            "image": np.repeat(np.array(sorted(self._images), np.int64), counts),
            "boxes": boxes,
            "boxes_nm": boxes * np.tile(self._pixel, 2),
            "labels": _stacked([one.found.labels for one in seen]).astype(np.int64),
            "scores": _stacked([one.found.scores for one in seen]),
            "numbers": _stacked([one.numbers for one in seen]).astype(np.int64),
            "offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            "lines": np.array([0 if one.sighting is None else one.sighting.rows for one in images], np.int64),
            "areas": np.array([one.area for one in images]),
            "expected": _stacked(
                [unknown if one.sighting is None else one.sighting.expected for one in images], (len(unknown),), rows=1
            ),
            "flaws": np.array([one.flaw for one in images], dtype=str),
            "classes": np.array(finder.classes, dtype=str),
        }

    @property
    def _pixel(self) -> Floats:
        """Size of a pixel along x and y, nm."""
        return np.broadcast_to(np.asarray(1.0 if self._given is None else self._given, float), 2)

    def _ready(self) -> Finder:
        if self._finder is None:
            raise BatchError(f"{self.name}: the stream has not begun")
        return self._finder

    def _search(self, number: int, frame: NDArray[Any]) -> _Image:
        """Look at an image, or at what there is of it."""
        from analysis.detection.errors import ImageError
        from analysis.detection.quality import find_flaw
        from analysis.detection.scanning import ScanSearch, scanned_rows

        rows = scanned_rows(frame)
        area = float(rows * frame.shape[1] * np.prod(self._pixel))
        flaw = find_flaw(frame).text if rows == len(frame) or not rows else ""
        if self._growing is None or self._growing[0] != number or rows < self._growing[1].rows:
            x, y = self._pixel
            self._growing = (
                number,
                ScanSearch(self._ready(), (float(x), float(y)), self._score, thorough=self._thorough),
            )
        if not rows:
            return _Image(None, flaw, area)
        try:
            return _Image(self._growing[1].take(frame), flaw, area)
        except ImageError as error:
            return _Image(None, flaw or str(error), area)

    def _values(self, image: _Image) -> dict[str, float]:
        """Numbers of one image, by name."""
        classes = self._ready().classes
        nan = float("nan")
        told: dict[str, float] = {f"{self.name}.flawed": float(bool(image.flaw))}
        per = PER_AREA / image.area if image.area else nan
        found = None if image.sighting is None else image.sighting.found.counts()
        counts = dict.fromkeys(classes, nan) if found is None else {name: float(n) for name, n in found.items()}
        for name, count in {"": sum(counts.values()), **counts}.items():
            dotted = f".{name}" if name else ""
            told[f"{self.name}.count{dotted}"] = count
            told[f"{self.name}.density{dotted}"] = count * per
        expected = None if image.sighting is None else image.sighting.expected
        for index, name in enumerate(classes):
            told[f"{self.name}.expected.{name}"] = nan if expected is None else float(expected[index])
        return told


def _load(weights: str | Path | None) -> Finder:
    """Load the package's detector, or another; torch is heavy, and only this step needs it."""
    from analysis.detection import Detector

    return Detector.default() if weights is None else Detector.load(Path(weights).expanduser())


def _stacked(parts: list[Any], tail: tuple[int, ...] = (), *, rows: int = 0) -> NDArray[Any]:
    """Arrays one after the other; with ``rows``, each is one row. An empty one of the same tail where there is none."""
    if not parts:
        return np.zeros((0, *tail))
    return np.stack(parts) if rows else np.concatenate(parts)
