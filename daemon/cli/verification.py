"""``beampilot verify``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from daemon.cli.options import DataOption, JsonOption, RunArgument, SettingsOption, open_store
from daemon.cli.output import print_facts, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.verify import Verification


def register(app: typer.Typer) -> None:
    """Add this module's command to the command line."""
    app.command()(verify)


def verify(
    run: RunArgument = "latest", settings: SettingsOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Check a run's journal, arrays and frames against one another; the exit code is 1 if anything does not fit."""
    found = _verify(open_store(settings, data).find(run))
    if as_json:
        print_json({"run": str(found.path), "sound": not found.problems, **asdict(found)})
    else:
        print_facts(_words(found))
    if found.problems:
        raise typer.Exit(1)


def _verify(path: Path) -> Verification:
    """Check a run, with a progress bar where somebody watches."""
    from rich.console import Console
    from rich.progress import Progress

    from daemon.verify import verify_run

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("reading frames", total=None)
        return verify_run(path, lambda done, total: bar.update(task, completed=done, total=total))


def _words(found: Verification) -> list[tuple[str, str]]:
    """What was found, as lines for a person."""
    counted = [f"{found.documents:,} documents", f"{found.arrays:,} arrays", f"{sum(found.frames.values()):,} frames"]
    events = ", ".join(f"{name} ({count:,})" for name, count in found.events.items())
    count = len(found.problems)
    verdict = f"{count} problem{'s' * (count > 1)}" if count else "sound"
    if found.status in ("running", "interrupted") and not found.problems:
        verdict = "the journal is sound; arrays are checked when the run is closed"
    return [
        ("run", str(found.path)),
        ("ended", found.status),
        ("checked", ", ".join(counted)),
        ("events", events or "–"),
        ("found", verdict),
        *((problem.where, problem.what) for problem in found.problems),
    ]
