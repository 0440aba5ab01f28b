"""Works the queue off: hands items to the engine, follows them, and keeps what became of them.

Whatever dies, an item ends in exactly one way. The engine tells how (`last` of its status); a dead engine's item is
interrupted, or continued when the settings say so. A server that starts anew finds the item in the store and follows
it as if nothing had happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from daemon.errors import BeampilotError, EngineRefused, EngineUnreachable, QueueConflict
from daemon.server.bell import Bell
from daemon.server.follower import Follower
from daemon.server.outcome import Outcome, deaths_of, run_of

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.server.engine_watch import EngineCalls, EngineStatus, EngineWatch
    from daemon.store import Item, Store

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

START = 30.0
"""How long the engine may take to accept an item, s."""
RETRY = 1.0
"""Time before something that failed unexpectedly is tried again, s."""


class Runner:
    """Executes items, one at a time.

    Args:
        store: queue and history.
        engine: the engine.
        watch: what the engine says.
        data: the data folder, where the runs of a dead engine lie.
        changed: rung when anything here changes.
        edits: held by whoever changes the queue.
        autocontinue: whether the campaign of an engine that died goes on in the next one.

    Attributes:
        running: whether the queue is being worked off.
        stop_pending: whether it stops after the item that runs.
        starting: whether something was started that the engine does not execute yet.
        item: the item that runs.
    """

    def __init__(
        self,
        store: Store,
        engine: EngineCalls,
        watch: EngineWatch,
        data: Path,
        changed: Bell,
        edits: asyncio.Lock,
        autocontinue: bool,
    ) -> None:
        self._store = store
        self._engine = engine
        self._watch = watch
        self._data = data
        self._changed = changed
        self._edits = edits
        self._follower = Follower(engine, watch, data, changed, autocontinue)
        self._wake = asyncio.Event()
        self._once = False
        self._kept: tuple[bool, bool] | None = None
        self.running = False
        self.stop_pending = False
        self.starting = False
        self.item: Item | None = None

    # --- what the service tells it ------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look at the queue again: there is an item more, or a flag has changed."""
        self._wake.set()

    def start(self) -> None:
        """Work the queue off; raises QueueConflict if that is being done."""
        if self.running and not self.stop_pending:
            raise QueueConflict("the queue is running already")
        if self.item is None:
            self.starting = True
        self.running, self.stop_pending = True, False
        self._tell()

    def stop(self) -> None:
        """Start no further item; raises QueueConflict if the queue is stopped."""
        if not self.running:
            raise QueueConflict("the queue is not running")
        if self.item is None:
            self._halt()
        else:
            self.stop_pending = True
        self._tell()

    def cancel_stop(self) -> None:
        """Go on with the queue after all; raises QueueConflict if nobody wanted it to stop."""
        if not self.stop_pending:
            raise QueueConflict("the queue is not about to stop")
        self.stop_pending = False
        self._tell()

    def check_idle(self) -> None:
        """Make sure that nothing runs or is about to; raises QueueConflict."""
        if self.item is not None:
            raise QueueConflict(f"{self.item.plan} ({self.item.uid[:8]}) is running")
        if self.running or self.starting:
            raise QueueConflict("the queue is running")
        if self._watch.state != "idle":
            raise QueueConflict(f"the engine is {self._watch.state or 'away'}")

    def begin(self, item: Item) -> None:
        """Execute an item that the store says is running; the queue stays as it is."""
        self.item, self.starting, self._once = item, True, True
        self._tell()

    def ending(self) -> None:
        """Somebody ends the plan: the queue stops after it, and a dead engine's campaign is not continued."""
        self._follower.ending = True

    async def keep(self) -> None:
        """Note in the store whether the queue is being worked off, if that has changed."""
        now = self.running, self.stop_pending
        if now != self._kept:
            await self._stored(self._store.set_working, *now)
            self._kept = now

    # --- the work -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work for ever; what goes wrong is told and tried again."""
        step: Callable[[], Any] = self._adopt
        while True:
            try:
                await step()
                step = self._turn
                await self.keep()
            except (BeampilotError, OSError, LookupError, TypeError, ValueError) as error:
                log.exception("the queue cannot go on: %s", error)
                await asyncio.sleep(RETRY)
                step = self._adopt  # the item may run all the same

    async def _turn(self) -> None:
        """One item, or a wait for something to do."""
        if self._once and self.item is not None:
            self._once = False
            await self._execute(self.item)
        elif self.running:
            await self._next()
        elif (await self._stored(self._store.flags))["autostart"] and await self._stored(self._store.items):
            self.running = self.starting = True
            self._changed.ring()
        else:
            await self._wake.wait()
            self._wake.clear()

    async def _next(self) -> None:
        """The front item of the queue."""
        await self._ready()
        async with self._edits:
            if not self.running or self._once:
                return
            self.item = await self._stored(self._store.take)
        if self.item is None:
            self._halt()
            return
        self.starting = True
        self._changed.ring()
        await self._execute(self.item)

    async def _ready(self) -> None:
        """Wait until the engine is idle, or nobody wants the queue to run any more."""
        with self._watch.looked.listener() as looked:
            while self.running and not self._once and self._watch.state != "idle":
                await looked.wait(RETRY)

    async def _execute(self, item: Item) -> None:
        self._follower.ending = False
        epoch = None if self._watch.status is None else self._watch.status["epoch"]
        try:
            await self._engine.call(
                "start",
                timeout=START,
                plan=item.plan,
                parameters=item.parameters,
                item=item.uid,
                metadata=item.metadata,
            )
        except EngineRefused as error:
            await self._finish(item, Outcome("fail", _reason(error)))
            return
        except EngineUnreachable as error:
            log.warning("item %s: %s", item.uid, error)  # it may have begun all the same: the engine will tell
        await self._watch.look()
        await self._follow(item, epoch)

    async def _follow(
        self, item: Item, epoch: int | None, run: dict[str, Any] | None = None, *, adopted: bool = False
    ) -> None:
        deaths = await asyncio.to_thread(deaths_of, self._data, item.uid, run) if adopted else []
        outcome = await self._follower.follow(item, epoch, run, self._begun, deaths)
        await self._finish(item, outcome)

    def _begun(self) -> None:
        self.starting = False
        self._changed.ring()

    async def _finish(self, item: Item, outcome: Outcome) -> None:
        status, path = outcome.exit_status, outcome.run_path
        if await self._must_stop(status):
            self._halt()
            await self.keep()  # before the item's end: whoever adopts it must not go on with the next one
        await self._stored(self._store.finish, item.uid, status, outcome.reason, outcome.run_uid, path, outcome.points)
        log.info("item %s (%s): %s %s", item.uid, item.plan, status, outcome.reason)
        self.item, self.starting = None, self.running
        self._changed.ring()

    async def _must_stop(self, exit_status: str) -> bool:
        if self.stop_pending:
            return True
        if exit_status == "success":
            return False
        flags = await self._stored(self._store.flags)
        stop = exit_status != "fail" or self._follower.ending or flags["stop_on_failure"]
        if stop and flags["autostart"]:  # or it would start again at once
            await self._stored(self._store.set_flags, autostart=False)
        return stop

    async def _adopt(self) -> None:
        """Go on where a former server was killed, or this one failed: with the queue, and the item that runs."""
        if self._kept is None:
            self._kept = self.running, self.stop_pending = await self._stored(self._store.working)
        item = self.item = await self._stored(self._store.running)
        self._changed.ring()
        if item is None:
            return
        status = await self._first_status()
        if _knows(status, item.uid):
            await self._follow(item, status["epoch"], adopted=True)
            return
        run = await asyncio.to_thread(run_of, self._data, item.uid)
        if run is None:
            await self._stored(self._store.put_back, item.uid)
            self.item = None
            if self.stop_pending:
                self._halt()
            self.starting = self.running
            return
        await self._follow(item, None, run, adopted=True)

    async def _first_status(self) -> EngineStatus:
        with self._watch.looked.listener() as looked:
            while self._watch.status is None or not self._watch.answers:
                await looked.wait(RETRY)
            return self._watch.status

    # --- inside -------------------------------------------------------------------------------------------------

    def _halt(self) -> None:
        self.running = self.stop_pending = self.starting = False
        self._changed.ring()

    def _tell(self) -> None:
        self._wake.set()
        self._changed.ring()

    async def _stored(self, call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        return await asyncio.to_thread(call, *arguments, **named)


def _knows(status: EngineStatus, item: str) -> bool:
    """Whether the engine runs an item, or has ended it last."""
    return status["item"] == item or (status["last"] or {}).get("item") == item


def _reason(error: EngineRefused) -> str:
    """Why an item was refused, with the fields that are wrong."""
    fields = "; ".join(f"{each['field']}: {each['message']}" for each in error.fields)
    return f"{error.message} ({fields})" if fields and fields not in error.message else error.message
