"""What may interrupt a scan by itself: signals outside of their range, and a disk that fills up."""

from __future__ import annotations

import math

from pydantic import Field, model_validator

from daemon.base import StrictModel

State = bool | int | str
"""A value that a signal with few states can have."""


class SuspenderSettings(StrictModel):
    """A signal that suspends the scan while it says that measuring makes no sense."""

    device: str = Field(min_length=1)
    """Name of the device that has the signal."""
    signal: str = ""
    """The device's signal, as in `current`; may be left out where the device has only one."""
    below: float | None = None
    """The scan is suspended when the signal falls below this value."""
    resume_above: float | None = None
    """With `below`: the signal has recovered when it is at least this; without it, when it is no longer below."""
    above: float | None = None
    """The scan is suspended when the signal rises above this value."""
    resume_below: float | None = None
    """With `above`: the signal has recovered when it is at most this; without it, when it is no longer above."""
    when: State | tuple[State, ...] | None = None
    """The scan is suspended when the signal has this state (or one of these), as in `"closed"` or `false`."""
    settle: float = Field(default=0.0, ge=0, le=86400)
    """Time that the signal must have been well again before the scan goes on, s."""
    reason: str = ""
    """What the run and the status give as the reason; without it, the signal and its value."""
    close_shutter: bool = False
    """Whether the shutter is closed while the scan waits, and opened again before it goes on if it was open."""

    @model_validator(mode="after")
    def _one_condition(self) -> SuspenderSettings:
        given = [name for name in ("below", "above", "when") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"a suspender needs exactly one condition: set one of below, above, when (it has {found})")
        for name, needed in (("resume_above", "below"), ("resume_below", "above")):
            if getattr(self, name) is not None and getattr(self, needed) is None:
                raise ValueError(f"{name} belongs to {needed}: set that too, or leave {name} out")
        if self.below is not None and self.resume_above is not None and self.resume_above < self.below:
            raise ValueError(f"resume_above = {self.resume_above:g} must not be less than below = {self.below:g}")
        if self.above is not None and self.resume_below is not None and self.resume_below > self.above:
            raise ValueError(f"resume_below = {self.resume_below:g} must not be more than above = {self.above:g}")
        return self

    @property
    def states(self) -> tuple[State, ...]:
        """The states that suspend; empty where a threshold does."""
        if self.when is None:
            return ()
        return self.when if isinstance(self.when, tuple) else (self.when,)

    def trips(self, value: object) -> bool:
        """Whether a value suspends the scan; one that is no number (NaN) does where a number is needed."""
        if self.below is not None:
            return not _number(value) >= self.below
        if self.above is not None:
            return not _number(value) <= self.above
        return value in self.states

    def recovers(self, value: object) -> bool:
        """Whether a value lets the scan go on; between the two thresholds neither this nor `trips` is true."""
        if self.below is not None:
            return _number(value) >= (self.below if self.resume_above is None else self.resume_above)
        if self.above is not None:
            return _number(value) <= (self.above if self.resume_below is None else self.resume_below)
        return value not in self.states


def _number(value: object) -> float:
    try:
        return float(value)  # pyright: ignore[reportArgumentType] - whatever a device says
    except (TypeError, ValueError):
        return math.nan
