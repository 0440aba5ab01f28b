"""Watches how long an event loop is kept from its work, and by whom."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field

PERIOD = 0.005
"""How often the loop is asked to do nothing, s."""

SHORTEST = 1e-6
"""Times are told apart from here on, s."""
STEP = math.log(1.01)
"""... in steps of 1 %."""
STEPS = 2200
"""So many steps reach beyond an hour."""

LONG = 0.05
"""A stall this long is counted: at twice this bluesky loses a suspender's trip, s."""


@dataclass(frozen=True, slots=True)
class LoopStatistics:
    """How late an event loop came to a call that was due, ms.

    The `own` figures leave out the time in which the loop's thread was ready and the operating system gave the
    processor to somebody else: on a machine that is busy with other things only these tell anything of us.

    Attributes:
        calls: number of calls.
        median: half of them came less late.
        p99: 99 of 100 came less late.
        worst: the latest.
        stalls: how many came later than 50 ms.
        own_p99: as p99, without waiting for the processor; equal to it where the system does not tell.
        own_worst: as worst, likewise.
        own_stalls: as stalls, likewise.
    """

    calls: int = 0
    median: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    stalls: int = 0
    own_p99: float = 0.0
    own_worst: float = 0.0
    own_stalls: int = 0


@dataclass(slots=True)
class Times:
    """How often times of each length came; takes the same memory however many come.

    Attributes:
        count: how many.
        longest: of them, s.
        long: how many were longer than `LONG`.
    """

    count: int = 0
    longest: float = 0.0
    long: int = 0
    _by_length: list[int] = field(default_factory=lambda: [0] * STEPS)

    def add(self, seconds: float) -> None:
        """Counts one."""
        step = 1 + int(math.log(seconds / SHORTEST) / STEP) if seconds > SHORTEST else 0
        self._by_length[min(step, STEPS - 1)] += 1
        self.count += 1
        self.long += seconds > LONG
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: float) -> float:
        """The time that so many of them were not longer than, to 1 %, s."""
        left = self.count * percent / 100.0
        for step, number in enumerate(self._by_length):
            left -= number
            if left <= 0.0:
                return min(SHORTEST * math.exp(step * STEP), self.longest)
        return self.longest


class LoopWatchdog:
    """Asks a loop again and again to do nothing, and measures how late it does.

    Args:
        loop: the loop, running in another thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._late, self._own = Times(), Times()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waited = 0.0
        self._schedule: int | None = None
        self._on = False

    def start(self) -> None:
        """Begins to measure; what was measured before is forgotten."""
        self._late, self._own = Times(), Times()
        self._on = True
        self._loop.call_soon_threadsafe(self._begin)

    def stop(self) -> LoopStatistics:
        """Ends measuring; must not be called in the loop's own thread."""
        self._on = False
        done = threading.Event()

        def end() -> None:
            if self._timer is not None:
                self._timer.cancel()
            if self._schedule is not None:
                os.close(self._schedule)
                self._schedule = None
            done.set()

        self._loop.call_soon_threadsafe(end)
        done.wait(1.0)
        return self.statistics()

    def statistics(self) -> LoopStatistics:
        """What was measured so far."""
        late, own = self._late, self._own
        return LoopStatistics(
            calls=late.count,
            median=1e3 * late.percentile(50.0),
            p99=1e3 * late.percentile(99.0),
            worst=1e3 * late.longest,
            stalls=late.long,
            own_p99=1e3 * own.percentile(99.0),
            own_worst=1e3 * own.longest,
            own_stalls=own.long,
        )

    def _begin(self) -> None:
        with suppress(OSError):  # Only Linux tells how long a thread waited for a processor.
            self._schedule = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        self._next()

    def _tick(self) -> None:
        late = max(0.0, self._loop.time() - self._due)
        self._late.add(late)
        self._own.add(max(0.0, late - (self._processor_wait() - self._waited)))
        self._next()

    def _next(self) -> None:
        if self._on:
            self._waited = self._processor_wait()
            self._due = self._loop.time() + PERIOD
            self._timer = self._loop.call_at(self._due, self._tick)

    def _processor_wait(self) -> float:
        """How long this thread has waited for a processor since it began, s."""
        if self._schedule is None:
            return 0.0
        return 1e-9 * int(os.pread(self._schedule, 64, 0).split()[1])
