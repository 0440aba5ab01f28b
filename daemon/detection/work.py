"""Searching images for clusters, from files or a run to tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.detection.readers import find_files, read_scans
from daemon.detection.scan import Request, Scan
from daemon.detection.statistics import SizeCount, size_counts
from daemon.errors import ScanError
from daemon.recorder.layout import JOURNAL

if TYPE_CHECKING:
    from analysis.detection import Detections, Detector


@dataclass(frozen=True, slots=True)
class Searched:
    """An image and what was found in it.

    Attributes:
        scan: The image.
        found: The clusters.
    """

    scan: Scan
    found: Detections

    @property
    def area(self) -> float:
        """Surface that was scanned, nm²."""
        lines = np.isfinite(self.scan.height).any(axis=1).sum()
        return float(lines * self.scan.height.shape[1] * np.prod(self.scan.nm_per_pixel))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was searched.

    Attributes:
        path: What was asked for.
        images: Images with their clusters.
        skipped: Files of a folder that could not be searched, and why.
        classes: Names of the classes.
        seconds: Time that it took.
    """

    path: Path
    images: list[Searched]
    skipped: dict[str, str]
    classes: tuple[str, ...]
    seconds: float

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each cluster in all images."""
        return np.concatenate([np.zeros(0, np.int64), *(one.found.labels for one in self.images)])

    @property
    def area(self) -> float:
        """Surface that was scanned, nm²."""
        return sum(one.area for one in self.images)

    @property
    def sizes(self) -> list[SizeCount]:
        """Clusters by size."""
        return size_counts(self.labels, self.classes, self.area)


def search(
    path: Path,
    detector: Detector,
    request: Request,
    score: float | None = None,
    advance: Callable[[str, float], None] = lambda *_: None,
    *,
    thorough: bool = True,
) -> Outcome:
    """Search a file, a folder or a run.

    Args:
        path: What to search.
        detector: What searches.
        request: What a person says about the images.
        score: Least confidence; the detector's own when None.
        advance: Told what is done, and which part of it.
        thorough: Whether images are looked at in all four mirror images.

    Raises:
        ScanError: Nothing could be searched; says why. In a folder, what cannot be searched is skipped.
    """
    began = time.monotonic()
    images: list[Searched] = []
    skipped: dict[str, str] = {}
    for part, name, scans in _sources(path, request):
        try:
            images += [Searched(scan, _detected(detector, scan, score, thorough=thorough)) for scan in scans]
        except ScanError as error:
            skipped[name] = str(error)
        advance("searching", part)
    if not images:
        raise ScanError(next(iter(skipped.values()), f"{path} holds no image"))
    return Outcome(path, images, skipped, detector.classes, time.monotonic() - began)


def _sources(path: Path, request: Request) -> Iterator[tuple[float, str, Iterator[Scan]]]:
    """Files or images one by one: the part done with each, its name, and its images."""
    if (path / JOURNAL).is_file():
        from daemon.detection.readers.run import read_run

        for number, scan in enumerate(read_run(path, request)):
            yield 1.0 - 0.5 ** (number + 1), scan.name, iter([scan])
        return
    files = find_files(path)
    for number, file in enumerate(files, 1):
        yield number / len(files), file.name, _read(file, request)


def _read(file: Path, request: Request) -> Iterator[Scan]:
    yield from read_scans(file, request)


def _detected(detector: Detector, scan: Scan, score: float | None, *, thorough: bool) -> Detections:
    """Search one image.

    Raises:
        ScanError: It cannot be searched.
    """
    try:
        return detector.detect(scan.height, scan.nm_per_pixel, score=score, thorough=thorough)
    except ValueError as error:
        # By contract its words say what is wrong with the image; the traceback stays with the cause.
        raise ScanError(f"{scan.name}: {' '.join(str(error).split())}") from error


def rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """One row per cluster: its image, its box in pixels and nm, its class and its confidence."""
    for one in outcome.images:
        scale = np.tile(one.scan.nm_per_pixel, 2)
        for box, name, score in zip(one.found.boxes, one.found.names, one.found.scores, strict=True):
            pixels, nm = (np.round(values.astype(float), 3).tolist() for values in (box, box * scale))
            yield {
                "image": one.scan.name,
                **dict(zip(("x0_px", "y0_px", "x1_px", "y1_px"), pixels, strict=True)),
                **dict(zip(("x0_nm", "y0_nm", "x1_nm", "y1_nm"), nm, strict=True)),
                "class": name,
                "confidence": round(float(score), 4),
            }
