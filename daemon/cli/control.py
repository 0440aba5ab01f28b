"""``beampilot status``, ``pause``, ``resume``, ``stop``, ``abort`` and ``halt``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption
from daemon.cli.output import note, print_facts, print_json
from daemon.cli.remote import Remote, UrlOption, find_daemon
from daemon.wording import duration


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    for command in (status, pause, resume, stop, abort, halt):
        app.command()(command)


def status(
    settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """Tell what the daemon does; fails if one of its processes is not well."""
    from daemon.errors import ServerUnreachable

    remote = find_daemon(settings, data, url)
    try:
        facts = remote.get("/status")
    except ServerUnreachable as error:
        if not remote.local or (engine := _engine_alone(remote)) is None:
            raise
        note(f"beampilot: {error}")
        facts = {"engine_state": engine["state"], "run": engine.get("run"), "processes": {"engine": {"alive": True}}}
    print_json(facts) if as_json else print_facts(words_of(facts))
    processes = facts.get("processes", {})
    if "server" not in processes or not all(each.get("alive", True) for each in processes.values()):
        raise typer.Exit(1)


def pause(
    defer: Annotated[bool, typer.Option("--defer", help="Pause at the next checkpoint, not at once.")] = False,
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Pause the scan; `beampilot resume` takes it on."""
    control(find_daemon(settings, data, url), "pause", defer=defer)


def resume(settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """Take a paused scan on."""
    control(find_daemon(settings, data, url), "resume")


def stop(settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """End the scan and count it as a success."""
    control(find_daemon(settings, data, url), "stop")


def abort(
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the run.")] = "",
    settings: SettingsOption = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """End the scan and mark its run as aborted; motors are stopped and the shutter closed."""
    control(find_daemon(settings, data, url), "abort", reason=reason)


def halt(settings: SettingsOption = None, data: DataOption = None, url: UrlOption = None) -> None:
    """End the scan without letting it clean up; motors are stopped and the shutter closed all the same."""
    control(find_daemon(settings, data, url), "halt")


def control(remote: Remote, command: str, **arguments: object) -> None:
    """Have a scan paused, resumed or ended: by the server, or by the engine itself when the server is dead.

    Raises:
        ServerUnreachable: When neither answers.
        ServerRefused: When the server does not do it.
        EngineRefused: When the engine does not do it.
    """
    from daemon.errors import EngineUnreachable, ServerUnreachable

    try:
        remote.post(f"/plan/{command}", arguments)
    except ServerUnreachable as error:
        if not remote.local:
            raise
        try:
            remote.tell_engine(command, **arguments)
        except EngineUnreachable:
            raise error from None
        note("beampilot: the server does not answer; the engine was told directly")


def words_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The daemon's status as lines for a person."""
    return list(_words(facts))


def _words(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "engine", str(facts.get("engine_state") or "does not answer")
    run, item = facts.get("run"), facts.get("item")
    if isinstance(item, Mapping):
        yield "plan", f"{item.get('plan', '')} ({str(item.get('uid', ''))[:8]})"
    if run:
        yield "run", f"{run['path']}, {run['points']} points"
    waiting = facts.get("suspended")
    if isinstance(waiting, Mapping):
        yield "waits", f"{waiting['reason']} (for {duration(max(time.time() - waiting['since'], 0.0))})"
    elif facts.get("paused_by") == "operator":
        yield "waits", "paused; `beampilot resume` takes it on"
    room = facts.get("room")
    if isinstance(room, Mapping):
        yield "disk", f"{room['free_bytes'] / 1e9:.1f} GB free, room for {room['points']:,} points"
    if "queue_length" in facts:
        waiting = facts["queue_length"]
        state = "running" if facts.get("queue_running") else "stopped"
        yield "queue", f"{state}, {waiting} {'item waits' if waiting == 1 else 'items wait'}"
    for name, process in facts.get("processes", {}).items():
        yield name, _process(process)
    for name in ("data", "version"):
        if name in facts:
            yield name, str(facts[name])


def _process(process: Mapping[str, Any]) -> str:
    state = "answers" if process.get("alive", True) else "DOES NOT ANSWER"
    pid = f"pid {process['pid']}, " if process.get("pid") else ""
    age = process.get("heartbeat_age_s")
    return f"{pid}{state}" + ("" if age is None else f", last heard of {age:.1f} s ago")


def _engine_alone(remote: Remote) -> dict[str, Any] | None:
    """The engine's own status, if it answers."""
    from daemon.errors import EngineUnreachable

    try:
        return remote.tell_engine("status")
    except EngineUnreachable:
        return None
