"""Watches how long an event loop is kept from its work."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
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

    Attributes:
        calls: number of calls.
        median: half of them came less late.
        p99: 99 of 100 came less late.
        worst: the latest.
        stalls: how many came later than 50 ms.
    """

    calls: int
    median: float
    p99: float
    worst: float
    stalls: int


class LoopWatchdog:
    """Asks a loop again and again to do nothing, and measures how late it does.

    Args:
        loop: the loop, running in another thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._late: deque[float] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._on = False

    def start(self) -> None:
        """Begins to measure; what was measured before is forgotten."""
        self._late.clear()
        self._on = True
        self._loop.call_soon_threadsafe(self._next)

    def stop(self) -> LoopStatistics:
        """Ends measuring; must not be called in the loop's own thread."""
        self._on = False
        done = threading.Event()

        def cancel() -> None:
            if self._timer is not None:
                self._timer.cancel()
            done.set()

        self._loop.call_soon_threadsafe(cancel)
        done.wait(1.0)
        return self.statistics()

    def statistics(self) -> LoopStatistics:
        """What was measured so far."""
        late = 1e3 * np.array(self._late, dtype=float)
        if not late.size:
            return LoopStatistics(0, 0.0, 0.0, 0.0, 0)
        median, p99 = np.percentile(late, [50.0, 99.0])
        return LoopStatistics(late.size, float(median), float(p99), float(late.max()), int((late > 1e3 * LONG).sum()))

    def _tick(self) -> None:
        self._late.append(max(0.0, self._loop.time() - self._due))
        self._next()

    def _next(self) -> None:
        if self._on:
            self._due = self._loop.time() + PERIOD
            self._timer = self._loop.call_at(self._due, self._tick)
