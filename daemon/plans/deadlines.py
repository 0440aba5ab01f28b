"""How long devices may take before they count as stalled."""

from __future__ import annotations

from typing import Any

from ophyd import Signal

from daemon.fault_settings import FaultSettings
from daemon.plans.context import speed_of, unit_of
from daemon.wording import quantity

UNKNOWN = 600.0
"""How long a device may take of which nothing is known, s."""


def move_deadline(axis: Any, target: float, settings: FaultSettings) -> tuple[float, str]:  # noqa: ANN401
    """How long a move may take, s, and what to say when it takes longer.

    Args:
        axis: any ophyd axis.
        target: where it is sent.
        settings: what is allowed.
    """
    late = f"did not reach {quantity(target, unit_of(axis))}"
    if settings.move_timeout is not None:
        return settings.move_timeout, late
    speed, position = speed_of(axis), _number(axis.position)
    if not speed or position is None:
        return UNKNOWN, late
    needed = abs(target - position) / speed + (_number(getattr(axis, "settling_time", None)) or 0.0)
    return settings.factor * needed + settings.margin, late


def exposure_deadline(detector: Any, settings: FaultSettings, frames: int = 1) -> tuple[float, str]:  # noqa: ANN401
    """How long a detector may take from the trigger until it is done, s, and what to say when it takes longer.

    Args:
        detector: any ophyd detector.
        settings: what is allowed.
        frames: that a camera takes.
    """
    late = "was not done with its exposure"
    if settings.exposure_timeout is not None:
        return settings.exposure_timeout * frames, late
    exposure = _number(getattr(detector, "exposure_time", None))
    if exposure is None:
        return UNKNOWN, late
    # Between two frames there is a readout, of which nothing is known.
    slack = 1.0 if frames == 1 else settings.factor
    return slack * exposure * frames + settings.margin, late


def _number(value: object) -> float | None:
    """A number, or what a signal reads; None for anything else."""
    found = value.get() if isinstance(value, Signal) else value
    return float(found) if isinstance(found, int | float) else None
