"""When a process is to end: an event that a signal may set at any instant."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
import weakref
from collections.abc import Iterator


class Ending:
    """Whether the process is to end.

    `threading.Event` is not for this. A handler of a signal runs in the main thread, between any two of its
    instructions, and hangs for ever if these were inside `Event.wait`, which holds the lock that `set` needs; and a
    signal that another thread of the process happens to receive does not wake a main thread that waits for a lock.
    A byte in a pipe knows neither: nothing is locked, and whoever waits for it is woken.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        weakref.finalize(self, _close, self._read, self._write)
        self._told = False

    def set(self) -> None:
        """The process is to end; said by any thread, or by a handler of a signal."""
        self._told = True
        with contextlib.suppress(BlockingIOError):  # full of bytes that nobody has read: it wakes already
            os.write(self._write, b"\0")

    def is_set(self) -> bool:
        """Whether it is to end."""
        return self._told

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the process is to end; for one thread only.

        Args:
            seconds: how long at most; None for ever.

        Returns:
            Whether it is to end.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._told:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            ready, _, _ = select.select([self._read], [], [], left)
            if not ready:
                break
            with contextlib.suppress(BlockingIOError):  # other signals wake us, too
                os.read(self._read, 4096)
        return self._told

    @contextlib.contextmanager
    def told_by(self, *numbers: signal.Signals) -> Iterator[None]:
        """Lets signals set it for the length of a block, which the main thread runs.

        A second one changes nothing: the safe end is under way.
        """
        woken = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        before = {number: signal.signal(number, lambda *_: self.set()) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(woken)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
