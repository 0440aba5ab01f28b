"""Follows the item that the engine executes, to its end or the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.errors import EngineRefused, EngineUnreachable
from daemon.server.bell import Bell
from daemon.server.outcome import Outcome, interrupted, outcome_of, run_of

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.server.engine_watch import EngineCalls, EngineStatus, EngineWatch
    from daemon.store import Item

LOOK = 1.0
"""The longest wait for news of the engine, s."""
UNKNOWN = 3
"""How often an engine may say that it knows nothing of the item before that is believed."""
CONTINUE = 60.0
"""How long the engine may take to begin a continuation, s."""


class Follower:
    """Waits for the end of an item.

    Args:
        engine: the engine.
        watch: what it says.
        data: the data folder, where the runs of a dead engine lie.
        changed: rung when a campaign is continued.
        autocontinue: whether the campaign of an engine that died goes on in the next one.

    Attributes:
        ending: whether somebody ended the plan.
    """

    def __init__(self, engine: EngineCalls, watch: EngineWatch, data: Path, changed: Bell, autocontinue: bool) -> None:
        self._engine = engine
        self._watch = watch
        self._data = data
        self._changed = changed
        self._autocontinue = autocontinue
        self.ending = False

    async def follow(
        self,
        item: Item,
        epoch: int | None,
        run: dict[str, Any] | None,
        begun: Callable[[], None],
        deaths: Sequence[str] = (),
    ) -> Outcome:
        """Follow an item.

        Args:
            item: the item.
            epoch: of the engine that executes it; None if that one is dead.
            run: the run that it had there, if that is known.
            begun: called when the engine executes it.
            deaths: of engines that died under it before.

        Returns:
            How it ended; of a campaign that went on after engines had died, also that they did.
        """
        deaths = list(deaths)
        while True:
            ended, run = await self._until_end(item.uid, epoch, run, begun)
            if isinstance(ended, Outcome):
                return _told_of(deaths, ended)
            begun()
            lost = await asyncio.to_thread(self._lost, item, run, ended)
            if not self._autocontinue:
                return lost
            continued = await self._continue(item, lost)
            if isinstance(continued, Outcome):
                return _told_of(deaths, continued)
            deaths.append(ended)
            epoch, run = continued, None

    def _lost(self, item: Item, run: dict[str, Any] | None, reason: str) -> Outcome:
        """What a dead engine left of an item; a run may have begun after its last answer."""
        return interrupted(run_of(self._data, item.uid) or run, reason)

    async def _until_end(
        self, item: str, epoch: int | None, run: dict[str, Any] | None, begun: Callable[[], None]
    ) -> tuple[Outcome | str, dict[str, Any] | None]:
        """The outcome, or why the engine is gone; and the run that it had."""
        unknown = 0
        pid = self._watch.pid
        if epoch is None:
            return "the engine died", run
        with self._watch.looked.listener() as looked:
            while True:
                status = self._watch.status if self._watch.answers else None
                if status is None:
                    if not self._watch.process_alive:
                        return _death(pid), run
                elif status["epoch"] != epoch:
                    return _death(pid), run
                elif status["item"] == item:
                    run, unknown = status["run"] or run, 0
                    begun()
                elif (status["last"] or {}).get("item") == item:
                    return outcome_of(status["last"]), run
                else:
                    unknown += 1
                if unknown > UNKNOWN:
                    return Outcome("fail", "the engine did not execute it"), run
                await looked.wait(LOOK)

    async def _continue(self, item: Item, lost: Outcome) -> int | Outcome:
        """Have the next engine continue a campaign; its epoch, or the outcome where that is not to be."""
        while True:
            status = await self._idle_engine(item.uid)
            if status is None:
                return lost
            if status["item"] == item.uid:  # it had begun although its answer was late
                return status["epoch"]
            try:
                await self._take_up(item, lost)
            except EngineRefused as error:
                if error.kind == "NothingLeft":
                    return replace(lost, exit_status="success", reason=f"{lost.reason} after the last point")
                return replace(lost, reason=f"{lost.reason}; it cannot be continued: {error.message}")
            except EngineUnreachable:
                continue
            self._changed.ring()
            await self._watch.look()
            return status["epoch"]

    async def _take_up(self, item: Item, lost: Outcome) -> None:
        """Continue a campaign; one that has no point yet begins anew."""
        named = {"item": item.uid, "metadata": item.metadata}
        if lost.points:
            await self._engine.call("continue", timeout=CONTINUE, run=lost.run_path, **named)
        else:
            await self._engine.call("start", timeout=CONTINUE, plan=item.plan, parameters=item.parameters, **named)

    async def _idle_engine(self, item: str) -> EngineStatus | None:
        """The status of an engine that is ready; None when somebody does not want the campaign any more."""
        with self._watch.looked.listener() as looked:
            while not self.ending:
                status = self._watch.status
                if self._watch.state == "idle" or (self._watch.answers and status and status["item"] == item):
                    return status
                await looked.wait(LOOK)
        return None


def _death(pid: int | None) -> str:
    return f"the engine (pid {pid}) died"


def _told_of(deaths: list[str], outcome: Outcome) -> Outcome:
    """The outcome, with a reason that tells of the interruptions before it."""
    if not deaths:
        return outcome
    reasons = [outcome.reason, f"interrupted and continued: {', '.join(deaths)}"]
    return replace(outcome, reason="; ".join(reason for reason in reasons if reason))
