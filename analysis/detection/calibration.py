"""Confidences that mean what they say: of the detections with a score of 0.8, four in five are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from analysis.detection.matching import match_class
from analysis.detection.results import Detections, Truth

Floats = NDArray[np.float64]

FEWEST = 10
"""Right and wrong detections, each, from which a class gets a calibration of its own."""
PRECISION = 0.1
"""Deviation of slope and offset around no calibration, as prior knowledge, in units of one observation each."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A straight line through the logits of each class: temperature and bias (Platt 1999; Guo et al., ICML 2017).

    It rises, so that it changes no order within a class, and with it no average precision.

    Attributes:
        slopes: Of each class, (classes,), > 0.
        offsets: Of each class, (classes,).
    """

    slopes: Floats
    offsets: Floats

    @classmethod
    def none(cls, classes: int) -> Calibration:
        """Leave everything as it is."""
        return cls(np.ones(classes), np.zeros(classes))

    def apply(self, found: Detections) -> Detections:
        """Calibrate scores, and sort by them anew."""
        scores = expit(self.slopes[found.labels] * logit(found.scores) + self.offsets[found.labels])
        order = np.argsort(-scores, kind="stable")
        calibrated = Detections(found.boxes, found.labels, scores.astype(np.float32), found.classes)
        return calibrated.where(order)


def fit_calibration(detected: Sequence[Detections], truths: Sequence[Truth], classes: int) -> Calibration:
    """Fit the calibration of each class by maximum likelihood; classes with few detections share one.

    Args:
        detected: Detections of all scores in images that the network has not learned from.
        truths: What is there, in the same order.
        classes: Number of classes.
    """
    sets = [outcomes(detected, truths, label) for label in range(classes)]
    common = _fit(*(np.concatenate(values) for values in zip(*sets, strict=True)))
    lines = [_fit(scores, right) if min(right.sum(), (~right).sum()) >= FEWEST else common for scores, right in sets]
    slopes, offsets = np.array(lines).T
    return Calibration(slopes, offsets)


def outcomes(detected: Sequence[Detections], truths: Sequence[Truth], label: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores of the detections of a class, and whether each found a cluster of it (at an overlap of 0.50)."""
    matches = match_class(list(detected), list(truths), label, np.array([0.5]))
    counted = ~matches.ignored[0]
    return matches.scores[counted], matches.found[0][counted]


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often detections of similar scores are right.

    Attributes:
        edges: Of the bins of the score, (bins + 1,).
        scores: Mean score in each bin, (bins,); NaN where it is empty.
        right: Part of the detections in it that are right, (bins,); NaN where it is empty.
        numbers: Detections in it, (bins,).
    """

    edges: Floats
    scores: Floats
    right: Floats
    numbers: NDArray[np.int64]

    @property
    def expected_error(self) -> float:
        """Mean distance of score and frequency, weighed by detections (Naeini et al., AAAI 2015)."""
        some = self.numbers > 0
        gaps = np.abs(self.scores[some] - self.right[some])
        return float(np.average(gaps, weights=self.numbers[some])) if some.any() else float("nan")


def reliability(scores: Floats, right: NDArray[np.bool_], bins: int = 10) -> Reliability:
    """Sort detections into bins of equal width by their score.

    Args:
        scores: Of each detection, 0 to 1, (n,).
        right: Whether it found a cluster, (n,).
        bins: Number of bins.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    which = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, bins - 1)
    numbers = np.bincount(which, minlength=bins)
    divisor = np.where(numbers > 0, numbers, np.nan)
    sums = (np.bincount(which, weights=values, minlength=bins) for values in (scores, right.astype(float)))
    means = [total / divisor for total in sums]
    return Reliability(edges, means[0], means[1], numbers)


def logit(p: NDArray[np.floating]) -> Floats:
    """Logarithm of the odds, of probabilities a little away from 0 and 1."""
    inside = np.clip(np.asarray(p, np.float64), 1e-7, 1.0 - 1e-7)
    return np.log(inside) - np.log1p(-inside)


def expit(x: NDArray[np.floating]) -> Floats:
    """Probability of a logit."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x, np.float64)))


def _fit(scores: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset with the best likelihood, held near 1 and 0 where there is little to go by."""
    x, sign = logit(scores), np.where(right, 1.0, -1.0)

    def cost(line: Floats) -> tuple[float, Floats]:
        slope = np.exp(line[0])
        margin = sign * (slope * x + line[1])
        slack = -sign * expit(-margin)
        value = np.logaddexp(0.0, -margin).sum() + 0.5 * PRECISION * float(line @ line)
        return float(value), np.array([slope * (slack @ x), slack.sum()]) + PRECISION * line

    line = minimize(cost, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-3.0, 3.0), (-10.0, 10.0)]).x
    return float(np.exp(line[0])), float(line[1])
