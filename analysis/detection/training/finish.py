"""From a trained network to a detector: its confidences are calibrated, and its threshold chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.detection.calibration import fit_calibration, outcomes, reliability
from analysis.detection.detector import Detector
from analysis.detection.inference import look
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.network import fused
from analysis.detection.training.samples import Sample
from analysis.detection.training.trainer import Trained
from analysis.detection.weights import make_card


def finish(trained: Trained, validation: Sequence[Sample], data: dict[str, Any] | None = None) -> Detector:
    """Make a detector of a trained network.

    Args:
        trained: The network.
        validation: Images that it has not learned from: confidences and threshold are set by them.
        data: What the card says about where the images come from.
    """
    classes = trained.recipe.classes
    ready = fused(trained.network)
    truths = [sample.truth for sample in validation]
    raw = [look(ready, sample.image, classes) for sample in validation]
    calibration = fit_calibration(raw, truths, len(classes))
    counts = dict(zip(classes, trained.counts, strict=True))
    training = {"data": data or {}, "clusters": counts, "recipe": trained.recipe.facts()}
    training |= {"steps": trained.history[-1]["step"], "best_step": trained.history[trained.best]["step"]}
    draft = Detector(trained.network, make_card(trained.network, classes, calibration, 0.5, training=training))
    evaluation = judge_detector(draft, validation)
    metrics = {"validation": describe(evaluation, draft, validation)}
    card = replace(draft.card, threshold=round(evaluation.threshold, 4), metrics=metrics)
    return Detector(trained.network, card)


def judge_detector(detector: Detector, samples: Sequence[Sample], threshold: float | None = None) -> Evaluation:
    """Evaluate what a detector gives its users, each place once.

    Args:
        detector: The detector.
        samples: Images with their clusters.
        threshold: Score from which detections count; the one that does best on these very images when None.
    """
    found = [detector.search(sample.image, score=0.0) for sample in samples]
    return evaluate(found, [sample.truth for sample in samples], detector.classes, threshold)


def describe(evaluation: Evaluation, detector: Detector, samples: Sequence[Sample]) -> dict[str, Any]:
    """Figures of an evaluation for a card, the error of the confidences among them."""
    found = [detector.search(sample.image, score=0.0) for sample in samples]
    truths = [sample.truth for sample in samples]
    pairs = [outcomes(found, truths, label) for label in range(len(detector.classes))]
    scores, right = (np.concatenate(values) for values in zip(*pairs, strict=True))
    figures = {
        "images": len(samples),
        "map50": evaluation.map50,
        "map50_95": evaluation.map50_95,
        "precision": evaluation.mean_precision,
        "recall": evaluation.mean_recall,
        "calibration_error": reliability(scores, right).expected_error,
    }
    per_class = {
        name: {"clusters": int(number), "ap50": float(ap[0]), "precision": float(precision), "recall": float(recall)}
        for name, number, ap, precision, recall in zip(
            evaluation.classes, evaluation.clusters, evaluation.ap, evaluation.precision, evaluation.recall, strict=True
        )
    }
    return {
        **{name: _rounded(value) for name, value in figures.items()},
        "classes": {
            name: {key: _rounded(value) for key, value in values.items()} for name, values in per_class.items()
        },
    }


def _rounded(value: float) -> float | None:
    """Four digits behind the point; nothing for what is no number, which JSON cannot hold."""
    return None if math.isnan(value) else round(value, 4)
