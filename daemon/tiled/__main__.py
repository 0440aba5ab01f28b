"""Entry point of the process that registers runs in Tiled; started by the supervisor, not by people."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from daemon.errors import BeampilotError, SettingsError
from daemon.logs import logging_to
from daemon.settings import Settings, load_settings
from daemon.tiled.catalog import open_catalog
from daemon.tiled.follower import Follower, Memory
from daemon.tiled.heartbeat import Heartbeat
from daemon.tiled.registrar import Registrar

PERIOD = 0.5
"""Time between two looks at the journals when there is nothing to do, s."""
NICENESS = 5
"""How far the process steps back for those that drive the instrument."""


def main() -> None:
    """Follows the journals of a data folder until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m daemon.tiled", description=__doc__)
    parser.add_argument("--data", type=Path, default=None, help="the data folder; overrides the settings")
    parser.add_argument("--settings", type=Path, default=None, help="the settings file (TOML)")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        settings = load_settings(options.settings, data=options.data)
        os.nice(NICENESS)
        # It would tell of every request.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        with logging_to(settings.data, "tiled", settings.logs):
            follow(settings, threading.Event())
    except BeampilotError as error:
        print(f"beampilot: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def follow(settings: Settings, ended: threading.Event) -> None:
    """Registers runs until `ended` is set.

    Raises:
        SettingsError: when the settings name no Tiled server.
        TiledMissing: when Tiled's client is not installed.
    """
    chosen = settings.tiled
    if chosen.url is None:
        raise SettingsError("tiled.url is not set: there is no Tiled server to register runs in")
    catalog = open_catalog(chosen)
    heartbeat = Heartbeat(settings.data)
    registrar = Registrar(catalog, heartbeat.beat)
    follower = Follower(
        settings.data, registrar, Memory(settings.data, f"{chosen.url}|{chosen.catalog}"), live=chosen.live
    )
    while not ended.is_set():
        heartbeat.beat()
        if not follower.step():
            ended.wait(PERIOD)


def _end(number: int, frame: FrameType | None) -> None:
    """Ends at once, wherever we are: whatever is half done is done again by the next process."""
    raise SystemExit(0)


if __name__ == "__main__":
    main()
