"""Something that is received once for everybody, and only while somebody wants it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

log = logging.getLogger(__name__)

RETRY = 1.0
"""Time before receiving is tried again after it failed, s."""


class Shared:
    """Receives in a task of its own as long as anybody uses it."""

    def __init__(self) -> None:
        self._users = 0
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def used(self) -> AsyncIterator[None]:
        """Receive while the block lasts."""
        self._users += 1
        if self._task is None:
            self._task = asyncio.create_task(self._always())
        try:
            yield
        finally:
            self._users -= 1
            if self._users == 0 and (task := self._task) is not None:
                self._task = None
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                self._forget()

    async def _always(self) -> None:
        while True:
            try:
                await self._receive()
            except Exception:
                log.exception("receiving from the engine failed")
                await asyncio.sleep(RETRY)

    async def _receive(self) -> None:
        """Receive for ever."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Nobody uses it any more: what was received grows old."""
