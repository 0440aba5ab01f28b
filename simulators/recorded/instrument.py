"""A recorded map as an instrument: a stage over it, and a detector that answers with what was measured there."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from devices.area_detector import AreaDetector
from devices.monitor import BeamMonitor
from devices.point_detector import PointDetector
from devices.protocols import Coordinate
from devices.shutter import Shutter
from devices.stage import Stage
from simulators.clock import SimulatedClock
from simulators.hardware import SimulatedShutter, SimulatedValue
from simulators.motion import MotionController, SimulatedAxis
from simulators.options import check_options
from simulators.recorded.hardware import RecordedCamera, RecordedCounter, RecordedSample
from simulators.recorded.readers import load
from simulators.recorded.recorded_map import RecordedMap


class RecordedOptions(BaseModel):
    """What can be chosen when a recorded map becomes an instrument."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="the file; ~ and environment variables are replaced")
    dataset: str | None = Field(None, description="which array or column of it, where there are several")
    dims: str | None = Field(None, description="one letter per axis as stored, y and x for positions, for example exy")
    grid: tuple[int, int] | None = Field(None, description="positions along y and x, fewer than recorded")
    reduction: Literal["pixel", "mean"] = Field(
        "pixel", description="for grid: every n-th position, or means of blocks"
    )
    interpolation: Literal["nearest", "linear"] = Field("nearest", description="what is between recorded positions")
    clock: str = Field("fastest", description="fastest, real, or x10 for ten times faster than real")
    exposure_time: float = Field(1.0, gt=0, description="time of a measurement, s")
    speed: float | None = Field(
        None, gt=0, description="speed of both axes, their unit/s; a tenth of the map when left out"
    )
    settling_time: float = Field(0.1, ge=0, description="from arrival until an axis is quiet, s")
    seed: int = Field(0, ge=0, description="has no effect: every seed is the same sample")


def parse_options(**options: Any) -> RecordedOptions:
    """Check the options of a recorded instrument.

    Raises:
        SimulatorError: An option is missing, unknown or out of range; names it and says what is allowed.
    """
    return check_options(RecordedOptions, "recorded map", options)


def open_map(options: RecordedOptions) -> tuple[RecordedMap, dict[str, tuple[float, float]]]:
    """Read the map, give its units handy prefixes, and bring it to the grid.

    Returns:
        The map, and how far the stage may go along each axis: over all that was recorded.
    """
    recorded = load(options.path, options.dataset, dims=options.dims).handy()
    limits = {name: (float(axis.values[0]), float(axis.values[-1])) for name, axis in recorded.axes.items()}
    return recorded if options.grid is None else recorded.resampled(options.grid, options.reduction), limits


def instrument(path: str, dataset: str | None = None, clock: str = "fastest", **options: Any) -> dict[str, Any]:
    """Make the devices of a recorded map.

    Args:
        path: The file; ``~`` and environment variables in it are replaced.
        dataset: Which array or column of it, where there are several.
        clock: ``fastest``, ``real``, or ``x10`` for ten times faster than real.
        **options: See :class:`RecordedOptions`.

    Returns:
        ``stage`` (x and y, over the recorded positions), ``detector`` (a point detector for numbers, an area
        detector for spectra and patterns), ``shutter`` and ``monitor``.

    Raises:
        SimulatorError: An option is unknown or out of range, or the file is not a map.
    """
    chosen = parse_options(path=path, dataset=dataset, clock=clock, **options)
    recorded, limits = open_map(chosen)
    ticking = SimulatedClock.from_name(chosen.clock)
    controller = MotionController(ticking)
    axes = {name: _axis(name, axis, limits[name], controller, chosen) for name, axis in recorded.axes.items()}
    shutter = SimulatedShutter(ticking, True)
    sample = RecordedSample(recorded, axes["x"], axes["y"], shutter, chosen.interpolation)
    return {
        "stage": Stage(axes, name="stage"),
        "detector": _detector(ticking, sample, chosen),
        "shutter": Shutter(shutter, name="shutter"),
        "monitor": BeamMonitor(
            SimulatedValue(ticking, lambda _: 100.0, "mA"), SimulatedValue(ticking, lambda _: 1.0, ""), name="monitor"
        ),
    }


def _axis(
    name: str, axis: Coordinate, limits: tuple[float, float], controller: MotionController, options: RecordedOptions
) -> SimulatedAxis:
    """Make one axis of the stage."""
    low, high = limits
    return SimulatedAxis(
        controller,
        f"stage_{name}",
        units=axis.units,
        limits=limits,
        speed=options.speed or (high - low) / 10.0,
        settling_time=options.settling_time,
        position=low,
    )


def _detector(clock: SimulatedClock, sample: RecordedSample, options: RecordedOptions) -> PointDetector | AreaDetector:
    """Make the detector that suits the map."""
    if sample.recorded.is_scalar:
        return PointDetector(RecordedCounter(clock, sample, options.exposure_time), name="detector")
    untouched = options.interpolation == "nearest"
    dtype = sample.recorded.values.dtype if untouched else np.dtype(np.float64)
    return AreaDetector(RecordedCamera(clock, sample, options.exposure_time, dtype), name="detector")
