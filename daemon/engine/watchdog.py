"""Watches how long an event loop is kept from its work, and by whom."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

PERIOD = 0.005
"""How often the loop is asked to do nothing, s."""

KEPT = 1_000_000
"""Figures kept: more than an hour's."""

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


class LoopWatchdog:
    """Asks a loop again and again to do nothing, and measures how late it does.

    Args:
        loop: the loop, running in another thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._late: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waited = 0.0
        self._schedule: int | None = None
        self._on = False

    def start(self) -> None:
        """Begins to measure; what was measured before is forgotten."""
        self._late.clear()
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
        if not self._late:
            return LoopStatistics()
        late, own = 1e3 * np.array(self._late, dtype=float).T
        return LoopStatistics(
            calls=late.size,
            median=float(np.median(late)),
            p99=float(np.percentile(late, 99.0)),
            worst=float(late.max()),
            stalls=int((late > 1e3 * LONG).sum()),
            own_p99=float(np.percentile(own, 99.0)),
            own_worst=float(own.max()),
            own_stalls=int((own > 1e3 * LONG).sum()),
        )

    def _begin(self) -> None:
        with suppress(OSError):  # Only Linux tells how long a thread waited for a processor.
            self._schedule = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        self._next()

    def _tick(self) -> None:
        late = max(0.0, self._loop.time() - self._due)
        self._late.append((late, max(0.0, late - (self._processor_wait() - self._waited))))
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
