"""Patience with wrong keys: so many per address, then none for a while."""

from __future__ import annotations

import hashlib
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

    A key that was right from an address before never waits there: a forgotten program with an expired key must not
    keep the operator beside it from an abort.

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
        self._right: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def wait(self, address: str, key: str = "") -> int:
        """How long a key from an address has to wait, whole seconds; 0 if it may be tried."""
        if (address, _digest(key)) in self._right:
            return 0
        times = self._recent(address)
        return math.ceil(times[0] + self._window - self._clock()) if len(times) >= self._limit else 0

    def accept(self, address: str, key: str) -> None:
        """A key from an address was right."""
        self._right[address, _digest(key)] = None
        self._right.move_to_end((address, _digest(key)))
        if len(self._right) > ADDRESSES:
            self._right.popitem(last=False)

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


def _digest(key: str) -> bytes:
    """What is remembered of a key, so that no memory dump shows it."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).digest()
