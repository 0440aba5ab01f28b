"""Which detection found which cluster: greedily, the surest detection first (Lin et al., ECCV 2014, COCO)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.detection.boxes import iou
from analysis.detection.results import Detections, Truth

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Intersections over union at which boxes count as found: 0.50, 0.55, …, 0.95."""


@dataclass(frozen=True, slots=True)
class Matches:
    """What became of the detections of one class, over any number of images, the surest first.

    Attributes:
        scores: Score of each detection, (n,).
        found: Whether it found a cluster, at each threshold, (thresholds, n).
        ignored: Whether it found what is neither to be found nor wrong to find, (thresholds, n).
        clusters: How many clusters there were to be found.
    """

    scores: NDArray[np.float64]
    found: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    clusters: int


def match_class(
    detected: list[Detections], truths: list[Truth], label: int, thresholds: NDArray[np.float64] = THRESHOLDS
) -> Matches:
    """Match the detections of one class in all images.

    Args:
        detected: Detections, one of each image.
        truths: What is there, in the same order.
        label: The class.
        thresholds: Intersections over union from which a box counts as found, (thresholds,).
    """
    scores, found, ignored, clusters = [np.zeros(0)], [], [], 0
    for some, truth in zip(detected, truths, strict=True):
        ours = some.where(np.flatnonzero(some.labels == label))
        ours = ours.where(np.argsort(-ours.scores, kind="stable"))
        there = truth.labels == label
        clusters += int(there.sum())
        # Clusters to be found come first: only a box that found none of them may be excused.
        targets = np.concatenate([truth.boxes[there], truth.boxes[truth.labels < 0]])
        overlap = np.asarray(iou(ours.boxes.astype(float), targets), np.float64)
        one = [_match(overlap, int(there.sum()), float(threshold)) for threshold in thresholds]
        scores.append(ours.scores.astype(float))
        found.append(np.array([row[0] for row in one]))
        ignored.append(np.array([row[1] for row in one]))
    empty = np.zeros((len(thresholds), 0), bool)
    all_scores = np.concatenate(scores)
    order = np.argsort(-all_scores, kind="stable")
    return Matches(
        all_scores[order],
        np.concatenate([empty, *found], axis=1)[:, order],
        np.concatenate([empty, *ignored], axis=1)[:, order],
        clusters,
    )


def _match(
    overlap: NDArray[np.float64], clusters: int, threshold: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Give each detection the free cluster that it overlaps most.

    Args:
        overlap: Intersection over union of detections and targets, (n, m).
        clusters: How many of the targets are to be found; each of the others excuses one detection.
        threshold: Least intersection over union.
    """
    n, m = overlap.shape
    found, ignored, free = np.zeros(n, bool), np.zeros(n, bool), np.ones(m, bool)
    least = min(threshold, 1.0 - 1e-10)
    for index in range(n):
        row = np.where(free, overlap[index], -1.0)
        for kind, part in ((found, slice(0, clusters)), (ignored, slice(clusters, m))):
            if row[part].size and row[part].max() >= least:
                # The last of equals, as pycocotools has it.
                best = row[part].size - 1 - int(np.argmax(row[part][::-1]))
                kind[index] = True
                free[part.start + best] = False
                break
    return found, ignored
