"""What a classical recipe finds on the same images: blobs, and classes by their size and shape, with scikit-image.

Images are flattened and brought to one pixel size as for the detector. Blobs are the maxima of the scale-space
Laplacian of the Gaussian (`skimage.feature.blob_log`). Each is described by its radial profile of height, its
three-fold and six-fold part and roughness at each radius, and its correlation with the mean image of each class, turned
to the best angle; a linear discriminant classes it, background being one more class. Boxes are as large as the mean
box. Everything that is set (the Laplacian's threshold, templates, discriminant, the threshold of the confidence) comes
from the 40 training and 22 validation images of each seed; the 18 test images are those of the losses.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")  # read once, when numpy is loaded

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from skimage.feature import blob_log  # pyright: ignore[reportMissingImports]
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analysis.detection.boxes import iou
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.results import Detections
from analysis.detection.suppression import suppress
from analysis.detection.training import Sample
from benchmarks.detection_losses import spread
from benchmarks.detection_sets import CLASSES, SIZES, Split, samples, split
from benchmarks.report import Report, results

Floats = NDArray[np.float64]

RADII = np.arange(0.0, 12.0)
"""Of the rings of the profile, px."""
ANGLES = np.deg2rad(np.arange(0.0, 360.0, 15.0))
SCALES = (2.0, 2.8, 3.6, 4.4, 5.3)
"""Widths of the Gaussian that are tried."""
LEVELS = (0.05, 0.1, 0.2, 0.4)
"""Thresholds of the Laplacian that are tried."""
NOTHING = len(CLASSES)
"""The class of background."""


def rings(image: Floats, place: Floats) -> Floats:
    """Heights on rings around a place (x, y), shape (radii, angles)."""
    x = place[0] - 0.5 + RADII[:, None] * np.cos(ANGLES)
    y = place[1] - 0.5 + RADII[:, None] * np.sin(ANGLES)
    return map_coordinates(image, [y, x], order=1, mode="nearest")


def turned(template: Floats) -> Floats:
    """A template turned by up to a third of a turn, each of mean 0 and length 1, shape (turns, radii · angles)."""
    rows = np.array([np.roll(template, -turn, axis=1).ravel() for turn in range(len(ANGLES) // 3)])
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def features(patch: Floats, templates: list[Floats]) -> Floats:
    """Profile, three-fold part and roughness of each ring, and the best correlation with each template."""
    profile = patch.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(patch, axis=1))[:, [3, 6]] / patch.shape[1]
    rough = np.abs(np.diff(patch, axis=1)).mean(axis=1)
    flat = patch.ravel() - patch.mean()
    likeness = [float((one @ flat).max()) / max(float(np.linalg.norm(flat)), 1e-12) for one in templates]
    return np.concatenate([profile, spectrum.ravel(), rough, likeness])


class Classical:
    """Blobs with a discriminant.

    Args:
        level: Threshold of the Laplacian.
    """

    def __init__(self, level: float) -> None:
        self.level = level

    def fit(self, training: list[Sample]) -> Classical:
        """Learn sizes, templates and classes from labelled images."""
        boxes = np.concatenate([one.boxes[one.truth.labels >= 0] for one in training])
        self._side = float(np.mean(boxes[:, 2:] - boxes[:, :2]))
        self._templates = [turned(self._template(training, label)) for label in range(NOTHING)]
        rows, labels = [], []
        for one in training:
            image, places = self._blobs(one)
            overlap = iou(self._boxes(places), one.boxes)
            known = one.truth.labels
            for place, row in zip(places, overlap, strict=True):
                best = int(row.argmax()) if row.size else -1
                found = row.size > 0 and row[best] >= 0.5
                if not (found and known[best] < 0):
                    rows.append(features(rings(image, place), self._templates))
                    labels.append(int(known[best]) if found else NOTHING)
        discriminant = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        self._model = make_pipeline(StandardScaler(), discriminant).fit(np.array(rows), labels)
        return self

    def detect(self, sample: Sample) -> Detections:
        """Find clusters of all confidences."""
        image, places = self._blobs(sample)
        if not len(places):
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32), CLASSES)
        given = self._model.predict_proba(
            np.array([features(rings(image, place), self._templates) for place in places])
        )
        scores = np.zeros((len(places), NOTHING))
        known = [label for label in self._model[-1].classes_ if label < NOTHING]
        scores[:, known] = given[:, : len(known)]
        boxes = np.repeat(self._boxes(places), NOTHING, axis=0)
        labels = np.tile(np.arange(NOTHING), len(places))
        order = np.argsort(-scores.ravel(), kind="stable")
        boxes, labels, values = boxes[order], labels[order], scores.ravel()[order]
        keep = suppress(boxes, labels)
        keep = keep[values[keep] > 0.01]
        return Detections(
            sample.image.to_image(boxes[keep]).astype(np.float32),
            labels[keep],
            values[keep].astype(np.float32),
            CLASSES,
        )

    def _blobs(self, sample: Sample) -> tuple[Floats, Floats]:
        """The image, softly limited, and the middles (x, y) of its blobs."""
        image = np.arcsinh(sample.values.numpy().astype(float))
        scales: Any = (min(SCALES), max(SCALES), len(SCALES))  # floats, whatever its annotations say
        found = blob_log(image, *scales, threshold=self.level, overlap=0.5)
        return image, found[:, [1, 0]] + 0.5

    def _boxes(self, places: Floats) -> Floats:
        half = 0.5 * self._side
        return np.hstack([places - half, places + half])

    def _template(self, training: list[Sample], label: int) -> Floats:
        """Mean rings of a class, each turned to the first one's angle."""
        patches = [
            rings(np.arcsinh(one.values.numpy().astype(float)), 0.5 * (box[:2] + box[2:]))
            for one in training
            for box in one.boxes[one.truth.labels == label]
        ]
        if not patches:
            return np.zeros((len(RADII), len(ANGLES)))
        total = patches[0].copy()
        for patch in patches[1:]:
            choices = [np.roll(patch, turn, axis=1) for turn in range(len(ANGLES))]
            total += max(choices, key=lambda one: float((one * total).sum()))
        return total / len(patches)


def study(images: Split) -> Evaluation:
    """Choose the level on the validation images, and test."""
    training, validation, test = (samples(some) for some in (images.training, images.validation, images.test))
    truths = [one.truth for one in validation]
    tried = []
    for level in LEVELS:
        model = Classical(level).fit(training)
        tried.append((evaluate([model.detect(one) for one in validation], truths, CLASSES), model))
    best, model = max(tried, key=lambda pair: pair[0].map50)
    return evaluate([model.detect(one) for one in test], [one.truth for one in test], CLASSES, best.threshold)


def main() -> None:
    """Fit, test and print the table."""
    parser = argparse.ArgumentParser(description="Blobs and a discriminant on images of the microscope's twin.")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    found = [study(split(seed)) for seed in options.seeds]
    cells = [spread([getattr(one, name) for one in found]) for name in ("mean_precision", "mean_recall", "map50")]
    by_class = [spread([float(one.ap[label, 0]) for one in found]) for label in range(NOTHING)]
    heads = ("precision", "recall", "mAP50", *(f"AP50 of {name}" for name in CLASSES))
    report.table(("recipe", *heads), [("blobs and a discriminant", *cells, *by_class)])
    report.finish(results(__file__) if options.write else None, images=" / ".join(map(str, SIZES)))


if __name__ == "__main__":
    main()
