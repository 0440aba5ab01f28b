"""Takes up an interrupted campaign: what a new run must be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.errors import NothingLeft, PlanRejected
from daemon.progress import read_progress

RESUMABLE = ("autonomous_scan", "survey")
"""Plans that learn from their points."""


def continuation(run: Path, points: int | None = None) -> tuple[str, dict[str, Any]]:
    """Plan and parameters of a run that continues another one.

    Args:
        run: folder of the run that was interrupted.
        points: how many more points to measure; without it, what the campaign has left of its budget.

    Returns:
        The plan's name and its parameters.

    Raises:
        PlanRejected: when there is no campaign to continue.
        NothingLeft: when it has measured all its points.
        RecorderError: when the run cannot be read.
    """
    progress = read_progress(run)
    plan = str(progress.start.get("plan_name"))
    if plan not in RESUMABLE:
        raise PlanRejected(f"{run} is no autonomous scan and no survey, so there is nothing to continue")
    left = points or int(progress.parameters["points"]) - len(progress.points)
    if left < 1:
        raise NothingLeft(f"{run} has used all its {len(progress.points)} points; give more with --points N")
    return plan, {**progress.parameters, "resume_from": str(run), "points": left}
