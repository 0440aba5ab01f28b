"""Prepares a scan: checks all that can be checked, and says what the analyst must know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from daemon.agent import Agent
from daemon.analyst.messages import Begin, FrameLayout, Request
from daemon.analyst.objective import Objective, known_references
from daemon.analyst.stream_names import stream_references
from daemon.engine.stream import live_image, prepare_stream, stream_of
from daemon.engine.survey import pixel_of, survey_of
from daemon.errors import PlanRejected
from daemon.fault_settings import FaultSettings
from daemon.plans.context import ScanContext, make_context, scalar_keys, speed_of, unit_of
from daemon.plans.models import AutonomousScan, ResumableScan, ScanParameters, StackScan, Survey
from daemon.recorder.layout import JOURNAL
from daemon.settings import AnalysisSettings, UnmixingSettings
from daemon.stream_settings import StreamSettings
from devices.area_detector import AreaDetector
from devices.writer import FrameWriter


@dataclass(frozen=True, slots=True)
class Links:
    """What a plan needs of the engine that runs it.

    Attributes:
        writer: where frames go.
        send: hands a request to the analyst.
        run_folder: gives the folder of the run under way.
        reason: gives the operator's reason for an abort.
        faults: what is done when a device fails.
    """

    writer: FrameWriter
    send: Callable[[Request], None]
    run_folder: Callable[[], str]
    reason: Callable[[], str]
    faults: FaultSettings = field(default_factory=FaultSettings)


def prepare_scan(
    devices: Mapping[str, Any],
    parameters: ScanParameters,
    analysis: AnalysisSettings,
    links: Links,
) -> ScanContext:
    """Checks a scan's parameters against the instrument and makes what its plan works with.

    Args:
        devices: the instrument.
        parameters: what the plan was told.
        analysis: how frames are analysed.
        links: what the plan needs of the engine.

    Raises:
        PlanRejected: naming the field and what to change, before anything has moved or been written.
    """
    context = replace(make_context(devices, parameters, links.writer, links.reason), faults=links.faults)
    for camera in context.cameras:
        camera.saturated_fraction = None if links.faults.saturated == "accept" else links.faults.saturated_fraction
    _check_dose(context, parameters)
    if isinstance(parameters, AutonomousScan):
        _check_search(parameters, context)
    if isinstance(parameters, ResumableScan):
        _check_origin(parameters.resume_from)
    frames = {camera.name: _layout(camera, parameters.frames_per_point) for camera in context.cameras}
    stream = prepare_stream(analysis.stream, parameters, context)
    if parameters.objective is not None:
        _check_objective(parameters.objective, scalar_keys(context), analysis.unmixing, frames, stream)
    elif not stream.steps:
        return context
    units = {name: unit_of(axis) for name, axis in context.axes.items()}
    speeds = {name: speed for name, axis in context.axes.items() if (speed := speed_of(axis))}
    asks = isinstance(parameters, ResumableScan) or (isinstance(parameters, StackScan) and parameters.adaptive)
    survey = survey_of(parameters, context, frames, stream) if isinstance(parameters, Survey) else None

    def begin(run: str) -> Begin:
        origin = parameters.resume_from if isinstance(parameters, ResumableScan) else None
        return Begin(
            run=run,
            parameters=parameters.model_dump(mode="json"),
            adaptive=isinstance(parameters, AutonomousScan),
            units=units,
            speeds=speeds,
            frames=frames,
            unmixing=analysis.unmixing.model_dump(mode="json"),
            origin=None if origin is None else str(origin.absolute()),
            standards=None if analysis.standards is None else analysis.standards.model_dump(mode="json"),
            survey=survey,
            live=live_image(stream, context),
            **stream_of(stream, parameters),
        )

    return replace(context, agent=Agent(links.send, units, asks, begin, links.run_folder))


def _check_dose(context: ScanContext, parameters: ScanParameters) -> None:
    exposure = parameters.exposure_time or context.exposure_time
    if parameters.max_dose is not None and exposure > parameters.max_dose:
        raise PlanRejected(
            f"max_dose: one exposure of {exposure:g} s is more than {parameters.max_dose:g} s; "
            "allow more or set a shorter exposure_time"
        )


def _check_search(parameters: AutonomousScan, context: ScanContext) -> None:
    from analysis.optimization import ACQUISITIONS, SURROGATES, OptimizationError, SearchSpace

    for name, value, known in (
        ("acquisition", parameters.acquisition, ACQUISITIONS),
        ("surrogate", parameters.surrogate, SURROGATES),
    ):
        if value not in known:
            raise PlanRejected(f"{name}: {value!r} is not known; choose one of {', '.join(sorted(known))}")
    grid = {name: axis.points for name, axis in parameters.axes.items() if axis.points is not None}
    try:
        SearchSpace(
            bounds={name: (axis.low, axis.high) for name, axis in parameters.axes.items()},
            grid=grid or None,
            forbidden=[region.model_dump() for region in parameters.forbidden],
        )
    except OptimizationError as error:
        raise PlanRejected(f"axes or forbidden: {error}") from error


def _check_origin(origin: Path | None) -> None:
    if origin is not None and not (origin / JOURNAL).is_file():
        raise PlanRejected(f"resume_from: {origin} is not a run; name the folder of one (see `beampilot runs`)")


def _check_objective(
    expression: str,
    scalars: set[str],
    unmixing: UnmixingSettings,
    frames: Mapping[str, FrameLayout],
    stream: StreamSettings,
) -> None:
    has_frames = unmixing.detector in frames
    regions = set(unmixing.roi) if has_frames else set()
    known = known_references(scalars, regions, unmixing.components if has_frames and not stream.components else 0)
    Objective(expression).check(known | stream_references(stream))
    if not has_frames:
        return
    for kind, windows in (("roi", unmixing.roi), ("anchors", unmixing.anchors)):
        for name, window in windows.items():
            rows, columns = frames[unmixing.detector].shape
            if window.rows[1] > rows or window.cols[1] > columns:
                raise PlanRejected(
                    f"analysis.unmixing.{kind}.{name}: reaches beyond the frame of {rows} rows and {columns} columns"
                )


def _layout(camera: AreaDetector, frames: int) -> FrameLayout:
    layout = camera.layout
    shape = (int(layout.shape[0]), int(layout.shape[1]))
    bad = () if layout.bad_pixels is None else tuple(int(index) for index in layout.bad_pixels.ravel().nonzero()[0])
    return FrameLayout(shape, layout.little_endian.str, bad, frames, pixel_of(layout))
