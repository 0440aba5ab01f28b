"""``beampilot demo`` and ``beampilot continue``: a campaign in the terminal."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, RunArgument, SettingsOption, open_store, read_settings
from daemon.cli.output import note, print_facts, print_json
from daemon.wording import duration, number

if TYPE_CHECKING:
    from daemon.progress import Progress
    from daemon.session import Outcome
    from daemon.settings import Settings

INTERRUPTED = 130

HeadlessOption = Annotated[bool, typer.Option("--headless", help="Draw nothing; for scripts and batch jobs.")]
PointsOption = Annotated[int | None, typer.Option("--points", min=1, help="Measure at most this many points.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(demo)
    app.command("continue")(continue_run)


def demo(
    headless: HeadlessOption = False,
    as_json: JsonOption = False,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Which simulated sample, and the seed of every draw.")
    ] = None,
    points: PointsOption = None,
    overlap: Annotated[
        bool | None,
        typer.Option("--overlap/--no-overlap", help="Choose the next point while the last one is measured."),
    ] = None,
    clock: Annotated[
        str | None, typer.Option("--clock", help="Pace of the simulated instrument: real, x10, x100 …, or fastest.")
    ] = None,
    plan: Annotated[
        str, typer.Option("--plan", help="autonomous_scan, grid_scan, stack_scan or survey.")
    ] = "autonomous_scan",
    settings: SettingsOption = None,
    data: DataOption = None,
) -> None:
    """Run an autonomous scan: on the simulated film, or on the instrument that --settings names."""
    chosen = _with_options(read_settings(settings, data), seed=seed, clock=clock)
    given: dict[str, Any] = {"points": points} if plan in ("autonomous_scan", "survey") else {}
    if plan == "autonomous_scan":
        given |= {"overlap": overlap, "seed": seed}
    parameters = {name: value for name, value in given.items() if value is not None}
    _run(chosen, plan, parameters, headless=headless or as_json, as_json=as_json)


def continue_run(
    run: RunArgument,
    headless: HeadlessOption = False,
    as_json: JsonOption = False,
    points: PointsOption = None,
    settings: SettingsOption = None,
    data: DataOption = None,
) -> None:
    """Continue an interrupted campaign in a new run; what it measured counts as known.

    Instrument, analysis and recorder are set as they were for the old run; --settings sets them anew.
    """
    from daemon.continuation import continuation

    store = open_store(settings, data)
    path = store.find(run)
    plan, parameters = continuation(path, points)
    chosen = read_settings(settings, data) if settings else _as_before(path, store.data)
    _run(chosen, plan, parameters, headless=headless or as_json, as_json=as_json)


def _as_before(run: Path, data: Path) -> Settings:
    """The settings that a run was made with, for a new run in a data folder.

    Raises:
        SettingsError: When they do not fit this version of Beampilot.
    """
    from daemon.runs import Run
    from daemon.settings import settings_of_run

    return settings_of_run(run, Run(run).attributes["settings"], data=data)


def _with_options(settings: Settings, **options: object) -> Settings:
    """Pass options on to the instrument's factory; only a simulated one takes a seed and a clock.

    Raises:
        SettingsError: When the settings give the instrument no such option.
    """
    from daemon.errors import SettingsError

    given = {name: value for name, value in options.items() if value is not None}
    known = settings.instrument.options
    if "clock" in given and "clock" not in known:
        raise SettingsError("--clock: this instrument has no option `clock`; leave it out")
    wanted = {name: value for name, value in given.items() if name in known}
    instrument = settings.instrument.model_copy(update={"options": {**known, **wanted}})
    return settings.model_copy(update={"instrument": instrument})


def _run(settings: Settings, plan: str, parameters: dict[str, Any], *, headless: bool, as_json: bool) -> None:
    """Run a campaign, show it, write its report, and tell what came of it."""
    from daemon.errors import BeampilotError
    from daemon.progress import Progress
    from daemon.session import open_engine, run_scan
    from daemon.terminal import live_view

    with ExitStack() as stack:
        engine = stack.enter_context(open_engine(settings))
        progress = Progress() if headless else stack.enter_context(live_view("measuring", lambda: engine.recorder.run))

        def stopping() -> None:
            note("stopping safely: motors, shutter, run …")

        try:
            outcome = run_scan(engine, plan, parameters, progress, stopping)
        except BeampilotError:
            if engine.handle is not None and engine.handle.run is not None:
                note(f"what was measured until then is kept in {engine.handle.run}")
            raise
    from daemon.report import write_report  # matplotlib takes most of a second, and the first point does not need it

    run = outcome.result.run
    report = write_report(run) if run else None
    facts = _facts(outcome, progress, report)
    print_json(facts) if as_json else print_facts(_words(facts, progress))
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    if outcome.result.exit_status != "success":
        raise typer.Exit(1)


def _facts(outcome: Outcome, progress: Progress, report: Path | None) -> dict[str, Any]:
    """What came of a campaign, as JSON has it."""
    from daemon.online_stack import read_stack
    from daemon.online_survey import read_survey

    result, best = outcome.result, progress.best
    stack = None if result.run is None else read_stack(result.run)
    survey = None if result.run is None else read_survey(result.run)
    names = [axis.name for axis in progress.axes]
    return {
        "run": str(result.run) if result.run else None,
        "report": str(report) if report else None,
        "uid": result.uid,
        "exit_status": result.exit_status,
        "reason": result.reason or result.stop_reason,
        "points": result.points,
        "failed_points": progress.failed,
        "grid_points": progress.grid_points,
        "best_position": dict(zip(names, best.position, strict=True)) if best else None,
        "best_value": best.value if best else None,
        "components": stack.headline if stack else None,
        "clusters": survey.headline if survey else None,
        "best_point": best.number if best else None,
        "seconds": outcome.seconds,
        "instrument_seconds": progress.seconds,
        "grid_seconds": progress.grid_seconds(),
    }


def _words(facts: dict[str, Any], progress: Progress) -> list[tuple[str, str]]:
    """The facts as lines for a person."""
    from daemon.campaign import position_text

    best = progress.best
    found = (
        f"{number(best.value)} at {position_text(progress.axes, best.position)}, point {best.number}" if best else "–"
    )
    grid = f" of {facts['grid_points']:,}" if facts["grid_points"] else ""
    failed = f", {facts['failed_points']} without a value" if facts["failed_points"] else ""
    time = f"{duration(facts['instrument_seconds'])} on the instrument, {duration(facts['seconds'])} here"
    if facts["grid_seconds"]:
        time += f"; the full grid takes {duration(facts['grid_seconds'])}"
    return [
        _found(facts, progress, found),
        ("points", f"{facts['points']}{grid}{failed}" + (f" ({facts['reason']})" if facts["reason"] else "")),
        ("time", time),
        ("run", facts["run"] or "none was begun"),
        ("report", facts["report"] or "–"),
    ]


def _found(facts: dict[str, Any], progress: Progress, best: str) -> tuple[str, str]:
    """What the campaign was for, in a line."""
    if facts["clusters"]:
        return "found", facts["clusters"]
    if facts["components"] and not progress.parameters.get("objective"):
        return "found", facts["components"]
    return "best", best
