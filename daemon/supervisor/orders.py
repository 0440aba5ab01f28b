"""What the processes of a daemon are, as its settings have them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from daemon.errors import AddressError
from daemon.logs import logs_folder
from daemon.settings import Settings
from daemon.supervisor.keeper import Orders
from daemon.supervisor.probes import engine_probe, server_probe, tiled_probe
from daemon.supervisor.processes import find_process

SERVER_STARTUP = 60.0
"""How long the server may take to answer, s; far more than it needs, for the machine may be busy."""
DEVICES_STARTUP = 60.0
"""How long the engine's devices may take to connect, on top of the analyst's start, s."""
TILED_STARTUP = 60.0
"""How long the process that registers runs may take to begin, s."""
TILED_SILENCE = 180.0
"""How long it may wait for a slow Tiled server without a sign of life, s; nobody waits for it."""


def make_orders(settings: Settings, file: Path | None) -> list[Orders]:
    """The processes of a data folder, in the order in which they are asked to end.

    Args:
        settings: of the daemon; what its command line said of data folder and port is handed on.
        file: the settings file, if there is one.
    """
    # What the command line said must win in the children over the file, as it does here.
    environment = {"BEAMPILOT_SERVER__PORT": str(settings.server.port)}
    logs, silence = logs_folder(settings.data), settings.server.restart_timeout

    def orders(name: str, **more: object) -> Orders:
        words = ["-m", f"daemon.{name}", "--data", str(settings.data)]
        named = [] if file is None else ["--settings", str(file.absolute())]
        command = [sys.executable, "-P", *words, *named]
        output = logs / f"{name}.log"
        more = {"silence": silence, **more}
        return Orders(name, command, words, output, environment=environment, **more)  # type: ignore[arg-type]

    processes = [
        orders("server", probe=server_probe(settings.server), startup=SERVER_STARTUP),
        orders(
            "engine",
            probe=engine_probe(settings.data),
            startup=settings.analyst.startup_timeout + DEVICES_STARTUP,
        ),
    ]
    if settings.tiled.url is not None:
        probe = tiled_probe(settings.data)
        processes.append(orders("tiled", probe=probe, startup=TILED_STARTUP, silence=TILED_SILENCE))
    return processes


def check_addresses(settings: Settings, orders: list[Orders]) -> None:
    """Makes sure that the processes which do not run yet can have their addresses.

    Raises:
        AddressError: when somebody else has one; the text names the setting to change.
    """
    for wanted in orders:
        if find_process(wanted.words) is None:
            for setting, host, port in _addresses(settings, wanted.name):
                _check(setting, host, port)


def _addresses(settings: Settings, name: str) -> Iterator[tuple[str, str, int]]:
    if name == "server":
        yield "--port or server.port", settings.server.host, settings.server.port
    if name != "engine":
        return
    for field in ("documents", "frames", "status"):
        address = urlsplit(getattr(settings.sockets, field))
        if address.scheme == "tcp":
            yield f"sockets.{field}", address.hostname or "", address.port or 0


def _check(setting: str, host: str, port: int) -> None:
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            text = f"cannot listen on {host}:{port}: {error.strerror or error}; choose another with {setting}"
            raise AddressError(text) from None
