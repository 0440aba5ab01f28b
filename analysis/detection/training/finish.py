"""From a trained network to a detector: its confidences are calibrated, and its threshold chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.detection.calibration import fit_calibration, outcomes, reliability
from analysis.detection.detector import Detector
from analysis.detection.inference import look
from analysis.detection.metrics import evaluate
from analysis.detection.network import Network, fused
from analysis.detection.training.samples import Sample
from analysis.detection.training.trainer import Trained
from analysis.detection.weights import make_card, make_confidence


def finish(trained: Trained, validation: Sequence[Sample], data: dict[str, Any] | None = None) -> Detector:
    """Make a detector of a trained network.

    Args:
        trained: The network.
        validation: Images that it has not learned from: confidences and threshold are set by them.
        data: What the card says about where the images come from.
    """
    counts = dict(zip(trained.recipe.classes, trained.counts, strict=True))
    training = {"data": data or {}, "clusters": counts, "recipe": trained.recipe.facts()}
    training |= {"steps": trained.history[-1]["step"], "best_step": trained.history[trained.best]["step"]}
    return _calibrated(trained.network, trained.recipe.classes, validation, training)


def _calibrated(
    network: Network, classes: tuple[str, ...], validation: Sequence[Sample], training: dict[str, Any]
) -> Detector:
    """Make a detector of a network: confidences and thresholds of both kinds of look, and how well it does.

    Args:
        network: Trained, not fused.
        classes: Names of its classes.
        validation: Images that it has not learned from.
        training: What the card says of how it was trained.
    """
    ready, truths = fused(network), [sample.truth for sample in validation]
    raw = {
        thorough: [look(ready, sample.image, classes, thorough=thorough) for sample in validation]
        for thorough in (False, True)
    }
    lines = [fit_calibration(raw[thorough], truths, len(classes)) for thorough in (False, True)]
    draft = Detector(network, make_card(network, classes, *(make_confidence(line, 0.5) for line in lines)))
    judged = [_judge(draft, validation, thorough=thorough) for thorough in (False, True)]
    looks = [make_confidence(line, round(threshold, 4)) for line, (threshold, _) in zip(lines, judged, strict=True)]
    metrics = {"validation": judged[0][1], "validation, thorough": judged[1][1]}
    return Detector(network, make_card(network, classes, *looks, training=training, metrics=metrics))


def _judge(detector: Detector, samples: Sequence[Sample], *, thorough: bool) -> tuple[float, dict[str, Any]]:
    """Evaluate what a detector gives its users, each place once.

    Returns:
        The score from which on detections do best on these images, and figures for a card at that score.
    """
    found = [detector.search(sample.image, score=0.0, thorough=thorough) for sample in samples]
    truths = [sample.truth for sample in samples]
    evaluation = evaluate(found, truths, detector.classes)
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
    return evaluation.threshold, {
        **{name: _rounded(value) for name, value in figures.items()},
        "classes": {
            name: {key: _rounded(value) for key, value in values.items()} for name, values in per_class.items()
        },
    }


def _rounded(value: float) -> float | None:
    """Four digits behind the point; nothing for what is no number, which JSON cannot hold."""
    return None if math.isnan(value) else round(value, 4)
