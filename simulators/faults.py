"""Faults of virtual hardware on demand: what a device may do wrong, at chosen points or now and then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulators.errors import SimulatorError

Kind = Literal["stall", "timeout", "failure", "disconnect", "hang", "nan", "shape", "dtype", "saturate"]
MOTION = ("stall", "failure", "disconnect", "hang")
EXPOSURE = ("timeout", "failure", "disconnect", "nan", "shape", "dtype", "saturate", "hang")
READING = ("nan", "disconnect")
FRAMES_ONLY = ("shape", "dtype", "saturate")


class Fault(BaseModel):
    """What one device does wrong, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = Field(description="the device: detector, stage_x, stage_y, monitor_current or monitor_intensity")
    kind: Kind = Field(
        description="of an axis: stall (never arrives), failure, disconnect or hang (stall, and stopping it hangs); of "
        "a detector: timeout (never done), failure, disconnect, nan, shape, dtype, saturate or hang; of a monitor: "
        "nan or disconnect"
    )
    points: tuple[int, ...] = Field((), description="the uses of the device that go wrong, from 1, tries not counted")
    probability: float = Field(0.0, ge=0, lt=1, description="how likely every use goes wrong, beside the points")
    times: int = Field(1, ge=1, description="how many tries of one use go wrong")
    seed: int = Field(0, ge=0, description="of the probability")

    @model_validator(mode="after")
    def _happens(self) -> Fault:
        if not self.points and not self.probability:
            raise ValueError("give points or a probability, else it never happens")
        if min(self.points, default=1) < 1:
            raise ValueError("points count from 1")
        return self


class Script:
    """Says which use of a device goes wrong, and how.

    A use that went wrong is counted once: the try after it is a further try of the same use.

    Args:
        faults: those of one device; of several for one use the first happens.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = list(faults)
        self._rngs = [np.random.default_rng([fault.seed, 5]) for fault in self._faults]
        self._use = 0
        self._left = 0
        self._kind = ""

    def next(self) -> str:
        """Return what goes wrong with the try that begins; empty where nothing does."""
        if self._left:
            self._left -= 1
            return self._kind
        if self._kind:
            self._kind = ""  # The use succeeds at last.
            return ""
        self._use += 1
        drawn = [rng.random() for rng in self._rngs]
        for fault, chance in zip(self._faults, drawn, strict=True):
            if self._use in fault.points or chance < fault.probability:
                self._kind, self._left = fault.kind, fault.times - 1
                return self._kind
        return ""


def check_devices(faults: Sequence[Fault], known: Iterable[str]) -> None:
    """Check that all faults belong to a device.

    Raises:
        SimulatorError: There is no such device; names those that there are.
    """
    for fault in faults:
        if fault.device not in known:
            raise SimulatorError(f"faults: there is no {fault.device!r}; choose one of {', '.join(known)}")
