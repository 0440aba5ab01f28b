"""What a plan can be told: one strict model per plan, every field described, checked before anything moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from daemon.base import StrictModel


class AxisRange(StrictModel):
    """Where an axis may go during a scan."""

    low: float
    """Lowest position, in the axis' unit."""
    high: float
    """Highest position, in the axis' unit."""
    points: int | None = Field(default=None, ge=1)
    """Number of evenly spaced positions, both ends included; without it any position in between may be chosen."""

    @model_validator(mode="after")
    def _ordered(self) -> AxisRange:
        if not self.low < self.high:
            raise ValueError(f"low must lie below high, not {self.low:g} and {self.high:g}")
        return self


class Box(StrictModel):
    """A forbidden rectangle."""

    kind: Literal["box"] = "box"
    """The shape."""
    limits: dict[str, tuple[float, float]] = Field(min_length=1)
    """Lower and upper end along each of some axes, in the axis' unit."""


class Circle(StrictModel):
    """A forbidden circle in the plane of two axes of one unit."""

    kind: Literal["circle"]
    """The shape."""
    axes: tuple[str, str]
    """The two axes."""
    centre: tuple[float, float]
    """Position of the centre along them."""
    radius: float = Field(ge=0)
    """Radius, in the axes' unit."""


class Polygon(StrictModel):
    """A forbidden polygon in the plane of two axes."""

    kind: Literal["polygon"]
    """The shape."""
    axes: tuple[str, str]
    """The two axes."""
    vertices: list[tuple[float, float]] = Field(min_length=3)
    """The corners in order."""


Region = Annotated[Box | Circle | Polygon, Field(discriminator="kind")]


class Located(StrictModel):
    """When the position of the maximum counts as known."""

    probability: float = Field(gt=0, lt=1)
    """How sure the model must be."""
    radius: float = Field(gt=0)
    """How far from the best measured position the maximum may lie, in the axes' unit."""


class Metadata(BaseModel):
    """What the campaign is about; further fields are kept as they are given."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    proposal: str = ""
    """Number or name of the proposal."""
    sample: str = ""
    """Name of the sample."""
    operator: str = ""
    """Who runs the scan."""


class ScanParameters(StrictModel):
    """What every scan over axes can be told."""

    axes: dict[str, AxisRange] = Field(min_length=1)
    """The axes to scan, by data key (for example stage_x); the first one varies fastest."""
    detectors: list[str] = Field(default=["detector"], min_length=1)
    """Devices to expose and read at every point."""
    objective: str | None = None
    """What is sought: an expression over data keys, roi.<name>.sum|mean|max and unmixing.weights[k]."""
    maximize: bool = True
    """Whether large values of the objective are sought, or small ones."""
    exposure_time: float | None = Field(default=None, gt=0)
    """Exposure time, s; without it, what the detectors are set to."""
    dark_frames: int = Field(default=0, ge=0, le=1000)
    """Dark frames taken before and after the scan, with the shutter closed, in the stream darks."""
    max_dose: float | None = Field(default=None, gt=0)
    """Longest total exposure of any one position, s."""
    metadata: Metadata = Metadata()
    """Proposal, sample, operator and free fields, kept in the start document."""

    @model_validator(mode="after")
    def _distinct(self) -> ScanParameters:
        if len(set(self.detectors)) != len(self.detectors):
            raise ValueError("detectors: name each detector once")
        return self


class AutonomousScan(ScanParameters):
    """A scan that decides after every point where to measure next."""

    objective: str = Field(min_length=1)
    """What is sought: an expression over data keys, roi.<name>.sum|mean|max and unmixing.weights[k]."""
    initial_points: int = Field(default=8, ge=1)
    """Points of the initial design, before the model decides."""
    design: Literal["sobol", "random"] = "sobol"
    """How the initial design is drawn."""
    surrogate: str = "gp"
    """The model of the objective: ensemble or gp."""
    acquisition: str = "ei"
    """How the next position is chosen from the model, for example ei (expected improvement)."""
    points: int = Field(default=60, ge=1)
    """Budget: the scan ends after this many points."""
    time_budget: float | None = Field(default=None, gt=0)
    """The scan ends when this much instrument time has passed, s."""
    improvement_fraction: float | None = Field(default=None, gt=0, lt=1)
    """The scan ends when the expected improvement falls below this fraction of the range of values seen."""
    located: Located | None = None
    """The scan ends when the maximum is known to lie this close to the best point."""
    overlap: bool = True
    """Whether the next position is computed while the instrument still moves and exposes."""
    seed: int = Field(default=0, ge=0)
    """Seed of the initial design and of every random choice."""
    forbidden: list[Region] = []
    """Regions where nothing may be measured."""
    resume_from: Path | None = None
    """A run whose campaign is taken up; its measured points count as known."""

    @model_validator(mode="after")
    def _grid_whole_or_none(self) -> AutonomousScan:
        given = [name for name, axis in self.axes.items() if axis.points is not None]
        if given and len(given) != len(self.axes):
            missing = ", ".join(name for name in self.axes if name not in given)
            raise ValueError(f"axes: give points for {missing} too, or for no axis")
        return self


class GridScan(ScanParameters):
    """A snake-wise scan of every position of a grid."""

    snake: bool = True
    """Whether every other line is measured backwards, so that the stage never flies back."""

    @model_validator(mode="after")
    def _grid_complete(self) -> GridScan:
        if missing := [name for name, axis in self.axes.items() if axis.points is None]:
            raise ValueError(f"axes.{missing[0]}.points: is missing; give the number of positions along the axis")
        return self


def describe_axes(parameters: ScanParameters) -> dict[str, Any]:
    """The scanned axes as plain types, for the analyst and for documents."""
    return {name: axis.model_dump() for name, axis in parameters.axes.items()}
