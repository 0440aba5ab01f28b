"""Hands documents to those who watch, outside the RunEngine's loop."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

Watcher = Callable[[str, dict[str, Any]], None]


class DocumentFeed:
    """A callback for the RunEngine that only queues; one thread calls the watchers, in order.

    A watcher may take its time, and may raise: the loop never waits for it, and no run fails because of it.
    """

    def __init__(self) -> None:
        self._watchers: dict[int, Watcher] = {}
        self._tokens = itertools.count(1)
        self._queue: queue.SimpleQueue[tuple[str, dict[str, Any]] | threading.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="document-feed", daemon=True)
        self._thread.start()

    def __call__(self, name: str, document: dict[str, Any]) -> None:
        """Takes a document from the RunEngine."""
        if self._watchers:
            self._queue.put((name, document))

    def subscribe(self, watcher: Watcher) -> int:
        """Adds a watcher; returns a number for `unsubscribe`."""
        token = next(self._tokens)
        self._watchers = {**self._watchers, token: watcher}
        return token

    def unsubscribe(self, token: int) -> None:
        """Removes a watcher; one that is gone already is no mistake."""
        self._watchers = {key: watcher for key, watcher in self._watchers.items() if key != token}

    def drain(self, timeout: float) -> bool:
        """Waits until the watchers have seen every document sent so far; False when the time is up."""
        if threading.current_thread() is self._thread:
            return False
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(timeout)

    def close(self) -> None:
        """Ends the thread once everything that waits is handed on."""
        self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            for watcher in list(self._watchers.values()):
                try:
                    watcher(*item)
                except Exception:
                    log.exception("a watcher of documents failed on a %s document", item[0])
