"""``beampilot watch``: the daemon's status while it changes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.control import control, words_of
from daemon.cli.options import DataOption, JsonOption, SettingsOption
from daemon.cli.output import note
from daemon.cli.remote import Remote, UrlOption, find_daemon

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD = 0.5
"""Time between two looks, s."""
CHOICES = {"p": "pause", "a": "abort", "l": "leave"}
REASON = "Ctrl-C in `beampilot watch`"

Facts = Mapping[str, Any]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(watch)


def watch(
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing runs; fails if what ran last did not succeed.")
    ] = False,
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what goes on; Ctrl-C asks whether to pause the scan, to abort it, or to leave it alone."""
    remote = find_daemon(settings, data, url)
    remote.get("/status")
    seen = ""
    with _screen(as_json) as show:
        while True:
            try:
                for facts in _looks(remote):
                    show(facts)
                    seen = (facts.get("item") or {}).get("uid") or seen
                    if until_idle and _idle(facts):
                        raise typer.Exit(0 if _succeeded(remote, seen) else 1)
                    time.sleep(PERIOD)
            except KeyboardInterrupt:
                if not _interrupted(remote):
                    return


def _looks(remote: Remote) -> Iterator[dict[str, Any]]:
    """The status again and again; while no server answers, only that it does not."""
    from daemon.errors import ServerUnreachable

    while True:
        try:
            yield remote.get("/status")
        except ServerUnreachable as error:
            yield {"engine_state": f"unknown: {error}"}


def _idle(facts: Facts) -> bool:
    waiting = facts.get("queue_running") and facts.get("queue_length")
    return facts.get("engine_state") == "idle" and not facts.get("item") and not waiting


def _succeeded(remote: Remote, item: str) -> bool:
    """Whether an item of the queue has ended as it should; nothing can have failed where none was seen."""
    found = remote.get("/history", limit=50)
    entries = found["entries"] if isinstance(found, dict) else found
    return all(entry["exit_status"] == "success" for entry in entries if entry["uid"] == item)


@contextmanager
def _screen(as_json: bool) -> Iterator[Callable[[Facts], None]]:
    """What draws a status: over the last one on a terminal, as lines elsewhere."""
    if as_json or not sys.stdout.isatty():
        yield _Lines(as_json)
        return
    from rich.live import Live
    from rich.table import Table

    with Live(auto_refresh=False) as live:

        def draw(facts: Facts) -> None:
            table = Table.grid(padding=(0, 2))
            for name, value in words_of(facts):
                table.add_row(name, value)
            live.update(table, refresh=True)

        yield draw


class _Lines:
    """Prints a line whenever something has changed."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._last = ""

    def __call__(self, facts: Facts) -> None:
        shown = {name: facts.get(name) for name in ("engine_state", "item", "run", "queue_length", "queue_running")}
        line = (
            json.dumps(shown, ensure_ascii=False) if self._as_json else "; ".join(f"{n} {v}" for n, v in words(facts))
        )
        if line != self._last:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        self._last = line


def words(facts: Facts) -> list[tuple[str, str]]:
    """What changes of a status, as lines for a person."""
    return [(name, value) for name, value in words_of(facts) if name in ("engine", "plan", "run", "queue")]


def _interrupted(remote: Remote) -> bool:
    """Ask what Ctrl-C meant, and do it; False when the operator leaves."""
    try:
        if not sys.stdin.isatty():
            return False
        answer = typer.prompt("\npause, abort or leave the scan alone? [p/a/l]", default="l", show_default=False)
    except (KeyboardInterrupt, typer.Abort):
        return False
    choice = CHOICES.get(answer.strip().lower()[:1], "leave")
    if choice == "leave":
        return False
    from daemon.errors import BeampilotError

    try:
        control(remote, choice, **({"reason": REASON} if choice == "abort" else {"defer": False}))
    except BeampilotError as error:
        note(f"beampilot: {error}")
    return True
