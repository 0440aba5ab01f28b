"""What is done with frames while they arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from daemon.base import StrictModel

STEP_NAMES = ("dark-flat", "normalisation", "registration", "regions", "unmixing", "detection")
"""Steps that can be named; `analysis.streaming` makes them, which is too heavy for a process that must not wait."""


class StreamSettings(StrictModel):
    """What is done with frames while they arrive: a chain of steps that each frame passes."""

    steps: tuple[str | dict[str, Any], ...] | None = None
    """Names of steps, or tables with `step` and its options; without it, stack scans have a chain and others none."""
    detector: str = "detector"
    """Data key of the frames."""
    energy: str | None = None
    """Data key of the photon energy; without it, the axis of a stack scan."""
    i0: str = "monitor_intensity"
    """Data key of the beam's intensity, which `normalisation` divides by."""
    flat: Path | None = None
    """NumPy file with the flat field, shape (y, x), for `dark-flat`; dark frames are those of the scan."""
    executor: Literal["in-process", "processes", "dask"] = "in-process"
    """Where the chain runs: in the analyst, in a process of its own, or on a Dask cluster."""
    scheduler: str | None = None
    """Address of the Dask cluster's scheduler, for example tcp://127.0.0.1:8786."""
    room: int = Field(default=16, ge=1)
    """Batches of frames that may wait for a chain that does not run in the analyst."""
    patience: float = Field(default=60.0, gt=0)
    """Such a chain is replaced when it takes longer over one batch, s."""

    @field_validator("steps")
    @classmethod
    def _known(cls, value: tuple[str | dict[str, Any], ...] | None) -> tuple[str | dict[str, Any], ...] | None:
        for number, step in enumerate(value or ()):
            name = step if isinstance(step, str) else step.get("step")
            if name not in STEP_NAMES:
                raise ValueError(f"steps[{number}]: {name!r} is no step; choose one of {', '.join(STEP_NAMES)}")
        return None if value is None else tuple(_located(step) for step in value)

    @field_validator("flat")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @model_validator(mode="after")
    def _scheduled(self) -> StreamSettings:
        if self.executor == "dask" and self.scheduler is None:
            raise ValueError('executor = "dask" needs the address of the cluster: set scheduler')
        return self

    @property
    def detection(self) -> dict[str, Any] | None:
        """The step `detection` with its options; None where there is none."""
        for step in self.steps or ():
            if (step if isinstance(step, str) else step["step"]) == "detection":
                return {"step": "detection"} if isinstance(step, str) else step
        return None

    @property
    def components(self) -> int:
        """Components of the step `unmixing`; 0 where there is none."""
        for step in self.steps or ():
            if isinstance(step, dict) and step["step"] == "unmixing":
                return int(step.get("n_components", 0))
        return 0


def _located(step: str | dict[str, Any]) -> str | dict[str, Any]:
    """The step with its file of weights, where it has one, found from wherever the chain runs."""
    if isinstance(step, str) or "weights" not in step:
        return step
    return {**step, "weights": str(Path(str(step["weights"])).expanduser().absolute())}


def survey_chain() -> tuple[str | dict[str, Any], ...]:
    """The chain of a survey where the settings name none."""
    return ("detection",)


def stack_chain(components: int) -> tuple[str | dict[str, Any], ...]:
    """The chain of a stack scan where the settings name none."""
    return ("dark-flat", "normalisation", "registration", {"step": "unmixing", "n_components": components})
