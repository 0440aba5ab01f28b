"""A scan that decides after every point where to measure next."""

from __future__ import annotations

from daemon.errors import PlanRejected
from daemon.plans.context import ScanContext
from daemon.plans.frame import in_run
from daemon.plans.models import AutonomousScan
from daemon.plans.points import suggested_points
from daemon.plans.steps import Messages, Scan


def autonomous_scan(context: ScanContext, parameters: AutonomousScan) -> Messages:
    """Measures where the agent suggests until it has learned enough or the budget is used up."""
    scan = Scan(context, doses=parameters.max_dose is not None)
    if context.agent is None:
        raise PlanRejected("objective: an autonomous scan needs one")
    points = suggested_points(
        scan, context.agent, parameters.points, overlap=parameters.overlap, max_dose=parameters.max_dose
    )
    yield from in_run(scan, parameters, points)
