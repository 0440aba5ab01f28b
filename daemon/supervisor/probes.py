"""How the processes of the daemon are asked for a sign of life."""

from __future__ import annotations

import http.client
import ssl
import time
from pathlib import Path

from daemon.runtime import TILED_HEARTBEAT, runtime_folder
from daemon.serve_settings import ServerSettings, reachable_host
from daemon.supervisor.pulse import Probe

HEALTH = "/api/v1/healthz"
TILED_FRESH = 3.0
"""A sign of life of the process that registers runs counts for so long, s."""


def engine_probe(data: Path) -> Probe:
    """Asks the engine of a data folder for its status."""
    from daemon.engine_client import EngineClient
    from daemon.runtime import engine_address

    client = EngineClient(engine_address(data))

    def ask(timeout: float) -> None:
        client.call("status", timeout=timeout)

    return ask


def tiled_probe(data: Path) -> Probe:
    """Looks for the sign of life of the process that registers runs; Tiled itself is not asked, for it may be away."""
    heartbeat = runtime_folder(data) / TILED_HEARTBEAT

    def ask(timeout: float) -> None:
        age = time.time() - heartbeat.stat().st_mtime
        if age > TILED_FRESH:
            raise TimeoutError(f"the last sign of life is {age:.0f} s old")

    return ask


def server_probe(settings: ServerSettings) -> Probe:
    """Asks the HTTP server for its health; any answer is a sign of life, also that something else is unwell."""
    host = reachable_host(settings)

    def ask(timeout: float) -> None:
        if settings.certificate is None:
            connection = http.client.HTTPConnection(host, settings.port, timeout=timeout)
        else:
            # The certificate names the machine as others call it, and nothing secret is sent.
            blind = ssl._create_unverified_context()  # noqa: S323
            connection = http.client.HTTPSConnection(host, settings.port, timeout=timeout, context=blind)
        try:
            connection.request("GET", HEALTH)
            connection.getresponse().read()
        finally:
            connection.close()

    return ask
