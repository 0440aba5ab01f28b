"""``beampilot study``."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption, read_settings
from daemon.cli.output import note, print_json, print_table
from daemon.wording import duration, number

if TYPE_CHECKING:
    from daemon.study import Study, Trial
    from daemon.study_results import Score


def register(app: typer.Typer) -> None:
    """Add this module's command to the command line."""
    app.command()(study)


def parse_option(text: str) -> tuple[str, Any]:
    """Read ``name=value``; the value is a number, true or false where it looks like one.

    Raises:
        typer.BadParameter: When there is no ``=``.
    """
    import json

    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"--option {text}: give it as name=value, such as preset=source")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def study(
    scenario: Annotated[str, typer.Option("--scenario", help="What is studied: a twin or a recorded map, by name.")] = (
        "diffractometer"
    ),
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Option of the scenario; repeat it.")
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", help="ei, ucb, …, ei/gp, random or grid; repeat it. Default: ei, random, grid."),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many samples.")] = 20,
    first_seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the first sample.")] = 0,
    points: Annotated[int, typer.Option("--points", min=1, help="The most points per sample.")] = 120,
    initial_points: Annotated[int, typer.Option("--initial-points", min=1, help="Points of the initial design.")] = 5,
    overlap: Annotated[bool, typer.Option(help="Choose the next point before the last one's value is known.")] = False,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one per core.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for study.csv and study.png.")
    ] = None,
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare strategies on many samples: points to the maximum, success rate, instrument time, latency."""
    from daemon.study import Study, check, now_text
    from daemon.study_results import scores, write_csv, write_plot

    wanted = Study(
        scenario=scenario,
        options=dict(map(parse_option, option or [])),
        strategies=tuple(dict.fromkeys(strategy or ("ei", "random", "grid"))),
        seeds=tuple(range(first_seed, first_seed + seeds)),
        points=points,
        initial_points=initial_points,
        overlap=overlap,
    )
    check(wanted)
    folder = output or read_settings(settings, data).data / "studies" / f"{now_text()}-{scenario}"
    trials = _run(wanted, workers)
    folder.mkdir(parents=True, exist_ok=True)
    table, plot = folder / "study.csv", folder / "study.png"
    write_csv(table, trials)
    write_plot(plot, wanted, trials)
    found = scores(wanted, trials)
    if as_json:
        print_json({"scenario": scenario, "scores": list(map(_plain, found)), "csv": str(table), "plot": str(plot)})
    else:
        _print_scores(wanted, found)
        note(f"\n{table}\n{plot}")


def _run(study: Study, workers: int | None) -> list[Trial]:
    """Run all trials in processes of their own, with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    from daemon.study import run_study
    from daemon.workers import open_workers

    total = len(study.seeds) * len(study.strategies)
    with open_workers(min(workers or os.cpu_count() or 1, total)) as executor:
        trials = run_study(study, executor)
        return list(track(trials, "studying", total, console=Console(stderr=True), transient=True))


def _print_scores(study: Study, found: list[Score]) -> None:
    """Print the table for a person."""
    titles = ("strategy", "reached", "points: median", "95 %", "instrument time", "thinking per point")
    rows = [
        (
            score.strategy,
            f"{100 * score.success:.0f} % of {score.trials}",
            _count(score.median, study),
            _count(score.percentile_95, study),
            duration(score.seconds),
            duration(1e-3 * score.milliseconds) if score.milliseconds else "–",
        )
        for score in found
    ]
    print_table(titles, rows)


def _count(points: float, study: Study) -> str:
    """A number of points, or that it took more than there were."""
    return number(points) if math.isfinite(points) else f"> {study.points}"


def _plain(score: Score) -> dict[str, Any]:
    """A score as JSON has it."""
    from dataclasses import asdict

    return asdict(score)
