"""Prepares the chain of on-line steps that a scan's frames pass."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from daemon.analyst.energies import EnergyRange
from daemon.errors import PlanRejected
from daemon.plans.context import ScanContext, scalar_keys, unit_of
from daemon.plans.models import ScanParameters, StackScan, Survey
from daemon.stream_settings import StreamSettings, stack_chain, survey_chain
from devices.scanner import Scanner


def prepare_stream(settings: StreamSettings, parameters: ScanParameters, context: ScanContext) -> StreamSettings:
    """The chain that a scan has, and what it works on.

    Args:
        settings: what the settings say.
        parameters: what the plan was told.
        context: the devices.

    Raises:
        PlanRejected: when what the chain needs is not measured; nothing has moved.
    """
    cameras = [camera.name for camera in context.cameras]
    if isinstance(parameters, Survey):
        return prepare_detection(settings, parameters, cameras)
    if not isinstance(parameters, StackScan):
        usable = settings.steps and settings.detector in cameras
        return settings if usable else settings.model_copy(update={"steps": ()})
    if not cameras:
        raise PlanRejected(f"detectors: a stack scan needs a camera, and {', '.join(parameters.detectors)} is none")
    name, _ = parameters.energy
    if (unit := unit_of(context.axes[name])).lower() not in ("ev", "kev"):
        raise PlanRejected(f"axes.{name}: a stack scan needs a photon energy in eV or keV; {name} is in {unit or '1'}")
    steps = settings.steps if settings.steps is not None else stack_chain(parameters.components)
    if settings.i0 not in scalar_keys(context):
        steps = tuple(step for step in steps if step != "normalisation")
    detector = settings.detector if settings.detector in cameras else cameras[0]
    return settings.model_copy(update={"steps": steps, "detector": detector, "energy": name})


def stream_of(settings: StreamSettings, parameters: ScanParameters) -> dict[str, Any]:
    """What the analyst is told of the chain: fields of `Begin`."""
    told: dict[str, Any] = {
        "stream": settings.model_dump(mode="json") if settings.steps else {},
        "energy": settings.energy,
    }
    if isinstance(parameters, StackScan) and parameters.adaptive:
        name, axis = parameters.energy
        most = axis.points or parameters.first
        within = EnergyRange(name, axis.low, axis.high, parameters.first, most, parameters.loss)
        told["energies"] = asdict(within)
    return told


def prepare_detection(settings: StreamSettings, parameters: Survey, cameras: list[str]) -> StreamSettings:
    """The chain of a survey: the settings' own where it detects, or a detector alone.

    Raises:
        PlanRejected: when there is no camera.
    """
    if not cameras:
        raise PlanRejected(f"detectors: a survey needs images, and {', '.join(parameters.detectors)} gives none")
    steps = settings.steps if settings.detection is not None else survey_chain()
    detector = settings.detector if settings.detector in cameras else cameras[0]
    return settings.model_copy(update={"steps": steps, "detector": detector})


def live_image(settings: StreamSettings, context: ScanContext) -> str | None:
    """File of the shared memory in which an image shows while it is scanned; None where there is none."""
    if settings.detection is None:
        return None
    rings = [
        getattr(c, "ring", None) for c in context.cameras if isinstance(c, Scanner) and c.name == settings.detector
    ]
    return next((str(ring.path) for ring in rings if ring is not None), None)
