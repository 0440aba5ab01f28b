"""Documents for any number of WebSockets: each complete and in order, however slow its client is.

The newest documents are in memory; a client that is further behind gets them from the runs' journals. So nobody's
documents wait anywhere for a slow client.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.engine_client import Published, documents
from daemon.engine_client.subscription import follows
from daemon.numbers import Number, format_number
from daemon.server.bell import Bell
from daemon.server.live.shared import Shared

if TYPE_CHECKING:
    from daemon.server.engine_watch import EngineWatch

KEPT = 4000
"""Newest documents in memory."""
BATCH = 500
"""Most documents that are read from the journals at once."""
IDLE = 0.5
"""Time without a document after which a client is told what the record has beyond what it knows, s."""


class DocumentsHub(Shared):
    """The documents that the engine publishes, while somebody listens.

    Args:
        data: the data folder.
        address: of the engine's socket for documents.
        watch: what the engine says; its numbers tell whether documents were missed.
        curve: gives the keys for the socket, if it asks for any.
    """

    def __init__(self, data: Path, address: str, watch: EngineWatch, curve: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self._data = data
        self._address = address
        self._watch = watch
        self._curve = curve
        self._numbers: list[Number] = []
        self._newest: list[Published] = []
        self._bell = Bell()

    async def follow(self, after: Number | None) -> AsyncIterator[list[Published]]:
        """Documents in batches, for ever; empty ones while nothing happens.

        Args:
            after: the last one that is known; None to begin with what comes next.
        """
        with self._bell.listener() as listener:
            async with self.used():
                last, rang = after or self._latest(), True
                while True:
                    batch = [] if last is None else await self._after(last, patient=rang)
                    yield batch
                    if batch:
                        last = batch[-1].number
                        continue
                    rang = await listener.wait(IDLE)
                    last = last or self._latest()

    async def _receive(self) -> None:
        async for one in documents(self._address, self._curve()):
            if self._numbers and not follows(one.number, self._numbers[-1]):
                self._numbers, self._newest = [], []  # a gap: who needs what was missed reads it from the record
            self._numbers.append(one.number)
            self._newest.append(one)
            if len(self._numbers) > 2 * KEPT:
                self._numbers, self._newest = self._numbers[-KEPT:], self._newest[-KEPT:]
            self._bell.ring()

    async def _after(self, last: Number, patient: bool) -> list[Published]:
        """What comes after a number: from memory, or from the record where that has more.

        Args:
            last: the number.
            patient: whether what the engine told of may still come by itself.
        """
        known = self._numbers
        covered = bool(known) and (last >= known[0] or follows(known[0], last))
        if covered:
            first = bisect_right(known, last)
            batch = self._newest[first : first + BATCH]
            if batch or patient:
                return batch
        if last >= self._told() and (covered or not known):
            return []
        return await asyncio.to_thread(recorded, self._data, last, BATCH)

    def _told(self) -> Number:
        """The last number that the engine told of."""
        status = self._watch.status
        return (0, 0) if status is None else (status["epoch"], status["sequence"])

    def _latest(self) -> Number | None:
        newest = max(self._told(), self._numbers[-1] if self._numbers else (0, 0))
        return newest if newest > (0, 0) else None

    def _forget(self) -> None:
        self._numbers, self._newest = [], []


def recorded(data: Path, after: Number | None, limit: int) -> list[Published]:
    """Documents after a number, from the journals; blocks."""
    from daemon.runs.numbered import documents_after

    return [Published(one.number, one.name, one.document) for one in documents_after(data, after, limit)]


def as_json(one: Published) -> bytes:
    """A document as `["EPOCH:SEQUENCE", name, document]`; what is not finite becomes null, for JSON has no NaN."""
    from pydantic_core import to_json

    return to_json([format_number(one.number), one.name, one.document], inf_nan_mode="null", fallback=str)
