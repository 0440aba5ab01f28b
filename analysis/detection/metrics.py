"""How well clusters are found: precision, recall, F1, average precision and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.detection.boxes import iou
from analysis.detection.matching import THRESHOLDS, Matches, match_class
from analysis.detection.results import Detections, Truth

RECALLS = np.linspace(0.0, 1.0, 101)
"""Recalls at which COCO reads a precision-recall curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall of one class over the threshold of the score, from the surest detection on.

    Attributes:
        scores: Score of each detection that counts, falling, (n,).
        precision: Precision with all detections of at least that score, (n,).
        recall: Recall with them, (n,).
    """

    scores: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def average_precision(self) -> float:
        """Mean of the best precision at each of 101 recalls and beyond, as COCO has it."""
        if not self.scores.size:
            return 0.0
        envelope = np.maximum.accumulate(self.precision[::-1])[::-1]
        at = np.searchsorted(self.recall, RECALLS, side="left")
        return float(np.append(envelope, 0.0)[at].mean())


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well the clusters of some images are found, per class; NaN for classes that are in none of them.

    Attributes:
        classes: Names of the classes.
        clusters: Clusters of each class that there are, (classes,).
        threshold: Score from which detections count for precision, recall, F1 and the confusion matrix.
        precision: Part of the detections that found a cluster of their class, (classes,); NaN without any.
        recall: Part of the clusters that were found, (classes,).
        ap: Average precision at each intersection over union 0.50, 0.55, …, 0.95, (classes, 10).
        confusion: Clusters and detections, by true class and "false" (rows) and found class and "missed" (columns),
            (classes + 1, classes + 1); the last cell is 0.
        curves: Precision and recall over the score, of each class, at an intersection over union of 0.50.
    """

    classes: tuple[str, ...]
    clusters: NDArray[np.int64]
    threshold: float
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    ap: NDArray[np.float64]
    confusion: NDArray[np.int64]
    curves: tuple[Curve, ...]

    @property
    def f1(self) -> NDArray[np.float64]:
        """Harmonic mean of precision and recall, (classes,); 0 where nothing right was found."""
        return np.where(self.clusters > 0, _f1(np.nan_to_num(self.precision), np.nan_to_num(self.recall)), np.nan)

    @property
    def map50(self) -> float:
        """Mean of the average precision at 0.50 over the classes that there are."""
        return mean(self.ap[:, 0])

    @property
    def map50_95(self) -> float:
        """Mean of the average precision over the classes that there are and all ten thresholds."""
        return mean(self.ap.mean(axis=1))

    @property
    def mean_precision(self) -> float:
        """Mean over the classes that there are; a class without a detection has no wrong one, and is left out."""
        return mean(np.where(self.clusters > 0, self.precision, np.nan))

    @property
    def mean_recall(self) -> float:
        """Mean over the classes that there are."""
        return mean(self.recall)


def evaluate(
    detected: Sequence[Detections], truths: Sequence[Truth], classes: Sequence[str], threshold: float | None = None
) -> Evaluation:
    """Compare detections with what is there.

    Args:
        detected: Detections of all scores, one of each image.
        truths: What is there, in the same order.
        classes: Names of the classes.
        threshold: Score from which detections count; `best_threshold` of these very images when None, which flatters.
    """
    found, there = list(detected), list(truths)
    matches = [match_class(found, there, label) for label in range(len(classes))]
    curves = tuple(curve(one, 0) for one in matches)
    clusters = np.array([one.clusters for one in matches], np.int64)
    least = best_threshold(curves, clusters) if threshold is None else threshold
    points = np.array([_at(one, least) for one in curves]).reshape(-1, 2)
    ap = np.array([[curve(one, k).average_precision for k in range(len(THRESHOLDS))] for one in matches])
    absent = clusters == 0
    ap[absent] = np.nan
    return Evaluation(
        tuple(classes),
        clusters,
        least,
        points[:, 0],
        np.where(absent, np.nan, points[:, 1]),
        ap,
        confusion_matrix(found, there, len(classes), least),
        curves,
    )


def curve(matches: Matches, threshold: int) -> Curve:
    """Precision and recall of one class at one threshold of the intersection over union, by its number."""
    counted = ~matches.ignored[threshold]
    right = np.cumsum(matches.found[threshold][counted])
    number = np.arange(1, len(right) + 1)
    return Curve(matches.scores[counted], right / number, right / max(matches.clusters, 1))


def best_threshold(curves: Sequence[Curve], clusters: NDArray[np.int64]) -> float:
    """Score at which F1, the mean over the classes that there are, is best; the middle of the best stretch.

    Args:
        curves: One of each class.
        clusters: Clusters of each class, (classes,).
    """
    some = [one for one, number in zip(curves, clusters, strict=True) if number]
    steps = np.unique(np.concatenate([[0.0, 1.0], *[one.scores for one in some]]))
    tried = 0.5 * (steps[1:] + steps[:-1])
    f1 = np.zeros(len(tried))
    for one in some:
        last = np.searchsorted(-one.scores, -tried, side="right") - 1
        precision, recall = (np.append(values, 0.0)[last] for values in (one.precision, one.recall))
        f1 += _f1(precision, recall)
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(tried[best[len(best) // 2]])


def confusion_matrix(
    detected: Sequence[Detections], truths: Sequence[Truth], classes: int, threshold: float
) -> NDArray[np.int64]:
    """Count clusters by what they are and what they were taken for.

    Boxes are matched whatever their class, those of the largest intersection over union first, from 0.50 on.

    Args:
        detected: Detections of each image.
        truths: What is there, in the same order.
        classes: Number of classes.
        threshold: Score from which detections count.

    Returns:
        Counts by true class, the last row being false detections, and found class, the last column being missed
        clusters, shape (classes + 1, classes + 1).
    """
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    for some, truth in zip(detected, truths, strict=True):
        ours = some.above(threshold)
        overlap = iou(ours.boxes.astype(float), truth.boxes)
        rows, columns = np.nonzero(overlap >= THRESHOLDS[0])
        order = np.argsort(-overlap[rows, columns], kind="stable")
        taken, found = np.zeros(len(ours), bool), np.zeros(len(truth.labels), bool)
        for row, column in zip(rows[order], columns[order], strict=True):
            if taken[row] or found[column]:
                continue
            taken[row] = found[column] = True
            if truth.labels[column] >= 0:
                counts[truth.labels[column], ours.labels[row]] += 1
        excused = (overlap[:, truth.labels < 0] >= THRESHOLDS[0]).any(axis=1)
        np.add.at(counts[-1], ours.labels[~taken & ~excused], 1)
        np.add.at(counts[:, -1], truth.labels[~found & (truth.labels >= 0)], 1)
    return counts


def mean(values: NDArray[np.float64]) -> float:
    """Mean of the values that are numbers; NaN without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _at(one: Curve, threshold: float) -> tuple[float, float]:
    """Precision (NaN without any detection) and recall with the detections of at least a score."""
    last = int(np.searchsorted(-one.scores, -threshold, side="right")) - 1
    return (float("nan"), 0.0) if last < 0 else (float(one.precision[last]), float(one.recall[last]))


def _f1(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Harmonic mean, 0 where both are 0."""
    total = precision + recall
    return 2.0 * precision * recall / np.where(total > 0.0, total, 1.0)
