"""The plans: what can be scanned, with which parameters, and how."""

from daemon.plans.models import (
    AutonomousScan,
    AxisRange,
    GridScan,
    Located,
    Metadata,
    ScanParameters,
    StackScan,
    Survey,
)
from daemon.plans.registry import PLANS, PlanKind, find_plan, read_parameters

__all__ = [
    "PLANS",
    "AutonomousScan",
    "AxisRange",
    "GridScan",
    "Located",
    "Metadata",
    "PlanKind",
    "ScanParameters",
    "StackScan",
    "Survey",
    "find_plan",
    "read_parameters",
]
