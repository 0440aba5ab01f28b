"""Metrics against pycocotools on the same boxes, and against cases counted by hand."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.detection.matching import match_class
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.results import Detections, Truth

if TYPE_CHECKING:
    from pycocotools.cocoeval import COCOeval

CLASSES = ("Pb1", "Pb2", "Pb3")


def truth(boxes: list[list[float]], labels: list[int]) -> Truth:
    """Clusters of one image."""
    return Truth(np.array(boxes, float).reshape(-1, 4), np.array(labels, np.int64))


def found(boxes: list[list[float]], labels: list[int], scores: list[float]) -> Detections:
    """Detections in one image."""
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64), np.array(scores, np.float32), CLASSES
    )


def scene(seed: int, images: int = 6) -> tuple[list[Detections], list[Truth]]:
    """Boxes in a crowd, and detections that are shifted, doubled, missing, of another class, or nothing."""
    rng = np.random.default_rng(seed)
    detected, truths = [], []
    for _ in range(images):
        n = int(rng.integers(0, 25))
        corner, size = rng.uniform(0, 100, (n, 2)), rng.uniform(6, 14, (n, 2))
        boxes, labels = np.hstack([corner, corner + size]), rng.integers(0, len(CLASSES), n)
        labels[rng.random(n) < 0.1] = -1
        truths.append(Truth(boxes, labels))
        again = np.concatenate([np.arange(n)[rng.random(n) < 0.9], rng.integers(0, max(n, 1), n // 2)]).astype(int)
        moved = boxes[again] + rng.normal(0, 1.2, (len(again), 4))
        named = np.where(rng.random(len(again)) < 0.8, labels[again], rng.integers(0, len(CLASSES), len(again)))
        named = np.where(named < 0, 0, named)
        extra = rng.uniform(0, 100, (4, 2))
        detected.append(
            Detections(
                np.vstack([moved, np.hstack([extra, extra + 9])]).astype(np.float32),
                np.concatenate([named, rng.integers(0, len(CLASSES), 4)]),
                rng.uniform(0, 1, len(again) + 4).astype(np.float32),
                CLASSES,
            )
        )
    return detected, truths


def coco(detected: list[Detections], truths: list[Truth]) -> NDArray[np.float64]:
    """Average precision of the reference implementation, (classes, thresholds)."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    number = count(1)
    annotations: list[dict[str, Any]] = []
    for image, one in enumerate(truths, 1):
        for box, label in zip(one.boxes.tolist(), one.labels.tolist(), strict=True):
            width, height = box[2] - box[0], box[3] - box[1]
            facts = {"image_id": image, "bbox": [box[0], box[1], width, height], "area": width * height, "iscrowd": 0}
            # What is to be ignored is so in every class.
            kinds = range(len(CLASSES)) if label < 0 else [label]
            annotations += [
                {**facts, "id": next(number), "category_id": kind + 1, "ignore": int(label < 0)} for kind in kinds
            ]
    answers = [
        {
            "image_id": image,
            "category_id": int(label) + 1,
            "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
            "score": float(score),
        }
        for image, one in enumerate(detected, 1)
        for box, label, score in zip(one.boxes.astype(float).tolist(), one.labels, one.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO()
        reference.dataset = {
            "images": [{"id": image} for image in range(1, len(truths) + 1)],
            "annotations": annotations,
            "categories": [{"id": kind + 1} for kind in range(len(CLASSES))],
        }
        reference.createIndex()
        for annotation, entry in zip(annotations, reference.anns.values(), strict=True):
            entry["ignore"] = annotation["ignore"]
        judge = COCOeval(reference, reference.loadRes(answers), "bbox")
        judge.params.maxDets = [1000]
        judge._prepare = _keeping_ignored(judge)
        judge.evaluate()
        judge.accumulate()
    return judge.eval["precision"][:, :, :, 0, 0].mean(axis=1).T


def _keeping_ignored(judge: COCOeval) -> Callable[[], None]:
    """The reference overwrites `ignore` by `iscrowd`, which would let one box excuse by another measure."""
    prepare = judge._prepare

    def prepared() -> None:
        marks = {key: entry["ignore"] for key, entry in judge.cocoGt.anns.items()}
        prepare()
        for entries in judge._gts.values():
            for entry in entries:
                entry["ignore"] = marks[entry["id"]]

    return prepared


@pytest.mark.parametrize("seed", range(8))
def test_average_precision_is_that_of_the_reference(seed: int) -> None:
    """Crowded scenes give the same average precision, every class and threshold."""
    detected, truths = scene(seed)
    if seed % 2:  # without anything to ignore
        truths = [Truth(one.boxes[one.labels >= 0], one.labels[one.labels >= 0]) for one in truths]
    ours, theirs = evaluate(detected, truths, CLASSES), coco(detected, truths)
    assert ours.ap == pytest.approx(theirs, abs=1e-9)
    assert ours.map50 == pytest.approx(theirs[:, 0].mean())
    assert ours.map50_95 == pytest.approx(theirs.mean())


def by_hand(threshold: float | None = 0.5) -> Evaluation:
    """Two images with five detections."""
    truths = [
        truth([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], [0, 0, 1]),
        truth([[0, 0, 10, 10]], [0]),
    ]
    detected = [
        found([[0, 0, 10, 10], [60, 0, 70, 10], [40, 0, 50, 10], [20, 0, 30, 10]], [0, 0, 0, 0], [0.9, 0.8, 0.7, 0.3]),
        found([[1, 0, 11, 10]], [0], [0.6]),
    ]
    return evaluate(detected, truths, CLASSES, threshold)


def test_precision_recall_and_f1_by_hand() -> None:
    """Counts that can be followed on paper."""
    one = by_hand()
    assert one.clusters.tolist() == [3, 1, 0]
    assert one.precision[0] == pytest.approx(2 / 4)
    assert one.recall[:2] == pytest.approx([2 / 3, 0.0])
    assert one.f1[:2] == pytest.approx([4 / 7, 0.0])
    assert np.isnan([one.precision[1], one.precision[2], one.recall[2], one.f1[2], one.ap[2, 0]]).all()
    assert one.mean_precision == pytest.approx(0.5)
    assert one.mean_recall == pytest.approx(1 / 3)


def test_the_confusion_matrix_by_hand() -> None:
    """One Pb1 missed, the Pb2 taken for Pb1, one false Pb1."""
    assert by_hand().confusion.tolist() == [[2, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


def test_the_curve_by_hand() -> None:
    """The curve, and the area below its envelope."""
    curve = by_hand().curves[0]
    assert curve.scores == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.3])
    assert curve.precision == pytest.approx([1, 1 / 2, 1 / 3, 2 / 4, 3 / 5])
    assert curve.recall == pytest.approx([1 / 3, 1 / 3, 1 / 3, 2 / 3, 1])
    # 0 to 33 % at precision 1, beyond at the best still to come.
    assert curve.average_precision == pytest.approx((34 * 1.0 + 67 * 0.6) / 101)


def test_the_threshold_with_the_best_f1_is_found() -> None:
    """With all five, precision 3/5 and recall 1; Pb2 is never found, whatever the threshold."""
    assert by_hand(None).threshold == pytest.approx(0.15)


def test_a_second_box_on_the_same_cluster_is_false() -> None:
    """A cluster is found once."""
    twice = evaluate([found([[0, 0, 10, 10]] * 2, [0, 0], [0.9, 0.8])], [truth([[0, 0, 10, 10]], [0])], CLASSES, 0.5)
    assert twice.precision[0] == 0.5
    assert twice.confusion[3].tolist() == [1, 0, 0, 0]


def test_what_is_to_be_ignored_is_neither_missed_nor_false() -> None:
    """Clusters of no class count neither way."""
    one = evaluate([found([[0, 0, 10, 10]] * 2, [0, 1], [0.9, 0.8])], [truth([[0, 0, 10, 10]], [-1])], CLASSES, 0.5)
    assert one.confusion.sum() == 0
    assert np.isnan(one.precision[:2]).all()


def test_empty_images_and_no_images() -> None:
    """Nothing found where nothing is, nothing found where something is, no image at all."""
    nothing = evaluate([found([], [], [])], [truth([], [])], CLASSES, 0.5)
    assert nothing.confusion.sum() == 0
    assert np.isnan(nothing.map50)
    assert match_class([], [], 0).scores.shape == (0,)
    missed = evaluate([found([], [], [])], [truth([[0, 0, 9, 9]], [1])], CLASSES)
    assert missed.map50 == 0.0
    assert missed.confusion[1, 3] == 1
