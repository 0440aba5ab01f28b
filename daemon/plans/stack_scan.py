"""A stack of frames over the photon energy, unmixed while it is measured."""

from __future__ import annotations

from daemon.errors import PlanRejected
from daemon.plans.context import ScanContext
from daemon.plans.frame import in_run
from daemon.plans.grid_scan import grid_positions
from daemon.plans.models import StackScan
from daemon.plans.points import given_points, suggested_points
from daemon.plans.steps import Messages, Scan


def stack_scan(context: ScanContext, parameters: StackScan) -> Messages:
    """Measures a frame at each energy: evenly spaced ones, or where the components are told apart least."""
    scan = Scan(context)
    if context.agent is None:
        raise PlanRejected("detectors: a stack scan needs a camera")
    _, axis = parameters.energy
    if parameters.adaptive:
        points = suggested_points(scan, context.agent, axis.points or 1, overlap=False)
    else:
        points = given_points(scan, grid_positions(parameters))
    yield from in_run(scan, parameters, points)
