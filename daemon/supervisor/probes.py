"""How the processes of the daemon are asked for a sign of life."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

from daemon.serve_settings import ServerSettings, reachable_host
from daemon.supervisor.pulse import Probe

HEALTH = "/api/v1/healthz"


def engine_probe(data: Path) -> Probe:
    """Asks the engine of a data folder for its status."""
    from daemon.engine_client import EngineClient
    from daemon.runtime import engine_address

    client = EngineClient(engine_address(data))

    def ask(timeout: float) -> None:
        client.call("status", timeout=timeout)

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
