"""``beampilot doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption, read_settings
from daemon.cli.output import print_json

if TYPE_CHECKING:
    from daemon.doctor import Check

SIGNS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[bold red]FAIL[/]"}


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(doctor)


def doctor(settings: SettingsOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and say what to change; fails if Beampilot cannot work here."""
    from daemon.doctor import examine

    chosen = read_settings(settings, data)
    if as_json:
        checks = list(examine(chosen))
        print_json(
            {"ok": all(check.status != "fail" for check in checks), "checks": [_plain(check) for check in checks]}
        )
    else:
        checks = _examine_aloud(examine(chosen))
    if any(check.status == "fail" for check in checks):
        raise typer.Exit(1)


def _examine_aloud(checks: Iterator[Check]) -> list[Check]:
    """Print each check as soon as it is known."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    found = []
    for check in checks:
        found.append(check)
        console.print(f"{SIGNS[check.status]}  {check.name:<14} {escape(check.found)}")
        if check.advice:
            console.print(f"      {'':<14} → {escape(check.advice)}")
    return found


def _plain(check: Check) -> dict[str, str]:
    """A check as JSON has it."""
    return {"name": check.name, "status": check.status, "found": check.found, "advice": check.advice}
