"""``beampilot runs`` and ``beampilot show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, RunArgument, SettingsOption, open_store
from daemon.cli.output import note, print_facts, print_json, print_table
from daemon.wording import duration, moment, number, quantity, span

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.progress import Progress
    from daemon.runs import RunSummary


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(runs)
    app.command()(show)


def runs(
    settings: SettingsOption = None,
    data: DataOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many of the newest runs.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the runs in the data folder, the newest last."""
    from dataclasses import asdict

    store = open_store(settings, data)
    found = store.list()[-limit:]
    if as_json:
        print_json([asdict(summary) for summary in found])
    elif not found:
        note(f"no runs in {store.data} yet; `beampilot demo` makes one")
    else:
        titles = ("scan", "uid", "started", "plan", "sample", "points", "best", "took", "ended")
        print_table(titles, map(_row, found))


def _row(summary: RunSummary) -> tuple[str, ...]:
    """A run as a line of the table."""
    best = summary.best or {}
    return (
        str(summary.scan_id),
        summary.uid[:8],
        moment(summary.time),
        summary.plan_name,
        summary.sample or "–",
        str(summary.points),
        number(best["value"]) if isinstance(best.get("value"), int | float) else "–",
        duration(summary.duration),
        summary.exit_status,
    )


def show(
    run: RunArgument = "latest", settings: SettingsOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Show what one run did: plan, sample, points, best position, how it ended."""
    from daemon.progress import read_progress

    path = open_store(settings, data).find(run)
    facts = facts_of(path, read_progress(path))
    if as_json:
        print_json(facts)
    else:
        print_facts(_words(facts))


def facts_of(path: Path, progress: Progress) -> dict[str, Any]:
    """What is known of a run, as JSON has it."""
    from daemon.runs import Run

    run, best = Run(path), progress.best
    names = [axis.name for axis in progress.axes]
    return {
        "run": str(path),
        "uid": run.start["uid"],
        "scan_id": run.start.get("scan_id"),
        "plan_name": run.start.get("plan_name"),
        "time": run.start["time"],
        "exit_status": run.status,
        "reason": (run.stop or {}).get("reason", ""),
        "metadata": {key: run.start[key] for key in ("proposal", "sample", "operator") if run.start.get(key)},
        "objective": progress.objective,
        "axes": {
            axis.name: {"low": axis.low, "high": axis.high, "points": axis.points, "unit": axis.unit}
            for axis in progress.axes
        },
        "points": run.points,
        "failed_points": progress.failed,
        "grid_points": progress.grid_points,
        "best_position": dict(zip(names, best.position, strict=True)) if best else None,
        "best_value": best.value if best else None,
        "best_point": best.number if best else None,
        "instrument_seconds": progress.seconds,
        "streams": {stream: len(run.table(stream).get("seq_num", ())) for stream in run.streams},
    }


def _words(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The facts as lines for a person."""
    units = {name: axis["unit"] for name, axis in facts["axes"].items()}
    best = "–"
    if facts["best_position"]:
        where = ", ".join(f"{name} = {quantity(at, units[name])}" for name, at in facts["best_position"].items())
        best = f"{number(facts['best_value'])} at {where} (point {facts['best_point']})"
    grid = f" of {facts['grid_points']:,} grid positions" if facts["grid_points"] else ""
    failed = f", {facts['failed_points']} without a value" if facts["failed_points"] else ""
    return [
        ("run", facts["run"]),
        ("scan", f"{facts['scan_id']}, {facts['uid']}"),
        ("plan", str(facts["plan_name"])),
        *((key, str(value)) for key, value in facts["metadata"].items()),
        ("started", moment(facts["time"])),
        ("ended", facts["exit_status"] + (f": {facts['reason']}" if facts["reason"] else "")),
        *((f"axis {name}", span(axis["low"], axis["high"], axis["unit"])) for name, axis in facts["axes"].items()),
        ("objective", facts["objective"] or "–"),
        ("points", f"{facts['points']}{grid}{failed}"),
        ("best", best),
        ("instrument time", duration(facts["instrument_seconds"])),
        ("streams", ", ".join(f"{name} ({count})" for name, count in facts["streams"].items())),
    ]
