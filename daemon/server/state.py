"""What routes need of their app."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from daemon.server.queue_service import QueueService
from daemon.server.run_catalog import RunCatalog
from daemon.store import Store


def _queue(request: Request) -> QueueService:
    return request.app.state.queue


def _store(request: Request) -> Store:
    return request.app.state.store


def _catalog(request: Request) -> RunCatalog:
    return request.app.state.catalog


Queue = Annotated[QueueService, Depends(_queue)]
"""Where queue and plan actions are done."""
Records = Annotated[Store, Depends(_store)]
"""Queue, history, tokens, accesses and the lock."""
Catalog = Annotated[RunCatalog, Depends(_catalog)]
"""The runs of the data folder."""
