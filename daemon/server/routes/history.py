"""`/history`: what was done, and `/accesses`: who changed what."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import Field

from daemon.server.models import Answer, Done, Whole
from daemon.server.routing import listing, make_router, route
from daemon.server.state import Queue, Records

router = make_router("history")

Limit = Annotated[Whole, Query(ge=1, le=1000, description="The most that are shown.")]
Before = Annotated[
    Whole | None, Query(ge=0, lt=2**63, description="Only what is older than this one: `next` of the last page.")
]
Search = Annotated[str | None, Query(max_length=255, description="Only what has this text anywhere.")]


class EntryAnswer(Answer):
    """An item that is done."""

    id: int
    """Number of the entry; grows with time."""
    uid: str
    """Of the item."""
    plan: str
    """Name of the plan."""
    parameters: dict[str, Any]
    """Of the plan."""
    metadata: dict[str, Any]
    """Of the item."""
    added_by: str
    """Who put it into the queue."""
    added_at: datetime
    """When, UTC."""
    started_at: datetime
    """When it was taken from the queue, UTC."""
    ended_at: datetime
    """When it was done, UTC."""
    exit_status: str
    """success, fail, abort or interrupted."""
    reason: str
    """Why it ended so; empty if nothing is to be said."""
    run_uid: str | None
    """Of its run; null if none was begun."""
    run_path: str | None
    """The run's folder."""
    points: int
    """That the run has."""


class HistoryAnswer(Answer):
    """What was done."""

    entries: list[EntryAnswer]
    """The newest first."""
    history_uid: str
    """Changes when the history does."""
    next: int | None
    """`before` of the next page; null if this is the last one."""


class AccessAnswer(Answer):
    """A request that was to change something."""

    id: int
    """Number of the entry; grows with time."""
    time: datetime
    """UTC."""
    token_id: str | None
    """Of the token; null for the single user's key, or where nobody was let in."""
    name: str
    """Who asked; empty where nobody was let in."""
    method: str
    """Of HTTP."""
    path: str
    """That was asked for."""
    status: int
    """Of the answer."""
    address: str
    """That it came from."""


class AccessesAnswer(Answer):
    """Who changed what."""

    accesses: list[AccessAnswer]
    """The newest first."""
    next: int | None = Field(description="`before` of the next page; null if this is the last one.")


@router.get("/history", response_model=HistoryAnswer, **route("read:history", 304, 422))
async def get_history(
    request: Request, records: Records, limit: Limit = 100, before: Before = None, search: Search = None
) -> Response:
    """What was done, the newest first; with an ETag."""
    uid = await asyncio.to_thread(lambda: records.history_uid)
    found = await asyncio.to_thread(records.history, limit, before, search)
    entries = [EntryAnswer.model_validate(entry) for entry in found]
    following = entries[-1].id if len(entries) == limit else None
    return listing(request, HistoryAnswer(entries=entries, history_uid=uid, next=following))


@router.get("/history/{number}", **route("read:history", 404, 422))
async def get_entry(number: Annotated[Whole, Path(ge=0, lt=2**63)], records: Records) -> EntryAnswer:
    """One entry."""
    return EntryAnswer.model_validate(await asyncio.to_thread(records.history_entry, number))


@router.delete("/history", **route("write:history:edit"))
async def clear_history(queue: Queue) -> Done:
    """Forget what was done; the runs stay."""
    await queue.clear_history()
    return Done()


@router.get("/accesses", **route("admin:read:principals", 422))
async def get_accesses(records: Records, limit: Limit = 100, before: Before = None) -> AccessesAnswer:
    """Who changed what, the newest first."""
    found = await asyncio.to_thread(records.accesses, limit, before)
    accesses = [AccessAnswer.model_validate(access) for access in found]
    return AccessesAnswer(accesses=accesses, next=accesses[-1].id if len(accesses) == limit else None)
