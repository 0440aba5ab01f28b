"""What was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from daemon.server.queueserver.items import ended
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.verbs import Call, Reply, Verbs

if TYPE_CHECKING:
    from daemon.store import HistoryEntry

verbs = Verbs("history")

MOST = 10_000
"""How many entries are given, the latest of them."""


@verbs.verb("GET", "/history/get", "read:history", empty={"items": [], "plan_history_uid": ""}, failure="Error: ")
async def history_get(call: Call) -> Reply:
    """The items that are done, oldest first, each with its result."""
    uid = call.store.history_uid
    entries = await asyncio.to_thread(call.store.history, MOST)
    items = [ended(entry, call.own.endings.get(entry.uid)) for entry in reversed(entries)]
    return {"items": items, "plan_history_uid": uid}


@verbs.verb(
    "POST",
    "/history/clear",
    "write:history:edit",
    takes=("size", "item_uid"),
    locked="queue",
    failure="Error: ",
)
async def history_clear(call: Call) -> Reply:
    """Forget what was done: all of it, all but the latest `size`, or an item and what came before it; the runs stay."""
    size, uid = call.payload.get("size"), call.payload.get("item_uid")
    if size is not None and uid is not None:
        raise RefusedError("give size or item_uid, not both")
    if size is None and uid is None:
        await call.queue.clear_history()
        return {}
    entries = await asyncio.to_thread(call.store.history, MOST)
    keep = _size(size) if uid is None else _latest(entries, uid)
    if keep < len(entries):
        await call.queue.trim_history(keep)
    return {}


def _size(size: object) -> int:
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise RefusedError(f"size is {size!r}: use a number from 0")
    return size


def _latest(entries: Sequence[HistoryEntry], uid: object) -> int:
    """How many entries came after an item, all if there is no such item; `entries` have the latest first."""
    return next((number for number, entry in enumerate(entries) if entry.uid == uid), len(entries))
