"""Tells any number of listeners that something has changed, without waiting for any of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class Bell:
    """A bell that any number of listeners hear; several rings before a listener looks are one.

    It belongs to one event loop.
    """

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Wake every listener."""
        for listener in self._listeners:
            listener.set()

    @contextlib.contextmanager
    def listener(self) -> Iterator[Listener]:
        """A listener, for as long as the block lasts; it hears everything that rings from now on."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield Listener(event)
        finally:
            self._listeners.discard(event)


class Listener:
    """Somebody who listens to a bell; made by `Bell.listener`."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, seconds: float) -> bool:
        """Wait for the bell; whether it rang within the time, or since the last wait."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
