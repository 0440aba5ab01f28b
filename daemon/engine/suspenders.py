"""Suspends a plan while signals say that measuring makes no sense, and never misses a trip, however short.

bluesky's suspenders act in the RunEngine's loop: the thread that hears of a trip waits 0.1 s for the loop to make an
event, and forgets the trip when the loop is busy for longer. Here a trip is latched at once, in the thread that hears
of it, and stays latched until a plan has gone back to its last checkpoint because of it: the loop may come as late as
it likes, and the signal may have recovered long before. Four threads meet here:

- a signal's callback thread calls `trip` and `recover`, which only take the latch's lock and wake the loop;
- the loop looks at the latch (`_act`) whenever it was woken and whenever the plan begins to run or goes on after a
  pause, because in other states there is nothing to suspend; it puts `_hold` on top of the plan, in one step, so that
  no abort can come in between;
- `_hold` is a plan of its own: while it waits the plan can be paused, aborted and halted like any other;
- other threads ask what the plan waits for.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from bluesky import Msg, RunEngine
from bluesky.utils import single_gen

from daemon.engine.interruptions import Interruptions, Suspension
from daemon.plans.steps import Messages
from devices.shutter import Shutter

log = logging.getLogger(__name__)

KIND = "suspender"
RETRY = 0.05
"""How long to wait where a plan cannot go back to a checkpoint now, s."""


@dataclass(slots=True)
class _Trip:
    """A source that has tripped; one that has recovered stays until the plan has gone on.

    Attributes:
        reason: why, in words.
        close_shutter: whether the shutter is closed meanwhile.
        settle: time from the recovery until the plan goes on, s.
        since: when the first trip came that nothing was done about, s since 1970.
        news: trips that nothing was done about yet.
        ready: when the plan may go on, on the monotonic clock; infinite until the source has recovered.
    """

    reason: str
    close_shutter: bool
    settle: float
    since: float
    news: int = 1
    ready: float = inf


class Suspenders:
    """Suspends the plans of a RunEngine.

    Args:
        engine: the RunEngine; its `state_hook` is extended, so whoever needs that one must be there first.
        interruptions: keeps what happened.
        shutter: what is closed while a plan waits, where that is asked for.
    """

    def __init__(self, engine: RunEngine, interruptions: Interruptions, shutter: Shutter | None = None) -> None:
        self._engine, self._interruptions, self._shutter = engine, interruptions, shutter
        self._lock = threading.Lock()
        self._trips: dict[str, _Trip] = {}
        self._holding = False
        self._changed = asyncio.Event()
        self._before = getattr(engine, "state_hook", None)
        setattr(engine, "state_hook", self._state_changed)  # noqa: B010 - declared as None
        engine.register_command("_start_suspender", self._start)

    def begin(self) -> None:
        """Forgets what tripped and recovered while no plan ran; to be called before a plan starts."""
        with self._lock:
            now = time.monotonic()
            self._trips = {source: trip for source, trip in self._trips.items() if trip.ready > now}
            for trip in self._trips.values():
                trip.news, trip.since = 1, time.time()
            self._holding = False

    def trip(self, source: str, reason: str, *, settle: float = 0.0, close_shutter: bool = False) -> None:
        """Suspends the plan under way, or the next one; called from any thread, and returns at once.

        Args:
            source: what trips; tripping again before it has recovered changes nothing.
            reason: why, in words.
            settle: time from its recovery until the plan goes on, s.
            close_shutter: whether the shutter is closed meanwhile.
        """
        with self._lock:
            known = self._trips.get(source)
            if known is not None and known.ready == inf:
                return
            trip = _Trip(reason, close_shutter, settle, time.time())
            if known is not None and known.news:
                trip.news, trip.since = known.news + 1, known.since
            self._trips[source] = trip
        log.warning("suspender: %s", reason)
        self._wake()

    def recover(self, source: str) -> None:
        """Lets the plan go on when the source has settled; does nothing where it has not tripped."""
        with self._lock:
            trip = self._trips.get(source)
            if trip is None or trip.ready < inf:
                return
            trip.ready = time.monotonic() + trip.settle
        log.info("suspender: recovered: %s", trip.reason)
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # The loop is closed.
            self._engine.loop.call_soon_threadsafe(self._act)

    def _state_changed(self, new: str, old: str) -> None:
        if self._before is not None:
            self._before(new, old)
        if new == "running":
            self._wake()

    def _act(self) -> None:
        """Puts the waiting on top of the plan where a trip has not been acted on; in the loop."""
        self._changed.set()
        engine, news = self._engine, self._news()
        # In any other state the plan goes back to its checkpoint or to its end anyway, and `running` wakes us again.
        if self._holding or not news or engine.state != "running" or not engine._plan_stack:
            return
        task = engine._task
        if task is None or not engine.resumable:
            engine.loop.call_later(RETRY, self._act)
            return
        self._holding = True
        # What bluesky's request_suspend does, but in one step, and never to a plan that is being aborted.
        engine._plan_stack.append(single_gen(Msg("_start_suspender", None, self._hold, None, _joined(news), _at_once)))
        engine._response_stack.append(None)
        engine._state = "suspending"
        task.cancel()

    async def _start(self, msg: Msg) -> None:
        """Stops what moves and goes back to the checkpoint; a pause or an abort meanwhile comes right after it."""
        task = asyncio.current_task()
        asked = 0 if task is None else task.cancelling()
        await self._engine._start_suspender(msg)
        if task is not None and task.cancelling() > asked:
            task.cancel()

    def _hold(self) -> Messages:
        """Waits until everything is well; a plan, sent between going back to the checkpoint and going on."""
        news = self._take()
        since = min((trip.since for trip in news), default=time.time())
        self._interruptions.begin(Suspension(_joined(news), since, KIND), sum(trip.news for trip in news))
        closed = False
        try:
            while True:
                self._changed.set()  # Whoever waited for it may have been interrupted by a pause.
                self._changed = changed = asyncio.Event()
                if news := self._take():
                    self._interruptions.add(KIND, _joined(news), sum(trip.news for trip in news))
                if (left := self._left()) <= 0.0:
                    break
                if not closed and self._must_close():
                    closed = True
                    yield from self._set_shutter("closed")
                    continue
                yield Msg("wait_for", None, [partial(_first, changed, left)])
            if closed:
                yield from self._set_shutter("open")
        finally:
            self._changed.set()
            self._interruptions.end(KIND)
            # From here on a trip is a new suspension; one that came while the shutter opened is looked at now.
            self._holding = False
            self._wake()

    def _take(self) -> list[_Trip]:
        """The trips that nothing was done about yet, as they are now; something is being done from now on."""
        with self._lock:
            news = [replace(trip) for trip in self._trips.values() if trip.news]
            for trip in self._trips.values():
                trip.news = 0
            return news

    def _news(self) -> list[_Trip]:
        with self._lock:
            return [trip for trip in self._trips.values() if trip.news]

    def _left(self) -> float:
        """How long the plan must wait yet, s; infinite while something is tripped."""
        now = time.monotonic()
        with self._lock:
            self._trips = {source: trip for source, trip in self._trips.items() if trip.ready > now or trip.news}
            return max((trip.ready - now for trip in self._trips.values()), default=0.0)

    def _must_close(self) -> bool:
        with self._lock:
            wanted = any(trip.close_shutter for trip in self._trips.values())
        return wanted and self._shutter is not None and self._shutter.locate()["readback"] == "open"

    def _set_shutter(self, state: str) -> Messages:
        yield Msg("set", self._shutter, state, group="suspender")
        yield Msg("wait", None, group="suspender")


async def _at_once() -> None:
    """What bluesky waits for when `_hold` has ended: nothing."""


async def _first(changed: asyncio.Event, seconds: float) -> None:
    """Waits for a change, or for a time, s, whichever is first."""
    with suppress(TimeoutError):
        # Not wait_for: in Python 3.11 that swallows a cancellation which comes together with the change.
        async with asyncio.timeout(None if seconds == inf else seconds):
            await changed.wait()


def _joined(trips: Sequence[_Trip]) -> str:
    return "; ".join(dict.fromkeys(trip.reason for trip in trips))
