"""Takes up an interrupted campaign: what a new run must be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.errors import NothingLeft, PlanRejected
from daemon.progress import read_progress


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
    if progress.start.get("plan_name") != "autonomous_scan":
        raise PlanRejected(f"{run} is no autonomous scan, so there is nothing to continue")
    left = points or int(progress.parameters["points"]) - len(progress.points)
    if left < 1:
        raise NothingLeft(f"{run} has used all its {len(progress.points)} points; give more with --points N")
    return "autonomous_scan", {**progress.parameters, "resume_from": str(run), "points": left}
