"""All verbs together, as one router to be mounted under `/api`."""

from __future__ import annotations

from fastapi import APIRouter

from daemon.server.queueserver import (
    accounts,
    console,
    environment,
    history,
    locks,
    manager,
    plan_control,
    queue,
    queue_items,
    refusals,
    resources,
    status,
    streams,
)

GROUPS = (
    status.verbs,
    environment.verbs,
    queue.verbs,
    queue_items.verbs,
    plan_control.verbs,
    history.verbs,
    resources.verbs,
    locks.verbs,
    refusals.verbs,
    manager.verbs,
    accounts.verbs,
    console.verbs,
)

router = APIRouter()
for group in GROUPS:
    router.include_router(group.router())
router.include_router(streams.router)
