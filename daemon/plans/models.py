"""What a plan can be told: one strict model per plan, every field described, checked before anything moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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
    frames_per_point: int = Field(default=1, ge=1, le=255)
    """Frames taken at every point, back to back; all are kept, and analysed as their sum."""
    dark_frames: int = Field(default=0, ge=0, le=1000)
    """Dark frames taken before and after the scan, with the shutter closed, in the stream darks."""
    max_dose: float | None = Field(default=None, gt=0)
    """Longest total exposure of any one position, s."""
    metadata: Metadata = Metadata()
    """Proposal, sample, operator and free fields, kept in the start document."""

    @field_validator("detectors")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("name each detector once")
        return value


class ResumableScan(ScanParameters):
    """A scan that learns from its points, so that another one can take up what it knew."""

    resume_from: Path | None = None
    """A run whose campaign is taken up; its measured points count as known."""


class AutonomousScan(ResumableScan):
    """A scan that decides after every point where to measure next."""

    objective: str | None = Field(default=None, validate_default=True)
    """What is sought: an expression over data keys, roi.<name>.sum|mean|max and unmixing.weights[k]."""
    initial_points: int = Field(default=5, ge=1)
    """Points of the initial design, before the model decides."""
    design: Literal["sobol", "random"] = "sobol"
    """How the initial design is drawn."""
    surrogate: str = "ensemble"
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
    forbidden: tuple[Region, ...] = ()
    """Regions where nothing may be measured."""

    @field_validator("objective")
    @classmethod
    def _has_objective(cls, value: str | None) -> str | None:
        if not value:
            raise ValueError("is missing; give an expression such as detector_total or unmixing.weights[0]")
        return value

    @field_validator("axes")
    @classmethod
    def _grid_whole_or_none(cls, value: dict[str, AxisRange]) -> dict[str, AxisRange]:
        missing = [name for name, axis in value.items() if axis.points is None]
        if missing and len(missing) != len(value):
            raise ValueError(f"give points for {', '.join(missing)} too, or for no axis")
        return value


class GridScan(ScanParameters):
    """A snake-wise scan of every position of a grid."""

    snake: bool = True
    """Whether every other line is measured backwards, so that the stage never flies back."""

    @field_validator("axes")
    @classmethod
    def _grid_complete(cls, value: dict[str, AxisRange]) -> dict[str, AxisRange]:
        if missing := [name for name, axis in value.items() if axis.points is None]:
            raise ValueError(f"points of {', '.join(missing)}: is missing; give the number of positions along the axis")
        return value


class StackScan(ScanParameters):
    """A stack of frames over the photon energy, unmixed into spectra and maps while it is measured."""

    components: int = Field(default=3, ge=2, le=16)
    """Number of components to unmix into."""
    adaptive: bool = False
    """Whether few energies are measured first, and more only where components are not told apart yet."""
    first: int = Field(default=20, ge=4)
    """Evenly spaced energies that an adaptive scan begins with."""
    loss: float = Field(default=1e-4, gt=0, lt=1)
    """An adaptive scan ends when it expects to lose less than this in correlation (1 - r) between its energies."""

    @field_validator("axes")
    @classmethod
    def _one_axis(cls, value: dict[str, AxisRange]) -> dict[str, AxisRange]:
        if len(value) != 1:
            raise ValueError(f"name one axis, the photon energy, not {len(value)}")
        for name, axis in value.items():
            if axis.points is None:
                raise ValueError(f"points of {name}: is missing; give the number of energies, or the most of them")
        return value

    @model_validator(mode="after")
    def _enough(self) -> StackScan:
        (axis,) = self.axes.values()
        if self.adaptive and (axis.points or 0) < self.first:
            raise ValueError(f"first: {self.first} energies to begin with are more than the {axis.points} of the axis")
        return self

    @property
    def energy(self) -> tuple[str, AxisRange]:
        """The axis that is the photon energy, and where it goes."""
        ((name, axis),) = self.axes.items()
        return name, axis


class Survey(ResumableScan):
    """Images of an area, chosen by what they are expected to tell, until the number of clusters in it is known."""

    objective: str | None = Field(default="detections.density", validate_default=True)
    """What is to be known: detections.count or detections.density of the area, with .<class> for one class alone."""
    points: int = Field(default=100, ge=1)
    """Budget: the survey ends after this many images, those scanned again included."""
    precision: float = Field(default=0.1, gt=0, lt=1)
    """The survey ends when the number is known this well: half its interval's width, relative to it."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """Confidence of that interval."""
    guess: float = Field(default=1.0, gt=0)
    """Density that is expected beforehand, clusters per 100 nm²; a factor of ten does no harm."""
    retries: int = Field(default=1, ge=0, le=10)
    """How often a field is scanned again when its image is blank, all noise, or the tip changed; then it is skipped."""
    skips: int = Field(default=3, ge=1)
    """The survey ends when so many fields in a row had to be skipped: the tip needs care."""
    corrected: bool = True
    """Whether fields count with the sum of all calibrated confidences, or with the detections above the threshold."""

    @field_validator("objective")
    @classmethod
    def _counted(cls, value: str | None) -> str | None:
        parts = (value or "").split(".")
        if len(parts) not in (2, 3) or parts[1] not in ("count", "density") or not all(parts):
            raise ValueError("give detections.count or detections.density, with .<class> for one class alone")
        return value

    @field_validator("axes")
    @classmethod
    def _plane(cls, value: dict[str, AxisRange]) -> dict[str, AxisRange]:
        if len(value) != 2:
            raise ValueError(f"name two axes, x and y of the fields' middles, not {len(value)}")
        return value

    @property
    def sought(self) -> tuple[str, bool, str | None]:
        """Name of the step that detects, whether a density is sought, and the class; None for all together."""
        name, quantity, *cluster = (self.objective or "").split(".")
        return name, quantity == "density", cluster[0] if cluster else None
