"""What an optimiser says: where to measure next and why, and the best found so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a position was chosen. Numbers that no model could give yet are NaN.

    Attributes:
        kind: "initial design", "space filling" (nothing measured yet has a value), the acquisition function's name in
            words, "repeat of a failed point", "replicate" (every position is measured), or "operator" (a person chose).
        mean: The model's mean there, objective's units.
        deviation: The model's standard deviation of the noiseless objective there, objective's units.
        acquisition: Value of the acquisition function there (its logarithm for improvements and probabilities).
        travel_cost: Time to move there, s.
        milliseconds: Wall time that the suggestion took, refit included, ms.
    """

    kind: str
    mean: float
    deviation: float
    acquisition: float
    travel_cost: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One position to measure.

    Attributes:
        position: Coordinate per axis, axes' units.
        reason: Why there.
        number: 1 for the first suggestion of a campaign, and so on.
    """

    position: dict[str, float]
    reason: Reason
    number: int


@dataclass(frozen=True, slots=True)
class Best:
    """The best measurement so far.

    Attributes:
        position: Coordinate per axis, axes' units.
        value: Value measured there.
    """

    position: dict[str, float]
    value: float
