"""The plans by name, and the checking of what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from daemon.errors import PlanRejected
from daemon.plans.autonomous_scan import autonomous_scan
from daemon.plans.context import ScanContext
from daemon.plans.grid_scan import grid_scan
from daemon.plans.models import AutonomousScan, GridScan, ScanParameters, StackScan, Survey
from daemon.plans.stack_scan import stack_scan
from daemon.plans.steps import Messages
from daemon.plans.survey import survey
from daemon.settings_errors import explain


@dataclass(frozen=True, slots=True)
class PlanKind:
    """A plan that can be started by name.

    Attributes:
        name: what it is called.
        model: its parameters.
        make: makes the plan from devices and parameters.
        description: what it does, in a line.
    """

    name: str
    model: type[ScanParameters]
    make: Callable[[ScanContext, Any], Messages]
    description: str


PLANS = {
    "autonomous_scan": PlanKind(
        "autonomous_scan", AutonomousScan, autonomous_scan, "Decides after every point where to measure next."
    ),
    "grid_scan": PlanKind("grid_scan", GridScan, grid_scan, "Measures every position of a grid, snake-wise."),
    "stack_scan": PlanKind(
        "stack_scan", StackScan, stack_scan, "Measures a stack over the photon energy and unmixes it meanwhile."
    ),
    "survey": PlanKind(
        "survey", Survey, survey, "Counts clusters in an area, in images chosen by what they are expected to tell."
    ),
}


def find_plan(name: str) -> PlanKind:
    """The plan of a name.

    Raises:
        PlanRejected: naming the plans that there are.
    """
    if name not in PLANS:
        raise PlanRejected(f"there is no plan {name!r}; known plans are: {', '.join(sorted(PLANS))}")
    return PLANS[name]


def read_parameters(
    kind: PlanKind, parameters: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> ScanParameters:
    """Checks what a plan is told.

    Args:
        kind: the plan.
        parameters: what was given; a field given here replaces the default's whole field.
        defaults: the settings' parameters for this plan.

    Raises:
        PlanRejected: one line per wrong field, with its path and what to change.
    """
    try:
        return kind.model(**{**(defaults or {}), **parameters})
    except ValidationError as error:
        given = {f"settings: plans.{kind.name}": defaults, kind.name: parameters} if defaults else kind.name
        raise PlanRejected(explain(error, kind.model, given)) from error
