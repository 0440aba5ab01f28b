"""A status that any thread may finish and that costs no thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from bluesky.protocols import Status as StatusProtocol

logger = logging.getLogger(__name__)


class Status(StatusProtocol):
    """Whether an operation has ended, and how: bluesky's ``Status`` protocol.

    ophyd's own statuses start a thread each to run their callbacks. Three of them per point cost more than the
    rest of a device's work, and each hand-over may wait for the interpreter's switch interval (5 ms) while
    another thread computes. Here callbacks run in the thread that finishes the status; bluesky's only hands on
    to its event loop.

    Args:
        what: What is under way, for messages (``"stage_x to 5 µm"``).
        device: Name of the device whose operation it is; empty where it is nobody's.
    """

    def __init__(self, what: str = "operation", device: str = "") -> None:
        self.what = what
        self.device = device
        self._lock = threading.Lock()
        self._event: threading.Event | None = None
        self._callbacks: list[Callable[[Any], None]] = []
        self._done = False
        self._exception: Exception | None = None

    @classmethod
    def finished(cls, what: str = "operation") -> Status:
        """Make a status that has succeeded already."""
        status = cls(what)
        status._done = True
        return status

    @property
    def done(self) -> bool:
        """Whether the operation has ended."""
        return self._done

    @property
    def success(self) -> bool:
        """Whether the operation has ended well."""
        return self._done and self._exception is None

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Return why the operation failed, or None.

        Args:
            timeout: How long to wait for its end, s; None waits for ever.

        Raises:
            TimeoutError: The operation goes on still.
        """
        if not self._done and not self._wait_event().wait(timeout):
            raise TimeoutError(f"{self.what}: not done after {timeout:g} s")
        return self._exception

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end of the operation, and raise the failure if it failed.

        Args:
            timeout: How long to wait, s; None waits for ever.

        Raises:
            TimeoutError: The operation goes on still.
        """
        if (error := self.exception(timeout)) is not None:
            raise error

    def add_callback(self, callback: Callable[[Any], None]) -> None:
        """Call ``callback(status)`` when the operation ends, or now when it has ended."""
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def set_finished(self) -> None:
        """End the operation well; has no effect when it has ended."""
        self._end(None)

    def set_exception(self, error: Exception) -> None:
        """End the operation as failed; has no effect when it has ended."""
        self._end(error)

    def finish(self, error: Exception | None) -> None:
        """End the operation: the ``done`` callback that a back-end takes."""
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        """Settle the outcome once and tell everyone."""
        with self._lock:
            if self._done:
                return
            self._exception = error
            self._done = True
            callbacks, self._callbacks = self._callbacks, []
            if self._event is not None:
                self._event.set()
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                # The next in line must hear of the end all the same.
                logger.exception("A callback of the status of %s failed", self.what)

    def _wait_event(self) -> threading.Event:
        """Return the event to wait on; made only where somebody waits."""
        with self._lock:
            if self._event is None:
                self._event = threading.Event()
                if self._done:
                    self._event.set()
            return self._event

    def __repr__(self) -> str:
        state = "failed" if self._exception else "done" if self._done else "under way"
        return f"<Status of {self.what}: {state}>"
