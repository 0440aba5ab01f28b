"""What became of an item: as the engine tells it, or as the run on disk does when the engine is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NEWEST = 20
"""How many runs are searched for an item that nobody remembers."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an item ended.

    Attributes:
        exit_status: success, fail, abort or interrupted.
        reason: why it did not succeed; empty if it did.
        run_uid: of its run; None if none was begun.
        run_path: the run's folder.
        points: that were measured.
    """

    exit_status: str
    reason: str = ""
    run_uid: str | None = None
    run_path: str | None = None
    points: int = 0


def outcome_of(last: Mapping[str, Any]) -> Outcome:
    """The outcome in the engine's own words (`last` of its status)."""
    return Outcome(
        exit_status=last["exit_status"],
        reason=last.get("reason") or "",
        run_uid=last.get("uid"),
        run_path=last.get("path"),
        points=last.get("points") or 0,
    )


def interrupted(run: Mapping[str, Any] | None, reason: str) -> Outcome:
    """The outcome of an item whose engine died; the points are counted in the run's journal, so this blocks.

    Args:
        run: what the engine said last of its run (uid, path, points); None if it had none.
        reason: why it ended.
    """
    if run is None:
        return Outcome("interrupted", reason)
    return Outcome("interrupted", reason, run["uid"], run["path"], _points(run))


def _points(run: Mapping[str, Any]) -> int:
    from daemon.errors import RecorderError
    from daemon.runs import Run

    try:
        return Run(Path(run["path"])).points
    except (RecorderError, OSError):
        return int(run.get("points") or 0)


def run_of(data: Path, item: str) -> dict[str, Any] | None:
    """The newest run of an item of the queue, found on disk; blocks.

    A continuation without a point of its own stands for nothing: the run that it continues is given instead.

    Args:
        data: the data folder.
        item: the item's uid, which the start document names.

    Returns:
        Its uid, path and points; None if it has none.
    """
    from daemon.errors import RecorderError
    from daemon.runs import Run, RunStore

    for path in reversed(RunStore(data).paths()[-NEWEST:]):
        try:
            run = Run(path)
            if run.start.get("item_uid") == item:
                while not run.points and run.start.get("continues"):
                    run = Run(Path(run.start["continues"]))
                return {"uid": run.start["uid"], "path": str(run.path), "points": run.points}
        except (RecorderError, OSError, KeyError):
            continue
    return None


def deaths_of(data: Path, item: str, current: Mapping[str, Any] | None) -> list[str]:
    """The engines that died under an item of the queue, as its runs on disk tell; blocks.

    Args:
        data: the data folder.
        item: the item's uid.
        current: its run that is not to be counted.
    """
    from daemon.errors import RecorderError
    from daemon.recorder.recover import REASON
    from daemon.runs import Run, RunStore

    deaths = []
    for path in RunStore(data).paths()[-NEWEST:]:
        try:
            run = Run(path)
            dead = run.start.get("item_uid") == item and (run.stop or {}).get("reason") == REASON
        except (RecorderError, OSError, KeyError):
            continue
        if dead and not (current and str(path) == current["path"]):
            deaths.append(f"the engine died (run {path.name})")
    return deaths
