"""What is done to the queue itself: every change in one turn after the other, and told to whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from daemon.errors import ItemRunning
from daemon.server.bell import Bell
from daemon.server.engine_watch import EngineCalls
from daemon.store.records import Item, Place

if TYPE_CHECKING:
    from daemon.store import Store

Answer = TypeVar("Answer")

CHECK = 10.0
"""How long the engine may take to check a plan's parameters, s."""


class QueueEdits:
    """Items that wait; see `QueueService`, whose part this is.

    Args:
        store: queue, history and flags; called from threads.
        engine: checks what is queued.
        changed: rings when anything has changed.
    """

    def __init__(self, store: Store, engine: EngineCalls, changed: Bell) -> None:
        self.store = store
        self.engine = engine
        self.changed = changed
        self._edits = asyncio.Lock()

    def wake(self) -> None:
        """There is something new in the queue, or a flag has changed."""

    async def items(self) -> list[Item]:
        """The items that wait, front first."""
        return await self._stored(self.store.items)

    async def get(self, uid: str) -> Item:
        """An item that waits, or the one that runs."""
        return await self._stored(self.store.get, uid)

    async def add(
        self,
        plan: str,
        parameters: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        at: Place = "back",
        by: str = "",
    ) -> Item:
        """Check a plan and put it into the queue."""
        await self.check(plan, parameters)
        return (await self.add_many([Item.new(plan, parameters, metadata, by)], at))[0]

    async def add_many(self, items: Iterable[Item], at: Place = "back") -> list[Item]:
        """Put items that were checked into the queue beside each other, all or none."""
        added = await self._edit(self.store.add_many, list(items), at)
        self.wake()
        return added

    async def edit(
        self, uid: str, parameters: Mapping[str, Any] | None = None, metadata: Mapping[str, Any] | None = None
    ) -> Item:
        """Check new parameters and put them into an item that waits; what is None stays."""
        item = await self._stored(self.store.get, uid)
        changes: dict[str, Any] = {}
        if parameters is not None:
            await self.check(item.plan, parameters)
            changes["parameters"] = dict(parameters)
        if metadata is not None:
            changes["metadata"] = dict(metadata)
        return await self._edit(self.store.edit, uid, **changes)

    async def move(self, uid: str, to: Place) -> Item:
        """Move an item to another place."""
        return await self._edit(self.store.move, uid, to)

    async def move_many(self, uids: Sequence[str], to: Place) -> list[Item]:
        """Move items beside each other, all or none."""
        return await self._edit(self.store.move_many, uids, to)

    async def exchange(self, uid: str, item: Item) -> Item:
        """Put an item that was checked in the place of another that waits."""
        await self._stored(self.store.get, uid)

        def change() -> Item:
            items = self.store.items()
            uids = [each.uid for each in items]
            if uid not in uids:
                raise ItemRunning(f"item {uid} is running or done: it cannot be changed")
            place = uids.index(uid)
            return self.store.set_items([*items[:place], item, *items[place + 1 :]])[place]

        return await self._edit(change)

    async def remove(self, uid: str) -> Item:
        """Take an item out of the queue; gives what it was."""
        return await self._edit(self.store.remove, uid)

    async def remove_many(self, uids: Sequence[str], *, missing_ok: bool = False) -> list[Item]:
        """Take items out of the queue, all or none; gives what they were."""
        return await self._edit(self.store.remove_many, uids, missing_ok=missing_ok)

    async def duplicate(self, uid: str, by: str = "") -> Item:
        """Put a copy of an item right behind it."""
        item = await self._edit(self.store.duplicate, uid, by)
        self.wake()
        return item

    async def clear(self) -> None:
        """Take all items out of the queue."""
        await self._edit(self.store.clear)

    async def flags(self, **changes: bool) -> dict[str, bool]:
        """Set loop, autostart or stop_on_failure, and give all three."""
        if changes:
            await self._edit(self.store.set_flags, **changes)
            self.wake()
        return await self._stored(self.store.flags)

    async def clear_history(self) -> None:
        """Forget what ran; the runs stay."""
        await self._edit(self.store.clear_history)

    async def trim_history(self, keep: int) -> None:
        """Forget all but the newest entries of the history."""

        def change() -> None:
            if keep == 0:
                self.store.clear_history()
            elif len(kept := self.store.history(keep)) == keep:
                self.store.prune(history_before=kept[-1].ended_at)

        await self._edit(change)

    async def check(self, plan: str, parameters: Mapping[str, Any]) -> None:
        """Have the engine check a plan and its parameters, limits included; nothing moves."""
        await self.engine.call("check", timeout=CHECK, plan=plan, parameters=dict(parameters))

    async def _stored(self, call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        return await asyncio.to_thread(call, *arguments, **named)

    async def _edit(self, call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        async with self._edits:
            answer = await self._stored(call, *arguments, **named)
        self.changed.ring()
        return answer
