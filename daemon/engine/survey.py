"""Prepares a survey: what its fields are, and what is counted in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from daemon.analyst.messages import FrameLayout
from daemon.analyst.stream_names import DETECTIONS, detector_classes
from daemon.analyst.survey import SurveyArea
from daemon.errors import PlanRejected
from daemon.plans.context import ScanContext, speed_of, unit_of
from daemon.plans.models import Survey
from daemon.stream_settings import StreamSettings
from devices.frames import FrameLayout as Frames

TO_NM = {"nm": 1.0, "å": 0.1, "angstrom": 0.1, "pm": 1e-3, "um": 1e3, "µm": 1e3, "μm": 1e3, "m": 1e9}
"""Units of length, nm."""


def pixel_of(layout: Frames) -> tuple[float, float] | None:
    """Size of a pixel on the sample along x and y, nm, as the coordinates tell; None where they are no lengths."""
    sides = []
    for axis in "xy":
        coordinate = layout.coordinates.get(f"{layout.key}_{axis}")
        factor = None if coordinate is None else TO_NM.get(coordinate.units.strip().lower())
        if coordinate is None or factor is None or len(coordinate.values) < 2:
            return None
        first, second = (float(value) for value in coordinate.values[:2])
        sides.append(factor * abs(second - first))
    return sides[0], sides[1]


def survey_of(
    parameters: Survey, context: ScanContext, frames: Mapping[str, FrameLayout], stream: StreamSettings
) -> dict[str, Any]:
    """What the analyst is told of a survey, as plain types.

    Raises:
        PlanRejected: naming the field and what to change, before anything has moved.
    """
    step, density, cluster = parameters.sought
    options = stream.detection or {}
    known = detector_classes(options.get("weights"))
    if step != options.get("name", DETECTIONS):
        raise PlanRejected(f"objective: {step} is not the name of the step detection; give {DETECTIONS}.count")
    for name, axis in context.axes.items():
        if unit_of(axis) != "nm":
            raise PlanRejected(f"axes.{name}: a survey needs axes in nm, and {name} is in {unit_of(axis) or '1'}")
    layout = frames[stream.detector]
    if layout.pixel is None:
        raise PlanRejected(f"detectors: {stream.detector} does not say how large its pixels are, in nm")
    area = SurveyArea(
        axes=_two(list(parameters.axes)),
        low=_two([axis.low for axis in parameters.axes.values()]),
        high=_two([axis.high for axis in parameters.axes.values()]),
        field=(layout.shape[1] * layout.pixel[0], layout.shape[0] * layout.pixel[1]),
        value=_counts(step, parameters.corrected, known if cluster is None else (cluster,)),
        density=density,
        precision=parameters.precision,
        confidence=parameters.confidence,
        guess=parameters.guess,
        retries=parameters.retries,
        skips=parameters.skips,
        scan_time=max(parameters.exposure_time or context.exposure_time, 1e-3),
        speeds=tuple(speed for axis in context.axes.values() if (speed := speed_of(axis))),
    )
    return asdict(area)


def _counts(step: str, corrected: bool, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Data keys of what fields count with."""
    return tuple(f"{step}.{'expected' if corrected else 'count'}.{name}" for name in classes)


def _two(values: list[Any]) -> tuple[Any, Any]:
    return values[0], values[1]
