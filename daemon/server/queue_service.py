"""The one place where queue and plan actions are done; every door of the server uses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from daemon.errors import EngineUnreachable, LockHeld
from daemon.server.engine_watch import EngineCalls, EngineWatch
from daemon.server.models import ServerStatus
from daemon.server.queue_edits import QueueEdits
from daemon.server.runner import Runner
from daemon.server.summary import summarise
from daemon.server.uids import Uids
from daemon.store.records import Item

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.store import Store

ACT = 30.0
"""How long the engine may take to stand still or to end a plan, s; it escalates by itself before that."""


class QueueService(QueueEdits):
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
        watch = EngineWatch(engine, settings.server.heartbeat_timeout)
        super().__init__(store, engine, watch.news)
        self.settings = settings
        self.watch = watch
        self._uids = Uids(watch)
        data, again = settings.data, settings.queue.autocontinue
        self._runner = Runner(store, engine, watch, data, self.changed, self._edits, again)
        self._plans: tuple[Any, dict[str, dict[str, Any]]] | None = None

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Watch the engine and work the queue off, for as long as the block lasts."""
        flags = {"autostart": self.settings.queue.autostart, "stop_on_failure": self.settings.queue.stop_on_failure}
        await self._stored(self.store.configure, flags)
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
    def running_uid(self) -> str | None:
        """Of the item that runs."""
        return None if self._runner.item is None else self._runner.item.uid

    @property
    def uids(self) -> Uids:
        """Identifiers that change when the thing changes: `plans_uid`, `devices_uid`, `run_list_uid`."""
        return self._uids

    async def status(self) -> ServerStatus:
        """Everything at a glance; asks the database, not the engine."""
        return await self._stored(summarise, self)

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

    # --- working it off ------------------------------------------------------------------------------------------

    async def start(self, by: str = "") -> None:
        """Work the queue off, item by item."""
        await self._answering()
        self._runner.start()
        await self._runner.keep()

    async def stop(self, by: str = "") -> None:
        """Start no further item; the one that runs goes on."""
        self._runner.stop()
        await self._runner.keep()

    async def cancel_stop(self) -> None:
        """Go on with the queue after all."""
        self._runner.cancel_stop()
        await self._runner.keep()

    def wake(self) -> None:
        """There is something new in the queue, or a flag has changed."""
        self._runner.wake()

    async def execute(
        self, plan: str, parameters: Mapping[str, Any], metadata: Mapping[str, Any] | None = None, by: str = ""
    ) -> Item:
        """Run a plan at once, past the queue; only when nothing runs."""
        await self._answering()
        self._runner.check_idle()
        await self.check(plan, parameters)
        async with self._edits:
            self._runner.check_idle()
            item = await self._stored(self.store.set_running, Item.new(plan, parameters, metadata, by))
            self._runner.begin(item)
        return item

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

    async def measure(self, position: Mapping[str, float]) -> dict[str, float]:
        """Have the campaign that runs measure a position next; the position that it takes."""
        return (await self._steer("measure", position=dict(position)))["position"]

    async def exclude(self, region: Mapping[str, Any]) -> dict[str, Any]:
        """Have the campaign that runs measure nothing more in a region; the region, complete."""
        return (await self._steer("exclude", region=dict(region)))["region"]

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

    async def _steer(self, command: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.engine.call(command, **arguments)
        await self.watch.look()
        return answer

    async def _answering(self) -> None:
        if await self.watch.look() is None:
            raise EngineUnreachable(self.watch.error)
