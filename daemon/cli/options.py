"""Options that several commands share, and the settings they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from daemon.runs import RunStore
    from daemon.settings import Settings

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="Settings file (TOML). Without it: the simulated film."),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder for runs and logs; overrides the settings."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="Scan number, first letters of the identifier, path, or 'latest'."),
]


def read_settings(file: Path | None, data: Path | None) -> Settings:
    """Read the settings that the options name.

    Raises:
        SettingsError: When the file is missing or a field is wrong.
    """
    from daemon.settings import load_settings

    return load_settings(file, data=data)


def open_store(file: Path | None, data: Path | None) -> RunStore:
    """Open the runs in the data folder that the options name.

    Raises:
        SettingsError: When the settings are wrong.
    """
    from daemon.runs import RunStore

    return RunStore(read_settings(file, data).data)
