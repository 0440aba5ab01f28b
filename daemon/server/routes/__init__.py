"""The endpoints under `/api/v1`, a module per resource."""

from fastapi import APIRouter

from daemon.server.routes import control, engine, history, lock, queue, runs, status, tokens

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    status.router,
    engine.router,
    queue.router,
    control.router,
    lock.router,
    history.router,
    runs.router,
    tokens.router,
)
