"""Tells how long ago an event loop last did what it was asked."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

PERIOD = 0.1
"""How often the loop is asked, s."""


class Heartbeat:
    """Asks a loop that runs in another thread again and again to note the time.

    Args:
        loop: the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._last = time.monotonic()
        self._ended = False
        loop.call_soon_threadsafe(self._beat)

    @property
    def age(self) -> float:
        """Time since the loop last did it, s."""
        return time.monotonic() - self._last

    def end(self) -> None:
        """Asks no more."""
        self._ended = True

    def _beat(self) -> None:
        self._last = time.monotonic()
        if not self._ended:
            with suppress(RuntimeError):  # the loop is closing
                self._loop.call_later(PERIOD, self._beat)
