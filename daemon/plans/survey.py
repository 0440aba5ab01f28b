"""A survey: images of an area, chosen by what they are expected to tell, until a number of clusters is known."""

from __future__ import annotations

from daemon.errors import PlanRejected
from daemon.plans.context import ScanContext
from daemon.plans.frame import in_run
from daemon.plans.models import Survey
from daemon.plans.points import suggested_points
from daemon.plans.steps import Messages, Scan


def survey(context: ScanContext, parameters: Survey) -> Messages:
    """Scans field after field where most is expected to be learned; flawed images are scanned again or skipped.

    However it ends, the microscope draws its tip back when it is unstaged or stopped.
    """
    scan = Scan(context)
    if context.agent is None:
        raise PlanRejected("detectors: a survey needs a microscope that gives images")
    points = suggested_points(scan, context.agent, parameters.points, overlap=False, max_dose=parameters.max_dose)
    yield from in_run(scan, parameters, points)
