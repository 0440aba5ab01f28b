"""Asks a process again and again whether it is there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

Probe = Callable[[float], None]
"""Asks a process for a sign of life within so many seconds; raises whatever it likes when there is none."""
PERIOD = 0.5
"""Time between two questions, s."""

log = logging.getLogger(__name__)


class Pulse:
    """The signs of life of one process, asked for in a thread of its own, for asking may take long.

    Args:
        name: the process, for the name of the thread.
        probe: asks once.
        timeout: how long an answer may take, s.
    """

    def __init__(self, name: str, probe: Probe, timeout: float) -> None:
        self._probe, self._timeout = probe, timeout
        self._began = time.monotonic()
        self._last: float | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._ask, name=f"pulse-{name}", daemon=True).start()

    @property
    def felt(self) -> bool:
        """Whether it has ever answered."""
        return self._last is not None

    @property
    def silence(self) -> float:
        """Time since its last answer, or since we began to ask, s."""
        return time.monotonic() - (self._last or self._began)

    def end(self) -> None:
        """Asks no more; a question under way is not waited for."""
        self._ended.set()

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                self._probe(self._timeout)
                self._last = time.monotonic()
            except Exception as error:  # whatever goes wrong means the same: no answer
                log.debug("no answer: %s", error)
            self._ended.wait(PERIOD)
