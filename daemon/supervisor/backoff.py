"""How long to wait before a process that failed is started again."""

from __future__ import annotations

import time
from collections.abc import Callable

CALM = 5.0
"""A process that has answered for so long begins anew, s."""


class Backoff:
    """Delays that double with each failure: none, 0.5 s, 1 s, 2 s … up to a limit.

    A process that has answered is never waited for longer than the first delay: a dead engine's motors move and its
    shutter is open until its successor makes them safe.

    Args:
        first: the delay before the second restart, s.
        limit: the longest delay, s.
        clock: tells the time, s.
    """

    def __init__(self, first: float = 0.5, limit: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._first, self._limit, self._clock = first, limit, clock
        self._failures = 0
        self._well_since: float | None = None

    def well(self) -> None:
        """The process answered."""
        now = self._clock()
        if self._well_since is None:
            self._well_since = now
        elif now - self._well_since > CALM:
            self._failures = 0

    def failed(self) -> float:
        """The process failed.

        Returns:
            How long to wait before it is started again, s.
        """
        answered, self._well_since = self._well_since is not None, None
        self._failures += 1
        if self._failures == 1:
            return 0.0
        if answered:
            return self._first
        return min(self._first * 2.0 ** min(self._failures - 2, 30), self._limit)
