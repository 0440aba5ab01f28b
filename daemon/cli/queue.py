"""``beampilot submit`` and ``beampilot queue``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption
from daemon.cli.output import note, print_facts, print_json, print_table
from daemon.cli.remote import Remote, UrlOption, find_daemon

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="Name of the plan, such as grid_scan.")]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="First letters of the item's identifier.")]
PlaceArgument = Annotated[str, typer.Argument(metavar="PLACE", help="front, back, or a position from 0.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter, such as points=40 or axes.stage_x.low=3."),
]
MetadataOption = Annotated[
    list[str] | None, typer.Option("--metadata", metavar="NAME=VALUE", help="Kept in the run, such as sample=film.")
]
AtOption = Annotated[str, typer.Option("--at", metavar="PLACE", help="front, back, or a position from 0.")]
SUMMARY = 60
"""Columns for the parameters of an item in the list."""

group = typer.Typer(help="Show or change the queue of plans.", invoke_without_command=True, no_args_is_help=False)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(submit)
    group.command("add")(submit)
    app.add_typer(group, name="queue")


def submit(
    plan: PlanArgument,
    parameters: SetOption = None,
    metadata: MetadataOption = None,
    at: AtOption = "back",
    start: Annotated[bool, typer.Option("--start", help="Start the queue, too.")] = False,
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a plan into the queue; what is not set comes from the daemon's settings."""
    remote = find_daemon(settings, data, url)
    given = [_split(text, "--set") for text in parameters or []]
    body = {
        "plan": plan,
        "parameters": _parameters(remote, plan, given),
        "metadata": dict(_split(text, "--metadata") for text in metadata or []),
        "at": _place(at),
    }
    item = remote.post("/queue", body)
    if start:
        remote.post("/queue/start")
    print_json(item) if as_json else print_facts([("item", item["uid"]), ("plan", item["plan"])])


@group.callback()
def show(
    context: typer.Context,
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show or change the queue of plans."""
    if context.invoked_subcommand is not None:
        if settings or data or url or as_json:
            raise typer.BadParameter(f"give the options after {context.invoked_subcommand}")
        return
    found = find_daemon(settings, data, url).get("/queue")
    if as_json:
        print_json(found)
        return
    note(f"the queue is {'running' if found['queue_running'] else 'stopped'}")
    rows = [
        (str(place), item["uid"][:8], item["plan"], summary(item["parameters"]), str(item.get("added_by") or ""))
        for place, item in enumerate(found["items"])
    ]
    if rows:
        print_table(("place", "item", "plan", "parameters", "by"), rows)


@group.command()
def move(
    item: ItemArgument,
    to: PlaceArgument,
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Move an item to another place."""
    remote = find_daemon(settings, data, url)
    remote.post(f"/queue/{_uid(remote, item)}/move", {"to": _place(to)})


@group.command()
def remove(item: ItemArgument, settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """Take an item out of the queue."""
    remote = find_daemon(settings, data, url)
    remote.ask("DELETE", f"/queue/{_uid(remote, item)}")


@group.command()
def clear(settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """Take all items out of the queue."""
    find_daemon(settings, data, url).ask("DELETE", "/queue")


@group.command()
def start(settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """Work the queue off, item by item."""
    find_daemon(settings, data, url).post("/queue/start")


@group.command()
def stop(settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """Start no further item; the one that runs goes on."""
    find_daemon(settings, data, url).post("/queue/stop")


def summary(parameters: Mapping[str, Any]) -> str:
    """Parameters in a line, cut where they are many."""
    text = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in parameters.items())
    return text if len(text) <= SUMMARY else text[: SUMMARY - 1] + "…"


def _split(text: str, option: str) -> tuple[str, Any]:
    """Read ``name=value``; the value is JSON where it can be read as such, and text where not.

    Raises:
        BadParameter: When there is no name or no value.
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"{option} {text}: give it as name=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _parameters(remote: Remote, plan: str, given: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Parameters from dotted names; the rest of a field that is changed inside comes from the daemon's settings."""
    given = list(given)
    inside = any("." in name for name, _ in given)
    defaults = remote.get(f"/plans/{plan}").get("defaults") or {} if inside else {}
    parameters: dict[str, Any] = {}
    for name, value in given:
        first, *rest = name.split(".")
        if not rest:
            parameters[first] = value
            continue
        parameters.setdefault(first, defaults.get(first, {}))
        place = parameters
        for part in (first, *rest[:-1]):
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise typer.BadParameter(f"--set {name}: there is nothing inside of {part}")
        place[rest[-1]] = value
    return parameters


def _place(text: str) -> str | int:
    """Read a place in the queue.

    Raises:
        BadParameter: When it is none.
    """
    if text in ("front", "back"):
        return text
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no place in the queue: give front, back, or a position from 0") from None


def _uid(remote: Remote, letters: str) -> str:
    """The item that the first letters of an identifier name.

    Raises:
        BadParameter: When it is none, or several.
    """
    found = [item["uid"] for item in remote.get("/queue")["items"] if item["uid"].startswith(letters)]
    if len(found) != 1:
        raise typer.BadParameter(f"{letters!r} names {len(found) or 'no'} items of the queue; see `beampilot queue`")
    return found[0]
