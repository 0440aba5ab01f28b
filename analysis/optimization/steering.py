"""What a person asks of an optimiser: a position by hand, and regions to leave out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.optimization.optimizer import Optimizer
from analysis.optimization.regions import Region, region
from analysis.optimization.suggestion import Reason, Suggestion

OPERATOR = "operator"
"""Kind of the reason where a person chose."""


def propose(
    optimizer: Optimizer, position: Mapping[str, float], at: Mapping[str, float] | None = None
) -> tuple[Optimizer, Suggestion]:
    """Have a position measured that a person chose.

    Args:
        optimizer: as it stands.
        position: coordinate per axis, axes' units; anywhere.
        at: where the axes are now; None costs no travel.

    Returns:
        The same optimiser with the position pending, and the suggestion, with what the model expects there.

    Raises:
        MeasurementError: The position names the wrong axes or is not finite.
    """
    began = time.perf_counter()
    space = optimizer.space
    place = space.to_array(position)
    mean = deviation = float("nan")
    if optimizer.best is not None:
        mean, deviation = (float(moment[0]) for moment in optimizer.predict(place[None]))
    state = optimizer.state()
    measurements: dict[str, Any] = state["measurements"]
    measurements["pending"] = [*measurements["pending"], place.tolist()]
    state["asked"] += 1
    travel = 0.0 if at is None else float(space.travel_time(space.to_array(at), place))
    elapsed = 1e3 * (time.perf_counter() - began)
    reason = Reason(OPERATOR, mean, deviation, float("nan"), travel, elapsed)
    suggestion = Suggestion(space.to_dict_position(place), reason, state["asked"])
    return Optimizer.from_state(state), suggestion


def without(optimizer: Optimizer, left_out: Region | Mapping[str, Any]) -> Optimizer:
    """Leave a region out from now on.

    Args:
        optimizer: as it stands; what it was told inside the region stays known.
        left_out: where nothing may be measured, or its description (see ``regions.region``).

    Returns:
        The same optimiser with one more forbidden region; what was pending inside it is withdrawn.

    Raises:
        SearchSpaceError: The region makes no sense.
        StateError: Nothing is left to measure.
    """
    state = optimizer.state()
    space = state["space"]
    state["space"] = {**space, "forbidden": [*space["forbidden"], region(left_out).to_dict()]}
    changed = Optimizer.from_state(state)
    for position in changed.pending:
        if changed.space.is_forbidden(np.array([changed.space.to_array(position)]))[0]:
            changed.withdraw(position)
    return changed
