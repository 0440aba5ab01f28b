"""When a scan has learned enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.acquisition import log_expected_improvement
from analysis.optimization.errors import ConfigurationError

if TYPE_CHECKING:
    from analysis.optimization.measurements import Measurements
    from analysis.optimization.scoring import Scorer

Array = NDArray[np.float64]

LARGEST_SAMPLE = 1024
"""Most candidates that joint samples are drawn at."""


@dataclass(frozen=True, slots=True)
class Located:
    """Stop when the maximum is known to lie near one place.

    Attributes:
        probability: Probability asked for, 0 to 1.
        radius: Distance from that place, in the axes' units (Euclidean).
        samples: Number of posterior samples that the probability is estimated from.
    """

    probability: float
    radius: float
    samples: int = 256

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0.0 < self.probability <= 1.0:
            raise ConfigurationError(f"located: probability {self.probability} is not between 0 and 1")
        if not self.radius >= 0.0:
            raise ConfigurationError(f"located: radius {self.radius} is not a distance")
        if self.samples < 1:
            raise ConfigurationError(f"located: {self.samples} samples; at least 1 is needed")


@dataclass(frozen=True, slots=True)
class StoppingRules:
    """The first rule met ends the scan; None leaves a rule out.

    Attributes:
        points: Budget of measurements, failed ones included.
        seconds: Budget of time, by the clock of whoever asks.
        improvement_fraction: Stop when the expected improvement of the best candidate falls below this fraction of the
            range of the measured values.
        located: Stop when the maximum is located with this probability within this radius.
        patience: Model-guided measurements needed before the two rules that trust the model may speak.
    """

    points: int | None = None
    seconds: float | None = None
    improvement_fraction: float | None = None
    located: Located | None = None
    patience: int = 4

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.points is not None and self.points < 1:
            raise ConfigurationError(f"stopping: a budget of {self.points} points allows nothing; give at least 1")
        for name in ("seconds", "improvement_fraction"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise ConfigurationError(f"stopping: {name} = {value} is not positive")

    @property
    def trusts_model(self) -> bool:
        """Whether a rule needs the model."""
        return self.improvement_fraction is not None or self.located is not None

    def to_dict(self) -> dict[str, Any]:
        """Describe the rules for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> StoppingRules:
        """Make rules from their description."""
        entries = dict(description)
        if entries.get("located") is not None:
            entries["located"] = Located(**entries["located"])
        return cls(**entries)


def location_probability(samples: Array, positions: Array, radius: float) -> tuple[float, Array]:
    """Probability that the maximum lies within a radius of its most probable place.

    Args:
        samples: Joint posterior samples of the objective, larger is better, shape (count, m).
        positions: Where they were drawn, axes' units, shape (m, d).
        radius: Euclidean distance, axes' units.

    Returns:
        The share of samples whose maximum lies within ``radius`` of the place that gathers most of them, and that
        place, shape (d,).
    """
    maxima = positions[np.argmax(samples, axis=1)]
    places, inverse = np.unique(maxima, axis=0, return_inverse=True)
    counts = np.bincount(inverse.ravel(), minlength=len(places))
    near = np.linalg.norm(places[:, None] - places[None, :], axis=-1) <= radius * (1.0 + 1e-12)
    gathered = near @ counts
    winner = int(np.argmax(gathered))
    return float(gathered[winner]) / len(samples), places[winner]


def budget_reason(rules: StoppingRules, points: int, elapsed: float | None) -> str | None:
    """Say which budget is used up, or None.

    Args:
        rules: The rules.
        points: Measurements made.
        elapsed: Seconds since the start, or None if nobody counts.
    """
    if rules.points is not None and points >= rules.points:
        return f"the budget of {rules.points} points is used up"
    if rules.seconds is not None and elapsed is not None and elapsed >= rules.seconds:
        return f"the budget of {rules.seconds:g} s is used up"
    return None


def model_reason(rules: StoppingRules, scorer: Scorer, data: Measurements, key: list[int]) -> str | None:
    """Say what the model is sure enough of, or None.

    Args:
        rules: The rules.
        scorer: The fitted model.
        data: The measurements it was fitted to.
        key: Seed of the posterior samples.
    """
    values = scorer.sign * np.array(data.values)[data.good]
    span = float(np.ptp(values))
    mean, deviation = scorer.surrogate.moments(scorer.space.unit_candidates)
    if rules.improvement_fraction is not None and span > 0.0:
        free = ~data.taken()
        log_improvement = log_expected_improvement(mean[free], deviation[free], values.max())
        expected = float(np.exp(log_improvement.max(initial=-np.inf)))
        if expected < rules.improvement_fraction * span:
            return (
                f"the expected improvement is {expected / span:.2g} of the range, below {rules.improvement_fraction:g}"
            )
    if rules.located is not None:
        return _located(rules.located, scorer, mean, deviation, key)
    return None


def _located(rule: Located, scorer: Scorer, mean: Array, deviation: Array, key: list[int]) -> str | None:
    """Say that the maximum is located, or None."""
    # What lies four deviations below the best lower bound cannot be the maximum: not sampled.
    hopeful = np.flatnonzero(mean + 4.0 * deviation >= (mean - 4.0 * deviation).max())
    hopeful = hopeful[np.argsort(-(mean + 4.0 * deviation)[hopeful], kind="stable")[:LARGEST_SAMPLE]]
    space = scorer.space
    samples = scorer.surrogate.sample(space.unit_candidates[hopeful], np.random.default_rng(key), rule.samples)
    probability, place = location_probability(samples, space.candidates[hopeful], rule.radius)
    if probability < rule.probability:
        return None
    where = ", ".join(f"{axis} {x:.4g}" for axis, x in space.to_dict_position(place).items())
    return f"the maximum is within {rule.radius:g} of {where} with probability {probability:.2f}"
