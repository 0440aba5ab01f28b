"""The server's eye on the engine: its latest status, how old that is, and whether its process lives."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol, TypeAlias

from daemon.errors import EngineError
from daemon.server.bell import Bell
from daemon.supervisor.processes import Process

PERIOD = 0.1
"""Time between two questions for the engine's status, s."""
VARYING = frozenset({"time", "loop_age", "analyst_age", "sequence", "room"})
"""Parts of the status that change all the time and are no news."""

EngineStatus: TypeAlias = dict[str, Any]


class EngineCalls(Protocol):
    """The engine as the server sees it; `daemon.engine_client.AsyncEngineClient` is one."""

    async def call(self, command: str, *, timeout: float | None = None, **arguments: object) -> Any:  # noqa: ANN401 - plain types
        """Give one command; raises EngineUnreachable or EngineRefused."""
        ...


class EngineWatch:
    """Asks the engine for its status again and again.

    Args:
        engine: the engine.
        patience: how long one answer may take, s.

    Attributes:
        status: the latest that it said; None before its first answer.
        error: why it did not answer last; empty if it did.
        news: rings when its status changed, or when it stopped or began to answer.
        looked: rings after every question, answered or not.
    """

    def __init__(self, engine: EngineCalls, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._heard = 0.0
        self._began = time.monotonic()
        self._process: Process | None = None
        self._asked = 0
        self._answered = 0
        self.status: EngineStatus | None = None
        self.error = "the engine has not answered yet"
        self.news = Bell()
        self.looked = Bell()

    @property
    def answers(self) -> bool:
        """Whether it answered when it was asked last."""
        return not self.error

    @property
    def age(self) -> float:
        """Time since it last answered, s; since the watch began if it never did."""
        return time.monotonic() - (self._heard or self._began)

    @property
    def pid(self) -> int | None:
        """The process that answered last."""
        return None if self.status is None else int(self.status["pid"])

    @property
    def process_alive(self) -> bool:
        """Whether the process that answered last still exists."""
        return self._process is not None and self._process.alive

    @property
    def state(self) -> str | None:
        """The engine's state, None where it does not answer."""
        return self.status["state"] if self.status is not None and self.answers else None

    async def look(self) -> EngineStatus | None:
        """Ask now; the status, or None where there is no answer."""
        self._asked += 1
        number = self._asked
        try:
            status = await self._engine.call("status", timeout=self._patience)
        except (EngineError, OSError) as error:
            self._take(number, None, str(error) or type(error).__name__)
            return None
        self._take(number, status, "")
        return status

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            began = time.monotonic()
            await self.look()
            await asyncio.sleep(max(PERIOD - (time.monotonic() - began), PERIOD / 10))

    def _take(self, number: int, status: EngineStatus | None, error: str) -> None:
        if number < self._answered:  # an answer that was overtaken by a later one is old news
            return
        self._answered = number
        changed = self.error != error
        self.error = error
        if status is not None:
            self._heard = time.monotonic()
            changed = changed or self.status is None or _lasting(status) != _lasting(self.status)
            if self.status is None or self.status["pid"] != status["pid"]:
                self._process = Process(int(status["pid"]))
            self.status = status
        if changed:
            self.news.ring()
        self.looked.ring()


def _lasting(status: EngineStatus) -> EngineStatus:
    return {name: value for name, value in status.items() if name not in VARYING}
