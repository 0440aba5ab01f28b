"""`/lock`: the control lock, with which one client alone may write."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import HTTPException, Query
from pydantic import Field

from daemon.base import StrictModel
from daemon.server.models import Answer, Done, LockAnswer
from daemon.server.routing import Asker, make_router, route
from daemon.server.state import Queue, Records

router = make_router("lock")


class NewLock(StrictModel):
    """A wish to hold the control lock."""

    note: str = Field(default="", max_length=1000)
    """What for; others are shown it."""


class LockStateAnswer(Answer):
    """The control lock."""

    lock: LockAnswer | None
    """Who holds it; null if nobody does."""
    lock_uid: str
    """Changes when it does."""


@router.get("/lock", **route("read:status"))
async def get_lock(records: Records) -> LockStateAnswer:
    """Who holds the control lock, and since when."""
    return await asyncio.to_thread(_state, records)


@router.post("/lock", **route("write:lock", 422, 423))
async def lock(queue: Queue, records: Records, by: Asker, wish: NewLock | None = None) -> LockStateAnswer:
    """Hold the control lock: only whoever asks may write from now on."""
    await asyncio.to_thread(records.lock, by.name, "" if wish is None else wish.note)
    queue.changed.ring()
    return await asyncio.to_thread(_state, records)


@router.delete("/lock", **route("write:lock", 422, 423))
async def unlock(
    queue: Queue,
    records: Records,
    by: Asker,
    force: Annotated[bool, Query(description="Take it away from somebody else; for administrators.")] = False,
) -> Done:
    """Let go of the control lock."""
    if force and by.role != "administrator":
        raise HTTPException(403, f"{by.name} ({by.role}) cannot break the lock: only an administrator can")
    await asyncio.to_thread(records.unlock, by.name, force)
    queue.changed.ring()
    return Done()


def _state(records: Records) -> LockStateAnswer:
    lock = records.lock_state()
    return LockStateAnswer(lock=None if lock is None else LockAnswer.model_validate(lock), lock_uid=records.lock_uid)
