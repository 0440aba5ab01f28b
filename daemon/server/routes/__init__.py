"""The endpoints under `/api/v1`, a module per resource."""

from fastapi import APIRouter

from daemon.server.routes import (
    arrays,
    control,
    documents,
    engine,
    history,
    live,
    lock,
    logs,
    queue,
    runs,
    status,
    steering,
    tables,
    tokens,
    whoami,
)

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    status.router,
    engine.router,
    queue.router,
    control.router,
    steering.router,
    lock.router,
    history.router,
    runs.router,
    arrays.router,
    tables.router,
    documents.router,
    tokens.router,
    whoami.router,
    logs.router,
    live.router,
)
