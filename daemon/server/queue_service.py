"""The one place where queue and plan actions are done; every door of the server uses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from daemon.errors import EngineUnreachable, LockHeld
from daemon.server.bell import Bell
from daemon.server.engine_watch import EngineCalls, EngineWatch
from daemon.server.models import ServerStatus
from daemon.server.runner import Runner
from daemon.server.summary import summarise
from daemon.server.uids import Uids

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.store import Item, Store
    from daemon.store.records import Place

Answer = TypeVar("Answer")

ACT = 30.0
"""How long the engine may take to stand still or to end a plan, s; it escalates by itself before that."""
CHECK = 10.0
"""How long the engine may take to check a plan's parameters, s."""


class QueueService:
    """The queue, and the plan that runs.

    Methods raise what is in `daemon.errors`: `EngineUnreachable` where the engine is away, `EngineRefused` (with
    `fields`) where it does not accept parameters or a command, `ItemNotFound` and its family from the store, and
    `QueueConflict` where the state does not allow it.

    Args:
        store: queue, history and flags; called from threads.
        engine: the engine.
        settings: of the daemon.

    Attributes:
        store: queue, history and flags.
        engine: the engine.
        settings: of the daemon.
        watch: the latest that the engine said.
        changed: rings when anything that `status` shows has changed.
    """

    def __init__(self, store: Store, engine: EngineCalls, settings: Settings) -> None:
        self.store = store
        self.engine = engine
        self.settings = settings
        self.watch = EngineWatch(engine, settings.server.heartbeat_timeout)
        self.changed: Bell = self.watch.news
        self._uids = Uids(self.watch)
        self._runner = Runner(store, engine, self.watch, self.changed, autocontinue=settings.queue.autocontinue)
        self._edits = asyncio.Lock()
        self._plans: tuple[Any, dict[str, dict[str, Any]]] | None = None

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Watch the engine and work the queue off, for as long as the block lasts."""
        tasks = [asyncio.create_task(self.watch.run()), asyncio.create_task(self._runner.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- what there is ------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the queue is being worked off."""
        return self._runner.running

    @property
    def stop_pending(self) -> bool:
        """Whether the queue stops after the item that runs."""
        return self._runner.stop_pending

    @property
    def starting(self) -> bool:
        """Whether something was started that the engine does not execute yet."""
        return self._runner.starting

    @property
    def uids(self) -> Uids:
        """Identifiers that change when the thing changes: `plans_uid`, `devices_uid`, `run_list_uid`."""
        return self._uids

    async def status(self) -> ServerStatus:
        """Everything at a glance; asks the database, not the engine."""
        return await self._stored(summarise, self)

    async def items(self) -> list[Item]:
        """The items that wait, front first."""
        return await self._stored(self.store.items)

    async def plans(self) -> dict[str, dict[str, Any]]:
        """The engine's plans by name: name, description, schema, defaults."""
        epoch = None if self.watch.status is None else self.watch.status["epoch"]
        if self._plans is None or self._plans[0] != epoch or not self.watch.answers:
            plans = await self.engine.call("plans")
            self._plans = (epoch, {plan["name"]: plan for plan in plans})
            self._uids.set_plans(plans)
        return self._plans[1]

    async def devices(self) -> list[dict[str, Any]]:
        """The engine's devices, with the positions of their axes."""
        devices = await self.engine.call("devices")
        self._uids.set_devices(devices)
        return devices

    # --- the queue ----------------------------------------------------------------------------------------------

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
        item = await self._edit(self.store.add, plan, dict(parameters), dict(metadata or {}), by, at)
        self._runner.wake()
        return item

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
        await self._edit(self.store.move, uid, to)
        return await self._stored(self.store.get, uid)

    async def remove(self, uid: str) -> Item:
        """Take an item out of the queue; gives what it was."""
        item = await self._stored(self.store.get, uid)
        await self._edit(self.store.remove, uid)
        return item

    async def duplicate(self, uid: str) -> Item:
        """Put a copy of an item into the queue."""
        item = await self._edit(self.store.duplicate, uid)
        self._runner.wake()
        return item

    async def clear(self) -> None:
        """Take all items out of the queue."""
        await self._edit(self.store.clear)

    async def flags(self, **changes: bool) -> dict[str, bool]:
        """Set loop, autostart or stop_on_failure, and give all three."""
        if changes:
            await self._edit(self.store.set_flags, **changes)
            self._runner.wake()
        return await self._stored(self.store.flags)

    async def clear_history(self) -> None:
        """Forget what ran; the runs stay."""
        await self._edit(self.store.clear_history)

    async def start(self, by: str = "") -> None:
        """Work the queue off, item by item."""
        await self._answering()
        self._runner.start()

    async def stop(self, by: str = "") -> None:
        """Start no further item; the one that runs goes on."""
        self._runner.stop()

    async def cancel_stop(self) -> None:
        """Go on with the queue after all."""
        self._runner.cancel_stop()

    async def execute(
        self, plan: str, parameters: Mapping[str, Any], metadata: Mapping[str, Any] | None = None, by: str = ""
    ) -> Item:
        """Run a plan at once, past the queue; only when nothing runs."""
        await self._answering()
        self._runner.check_idle()
        await self.check(plan, parameters)
        async with self._edits:
            return await self._runner.execute(plan, dict(parameters), dict(metadata or {}), by)

    async def check(self, plan: str, parameters: Mapping[str, Any]) -> None:
        """Have the engine check a plan and its parameters, limits included; nothing moves."""
        await self.engine.call("check", timeout=CHECK, plan=plan, parameters=dict(parameters))

    # --- the plan that runs -------------------------------------------------------------------------------------

    async def pause(self, defer: bool = False) -> None:
        """Pause the plan at once, or at the next checkpoint."""
        await self._act("pause", defer=defer)

    async def resume(self) -> None:
        """Take a paused plan on."""
        await self._act("resume")

    async def plan_stop(self) -> None:
        """End the plan and count it as a success."""
        await self._act("stop")

    async def abort(self, reason: str = "") -> None:
        """End the plan and mark its run as aborted; the queue stops."""
        self._runner.ending()
        await self._act("abort", reason=reason)

    async def halt(self) -> None:
        """End the plan without letting it clean up; the queue stops."""
        self._runner.ending()
        await self._act("halt")

    # --- the control lock ---------------------------------------------------------------------------------------

    async def check_lock(self, name: str) -> None:
        """Make sure that nobody else holds the control lock.

        Raises:
            LockHeld: when somebody does.
        """
        lock = await self._stored(self.store.lock_state)
        if lock is not None and lock.holder != name:
            raise LockHeld(lock.holder, lock.since, lock.note)

    # --- inside -------------------------------------------------------------------------------------------------

    async def _act(self, command: str, **arguments: object) -> None:
        await self.engine.call(command, timeout=ACT, **arguments)
        await self.watch.look()

    async def _answering(self) -> None:
        if await self.watch.look() is None:
            raise EngineUnreachable(self.watch.error)

    async def _stored(self, call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:  # noqa: ANN401 - handed on
        return await asyncio.to_thread(call, *arguments, **named)

    async def _edit(self, call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:  # noqa: ANN401 - handed on
        async with self._edits:
            answer = await self._stored(call, *arguments, **named)
        self.changed.ring()
        return answer
