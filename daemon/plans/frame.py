"""What every scan has around its points: metadata, staging, the shutter, dark frames, and a safe end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bluesky import Msg
from bluesky.plan_stubs import close_run, open_run
from bluesky.preprocessors import contingency_wrapper, finalize_wrapper, stage_wrapper
from bluesky.utils import RunEngineControlException

from daemon.failure import explain_failure
from daemon.plans.models import GridScan, ResumableScan, ScanParameters, StackScan, Survey
from daemon.plans.steps import Messages, Scan


def in_run(scan: Scan, parameters: ScanParameters, points: Messages) -> Messages:
    """Measures points within a run of their own.

    Args:
        scan: the devices.
        parameters: the plan's parameters.
        points: measures the points.
    """
    inner = _recorded(_body(scan, parameters, points), metadata(scan, parameters), scan.context.reason)
    devices = list(scan.context.detectors)
    yield from scan.set_frames(parameters.frames_per_point)
    yield from finalize_wrapper(stage_wrapper(inner, devices), lambda: scan.shutter("closed"))


def _recorded(plan: Messages, document: dict[str, Any], reason: Callable[[], str]) -> Messages:
    """Opens and closes a run around a plan; unlike bluesky's own wrapper it says why the run ended early."""

    def ended(error: Exception) -> Messages:
        if isinstance(error, RunEngineControlException):
            yield from close_run(exit_status=getattr(error, "exit_status", "abort"), reason=reason())
        else:
            yield from close_run(exit_status="fail", reason=str(explain_failure(error)))

    yield from open_run(document)
    yield from contingency_wrapper(plan, except_plan=ended, else_plan=close_run)


def _body(scan: Scan, parameters: ScanParameters, points: Messages) -> Messages:
    yield Msg("checkpoint")
    yield from scan.set_exposure(parameters.exposure_time)
    yield from scan.dark_frames(parameters.dark_frames, 0)
    yield from scan.shutter("open")
    yield Msg("checkpoint")
    yield from finalize_wrapper(points, scan.leave)
    yield from scan.dark_frames(parameters.dark_frames, parameters.dark_frames)


def metadata(scan: Scan, parameters: ScanParameters) -> dict[str, Any]:
    """What the start document says of the campaign."""
    about = parameters.metadata.model_dump(mode="json")
    known = ("proposal", "sample", "operator")
    document: dict[str, Any] = {name: about[name] for name in known if about[name]}
    document["metadata"] = {name: value for name, value in about.items() if name not in known}
    document |= {
        "plan_name": plan_name(parameters),
        "parameters": parameters.model_dump(mode="json"),
        "motors": list(parameters.axes),
        "detectors": list(parameters.detectors),
        "hints": {"dimensions": [([name], "primary") for name in parameters.axes]},
        "objective": parameters.objective,
    }
    if isinstance(parameters, StackScan) and not parameters.adaptive:
        document["num_points"] = parameters.energy[1].points
    if isinstance(parameters, GridScan):
        # bluesky lists the slow axis first.
        axes = list(parameters.axes.items())[::-1]
        document["hints"]["dimensions"].reverse()
        document |= {
            "motors": [name for name, _ in axes],
            "shape": [axis.points for _, axis in axes],
            "extents": [[axis.low, axis.high] for _, axis in axes],
            "snaking": [False] + [parameters.snake] * (len(axes) - 1),
            "num_points": count_points(parameters),
        }
    if isinstance(parameters, ResumableScan) and parameters.resume_from is not None:
        document["continues"] = str(parameters.resume_from)
    return document


def count_points(parameters: GridScan) -> int:
    """Number of positions of a grid."""
    total = 1
    for axis in parameters.axes.values():
        total *= axis.points or 1
    return total


def plan_name(parameters: ScanParameters) -> str:
    """Name of the plan that takes these parameters."""
    names = {GridScan: "grid_scan", StackScan: "stack_scan", Survey: "survey"}
    return names.get(type(parameters), "autonomous_scan")
