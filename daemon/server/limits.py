"""Patience with wrong keys: so many per address, then none for a while."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

WRONG = 10
"""Wrong keys from one address within `WINDOW` before it has to wait."""
WINDOW = 60.0
"""For how long a wrong key counts, s."""
ADDRESSES = 10_000
"""Addresses that are remembered; the oldest are forgotten first."""


class WrongKeys:
    """Counts wrong keys by address.

    Args:
        limit: how many within the window.
        window: for how long one counts, s.
        clock: the time, s.
    """

    def __init__(self, limit: int = WRONG, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._window = window
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """How long an address has to wait, whole seconds; 0 if it may try."""
        times = self._recent(address)
        return math.ceil(times[0] + self._window - self._clock()) if len(times) >= self._limit else 0

    def count(self, address: str) -> None:
        """A wrong key came from an address."""
        times = self._recent(address)
        times.append(self._clock())
        self._times[address] = times
        self._times.move_to_end(address)
        if len(self._times) > ADDRESSES:
            self._times.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        times = self._times.get(address, deque())
        while times and times[0] <= self._clock() - self._window:
            times.popleft()
        return times
