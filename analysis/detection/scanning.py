"""Detection in an image that is still being scanned: each cluster is told of once, as soon as it can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.detection.boxes import iou
from analysis.detection.preparation import SMALLEST, Pixel, Prepared, prepare
from analysis.detection.results import Detections
from analysis.detection.suppression import OVERLAP

CONTEXT = 1.5
"""A cluster is told of when the scan is this far below its box, nm: the network needs to see what surrounds it."""


class Finder(Protocol):
    """What finds clusters: a `Detector`, or anything that keeps these."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        ...

    def candidates(self, image: Prepared, *, thorough: bool = False) -> Detections:
        """Everything that may be a cluster, with calibrated scores."""
        ...

    def choose(self, every: Detections, score: float | None = None, *, thorough: bool = False) -> Detections:
        """Those of the candidates that are told of, each place once."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is known of an image so far.

    Attributes:
        found: The clusters, each place once; the surest first when the image is complete.
        numbers: Number of each, by which it is told of again when more of the image is there, shape (n,).
        fresh: Which of them are told of for the first time, shape (n,).
        withdrawn: Numbers of those told of before that the complete image does not hold.
        rows: Lines scanned so far.
        complete: Whether that is all of them.
        expected: Expected number of clusters of each class, the sum of all candidates' scores, shape (classes,); NaN
            before the image is complete.
    """

    found: Detections
    numbers: NDArray[np.int64]
    fresh: NDArray[np.bool_]
    withdrawn: tuple[int, ...]
    rows: int
    complete: bool
    expected: NDArray[np.float64]


class ScanSearch:
    """Searches one image while it grows.

    A cluster is told of once its box and ``context`` below it are scanned. Later looks at more of the image may refine
    its box, class and score, under the same number. The complete image is looked at thoroughly, and in the end there is
    exactly what it holds, in whatever pieces it came; so no cluster is there twice at any time.

    Args:
        finder: What finds clusters.
        nm_per_pixel: Size of a pixel, nm; (x, y) where they are not square.
        score: Least score; the finder's own when None.
        context: How far below a box the scan must be, nm.
        thorough: Whether the complete image is looked at thoroughly; quickly, like its parts, otherwise.
    """

    def __init__(
        self,
        finder: Finder,
        nm_per_pixel: Pixel,
        score: float | None = None,
        context: float = CONTEXT,
        *,
        thorough: bool = True,
    ) -> None:
        self._finder, self._pixel, self._score = finder, nm_per_pixel, score
        self._height = float(np.broadcast_to(np.asarray(nm_per_pixel, float), 2)[1])
        self._context = context / self._height
        self._thorough = thorough
        self._found = nothing(finder.classes)
        self._numbers = np.zeros(0, np.int64)
        self._next = 0
        self._rows = 0

    @property
    def rows(self) -> int:
        """Lines that were there at the last look."""
        return self._rows

    def take(self, image: NDArray[np.floating]) -> Sighting:
        """Look at the image as far as it is there.

        Args:
            image: Heights, shape (y, x); missing (NaN) in lines that are not scanned yet.

        Returns:
            What is known now. Nothing new where no line has come since the last time.

        Raises:
            ImageError: The image cannot be searched; the message says why.
        """
        rows = scanned_rows(image)
        complete = rows == len(image)
        if not complete and (rows == self._rows or (rows - self._context) * self._height < SMALLEST):
            return self._told(np.zeros(len(self._numbers), bool), (), rows, complete=False)
        self._rows = rows
        thorough = complete and self._thorough
        every = self._finder.candidates(prepare(image[:rows], self._pixel), thorough=thorough)
        found = self._finder.choose(every, self._score, thorough=thorough)
        if complete:
            return self._finish(found, every, rows)
        seen = found.where(found.boxes[:, 3] + self._context <= rows)
        numbers = self._recognised(seen)
        # What was told of before and is not seen now stays, until the whole image can be looked at.
        overlaps = iou(self._found.boxes, seen.boxes)
        stays = (overlaps <= OVERLAP).all(axis=1) & ~np.isin(self._numbers, numbers)
        fresh = np.concatenate([numbers >= self._next, np.zeros(int(stays.sum()), bool)])
        self._numbers = np.concatenate([numbers, self._numbers[stays]])
        self._found = _joined(seen, self._found.where(stays))
        self._count()
        return self._told(fresh, (), rows, complete=False)

    def _finish(self, found: Detections, every: Detections, rows: int) -> Sighting:
        """Take over what the complete image holds."""
        numbers = self._recognised(found)
        fresh = numbers >= self._next
        withdrawn = tuple(int(number) for number in self._numbers if number not in numbers)
        self._found, self._numbers = found, numbers
        self._count()
        sums = np.bincount(every.labels, weights=every.scores, minlength=len(self._finder.classes))
        expected = np.asarray(sums, np.float64)
        return self._told(fresh, withdrawn, rows, complete=True, expected=expected)

    def _recognised(self, found: Detections) -> NDArray[np.int64]:
        """Numbers of detections: of those told of before that they overlap most, each once, or new ones."""
        numbers = np.full(len(found), -1, np.int64)
        overlaps = iou(found.boxes, self._found.boxes)
        while overlaps.size and overlaps.max() > OVERLAP:
            one, known = np.unravel_index(int(np.argmax(overlaps)), overlaps.shape)
            numbers[one] = self._numbers[known]
            overlaps[one, :] = overlaps[:, known] = 0.0
        unknown = numbers < 0
        numbers[unknown] = self._next + np.arange(unknown.sum())
        return numbers

    def _count(self) -> None:
        self._next = max(self._next, int(self._numbers.max(initial=-1)) + 1)

    def _told(
        self,
        fresh: NDArray[np.bool_],
        withdrawn: tuple[int, ...],
        rows: int,
        *,
        complete: bool,
        expected: NDArray[np.float64] | None = None,
    ) -> Sighting:
        unknown = np.full(len(self._finder.classes), np.nan)
        return Sighting(
            self._found,
            self._numbers.copy(),
            fresh,
            withdrawn,
            rows,
            complete,
            unknown if expected is None else expected,
        )


def scanned_rows(image: NDArray[np.floating]) -> int:
    """Return how many lines of an image are there: up to the last one that holds any finite value."""
    there = np.flatnonzero(np.isfinite(image).any(axis=1))
    return int(there[-1]) + 1 if there.size else 0


def nothing(classes: tuple[str, ...]) -> Detections:
    """No detections."""
    return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32), classes)


def _joined(one: Detections, other: Detections) -> Detections:
    return Detections(
        np.concatenate([one.boxes, other.boxes]),
        np.concatenate([one.labels, other.labels]),
        np.concatenate([one.scores, other.scores]),
        one.classes,
    )
