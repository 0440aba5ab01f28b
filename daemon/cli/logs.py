"""``beampilot logs``: what the processes of the daemon wrote."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.options import DataOption, JsonOption, SettingsOption, read_settings
from daemon.cli.output import note

PROCESSES = ("supervisor", "server", "engine", "analyst", "tiled")
LOOK = 0.3
"""How often the files are looked at, s."""
KNOWN = ("time", "level", "logger", "event", "process")
"""Fields of a message that a line begins with."""


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    app.command()(logs)


def logs(
    process: Annotated[
        str | None, typer.Argument(metavar="PROCESS", help="supervisor, server, engine or analyst; without it, all.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the newest lines.")] = 50,
    settings: SettingsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the processes of the daemon wrote into the data folder; no daemon needs to run."""
    from daemon.logs import logs_folder

    if process is not None and process not in PROCESSES:
        raise typer.BadParameter(f"there is no process {process!r}; known are {', '.join(PROCESSES)}")
    folder = logs_folder(read_settings(settings, data).data)
    tails = [
        _Tail(folder / f"{name}{end}") for name in PROCESSES for end in (".jsonl", ".log") if process in (None, name)
    ]
    found = sorted((line for tail in tails for line in tail.new()), key=lambda line: line[0])
    if not found and not follow:
        note(f"nothing was written into {folder} yet")
    for _, name, line in found[-lines:] if lines else []:
        typer.echo(shown(name, line, as_json))
    while follow:
        time.sleep(LOOK)
        for tail in tails:
            for _, name, line in tail.new():
                typer.echo(shown(name, line, as_json))


def shown(process: str, line: str, as_json: bool = False) -> str:
    """A line of a log as a person reads it, or as one JSON object."""
    try:
        message = json.loads(line)
        message["event"]
    except (ValueError, LookupError, TypeError):
        message = {"event": line}
    if as_json:
        return json.dumps({"source": process, **message}, ensure_ascii=False)
    moment = str(message.get("time", ""))[:23].replace("T", " ")
    rest = " ".join(f"{name}={value}" for name, value in message.items() if name not in KNOWN and name != "exception")
    words = [moment, process, str(message.get("level", "")), str(message["event"]), rest]
    return " ".join(filter(None, words)) + (f"\n{message['exception']}" if "exception" in message else "")


class _Tail:
    """Reads what is new in a log file, also after it was put aside for a new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = 0
        self._offset = 0
        self._begun = b""
        self._time = ""

    def new(self) -> Iterator[tuple[str, str, str]]:
        """The lines since the last time, each with its time and process; a line without a time has that before it."""
        for raw in (self._begun + self._bytes()).splitlines(keepends=True):
            if not raw.endswith(b"\n"):
                self._begun = raw  # the rest is still to be written
                return
            line = raw.decode(errors="replace").rstrip()
            if line:
                self._time = _time_of(line) or self._time
                yield self._time, self._path.stem, line
        self._begun = b""

    def _bytes(self) -> bytes:
        """What is new: the end of a file that was put aside, and the file that took its place."""
        try:
            number = self._path.stat().st_ino
        except FileNotFoundError:
            return b""
        found = b""
        if number != self._file:
            aside = self._path.with_name(f"{self._path.name}.1")
            if aside.is_file() and aside.stat().st_ino == self._file:
                found = _from(aside, self._offset)
            self._file, self._offset = number, 0
        fresh = _from(self._path, self._offset)
        self._offset += len(fresh)
        return found + fresh


def _from(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read()


def _time_of(line: str) -> str:
    try:
        return str(json.loads(line)["time"])
    except (ValueError, LookupError, TypeError):
        return ""
