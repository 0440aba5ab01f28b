"""Every endpoint of the server: where it is, and the scope that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from daemon.server.openapi import describe_keys
from daemon.server.queueserver import router as queueserver
from daemon.server.queueserver.streams import SCOPES as QUEUESERVER_SOCKETS
from daemon.server.routes import ROUTERS
from daemon.server.routes.live import SCOPES as SOCKETS

API = "/api/v1"
QUEUESERVER = "/api"
"""Where the verbs of bluesky-httpserver are, for its clients."""
SOCKET = "WebSocket"
"""Stands for the method of an endpoint that is a WebSocket."""


@dataclass(frozen=True, slots=True)
class Door:
    """An endpoint.

    Attributes:
        method: of HTTP, or `WebSocket`.
        path: with the names of its parameters.
        scope: that whoever asks must have; empty where any key will do, None where none is asked for.
        locked: whether the control lock holds others back.
        summary: what it does.
    """

    method: str
    path: str
    scope: str | None
    locked: bool
    summary: str


def include_doors(app: FastAPI) -> None:
    """Give an app all endpoints, and have its OpenAPI say how keys are given."""
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(queueserver, prefix=QUEUESERVER)
    describe_keys(app)


def description() -> dict[str, Any]:
    """The OpenAPI of the server, without a server."""
    app = FastAPI(title="Beampilot")
    include_doors(app)
    return app.openapi()


def doors() -> Iterator[Door]:
    """Every endpoint: those of HTTP in the order of the OpenAPI, then the WebSockets."""
    for path, methods in description()["paths"].items():
        for method, about in methods.items():
            yield _door(method.upper(), path, about)
    for prefix, scopes in ((API, SOCKETS), (QUEUESERVER, QUEUESERVER_SOCKETS)):
        for path, scope in scopes.items():
            yield Door(SOCKET, prefix + path, scope, False, "")


def _door(method: str, path: str, about: dict[str, Any]) -> Door:
    scope = None if about.get("security") == [] else about["x-scope"]
    summary = about.get("description") or about.get("summary", "")
    return Door(method, path, scope, bool(about.get("x-locked")), summary)
