"""The section of the settings that says what happens when a device fails during a scan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.base import StrictModel

Policy = Literal["retry", "fail", "accept"]
"""What becomes of a doubtful measurement: taken again, the end of the run, or recorded as it is."""


class FaultSettings(StrictModel):
    """What happens when a device fails during a scan."""

    retries: int = Field(default=2, ge=0, le=100)
    """How often one device is tried again at one point before the run ends as failed."""
    delay: float = Field(default=0.5, ge=0, le=3600)
    """Time from a failure until the next try, s."""
    move_timeout: float | None = Field(default=None, gt=0)
    """How long a move may take, s; without it, the time for distance, speed, settling, times `factor`, + `margin`."""
    exposure_timeout: float | None = Field(default=None, gt=0)
    """How long a detector may take from the trigger until it is done, s; without it, the exposure time + `margin`."""
    factor: float = Field(default=2.0, ge=1)
    """How many times as long as computed a move may take."""
    margin: float = Field(default=10.0, gt=0)
    """Time that is added to what a move or an exposure should take, s; also how long a shutter may take."""
    stop_timeout: float = Field(default=2.0, gt=0)
    """How long a device may take to stop, s; one that takes longer is not tried again."""
    connect_timeout: float = Field(default=5.0, gt=0)
    """How long a device that has lost its connection may take to connect again, s."""
    saturated: Policy = "retry"
    """What becomes of a saturated frame: retry, fail or accept."""
    saturated_fraction: float = Field(default=0.01, ge=0, lt=1)
    """A frame is saturated when more than this fraction of its good pixels is."""
    nan: Policy = "retry"
    """What becomes of a reading that is not a number: retry, fail or accept."""
