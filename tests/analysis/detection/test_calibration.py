"""Confidences: a known distortion is found and undone."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.detection.calibration import Calibration, expit, fit_calibration, logit, reliability
from analysis.detection.results import Detections, Truth


def scene(slope: float, offset: float, labels: int, n: int = 4000) -> tuple[Detections, Truth]:
    """Boxes far apart, right with a probability of which the score is a distortion."""
    rng = np.random.default_rng(0)
    x = np.arange(n) * 20.0
    boxes = np.stack([x, np.zeros(n), x + 10, np.full(n, 10.0)], axis=1)
    kinds = rng.integers(0, labels, n)
    truth = rng.normal(0, 2, n)
    right = rng.random(n) < expit(truth)
    scores = expit((truth - offset) / slope)
    order = np.argsort(-scores)
    found = Detections(
        boxes[order].astype(np.float32), kinds[order], scores[order].astype(np.float32), ("a", "b", "c")[:labels]
    )
    return found, Truth(boxes[right], kinds[right])


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (2.0, 1.0), (0.5, -1.5)])
def test_a_distortion_is_found(slope: float, offset: float) -> None:
    """Slope and offset are those that were put in."""
    found, truth = scene(slope, offset, 2)
    fitted = fit_calibration([found], [truth], 2)
    assert fitted.slopes == pytest.approx([slope, slope], rel=0.12)
    assert fitted.offsets == pytest.approx([offset, offset], abs=0.2)


def test_calibrated_scores_are_reliable_and_sorted() -> None:
    """The expected error falls to that of chance, and the order is by the new scores."""
    found, truth = scene(0.4, -1.0, 2)
    right = np.isin(found.boxes[:, 0], truth.boxes[:, 0])
    assert reliability(found.scores.astype(float), right).expected_error > 0.08
    after = fit_calibration([found], [truth], 2).apply(found)
    right = np.isin(after.boxes[:, 0], truth.boxes[:, 0])
    assert reliability(after.scores.astype(float), right).expected_error < 0.03
    assert (np.diff(after.scores) <= 0).all()


def test_classes_with_few_detections_share_a_calibration() -> None:
    """A class that was hardly seen gets that of all together."""
    found, truth = scene(2.0, 1.0, 2)
    rare = np.flatnonzero(found.labels == 1)[:6]
    some = found.where(np.concatenate([np.flatnonzero(found.labels == 0), rare]))
    fitted = fit_calibration([some], [truth], 2)
    assert fitted.slopes[1] == pytest.approx(fitted.slopes[0], rel=0.1)


def test_nothing_found_leaves_scores_alone() -> None:
    """Without a detection there is nothing to correct."""
    empty = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32), ("a",))
    fitted = fit_calibration([empty], [Truth()], 1)
    assert fitted.slopes.tolist() == [1.0]
    assert fitted.offsets.tolist() == [0.0]
    assert len(Calibration.none(1).apply(empty)) == 0


def test_bins_by_hand() -> None:
    """Means, frequencies and their distance; 1 belongs to the last bin."""
    one = reliability(np.array([0.1, 0.3, 0.6, 1.0]), np.array([False, True, True, True]), 2)
    assert one.numbers.tolist() == [2, 2]
    assert one.scores.tolist() == pytest.approx([0.2, 0.8])
    assert one.right.tolist() == pytest.approx([0.5, 1.0])
    assert one.expected_error == pytest.approx(0.25)


def test_logits_of_the_extremes_are_finite() -> None:
    """0 and 1 come back nearly as they were."""
    assert expit(logit(np.array([0.0, 0.25, 1.0]))) == pytest.approx([0.0, 0.25, 1.0], abs=1e-6)
