"""Simulated time: as fast as possible, in real time, or a fixed number of times faster."""

from __future__ import annotations

import heapq
import itertools
import logging
import re
import threading
import time
from collections.abc import Callable

from simulators.errors import ClockClosedError, SimulatorError

logger = logging.getLogger(__name__)

LINGER = 0.5
"""How long the timer thread waits for more to do before it ends, s of wall time."""


class Timer:
    """A callback that a clock will call; can be cancelled until then."""

    __slots__ = ("_changed", "callback", "due")

    def __init__(self, due: float, callback: Callable[[], None], changed: threading.Condition) -> None:
        self.due = due
        self.callback: Callable[[], None] | None = callback
        self._changed = changed

    def cancel(self) -> None:
        """Forget the callback; does nothing when it has been called already."""
        with self._changed:
            self.callback = None
            self._changed.notify_all()


class SimulatedClock:
    """A clock for virtual hardware.

    With a rate, simulated time follows the wall clock, and callbacks come from one daemon thread that ends when it
    has had nothing to do for a while. Without one, ``call_after`` lets time jump and calls back before it returns, in
    the order of their times; a callback that schedules more is called back after it has returned.

    Args:
        rate: Simulated seconds per second of wall time; None is as fast as possible.
        start: Simulated time at the start, s since 1970; None is now.

    Attributes:
        rate: As given.

    Raises:
        SimulatorError: The rate is not positive.
    """

    def __init__(self, rate: float | None = None, start: float | None = None) -> None:
        if rate is not None and not 0 < rate < float("inf"):
            raise SimulatorError(f"a clock's rate must be a positive number or None, not {rate!r}")
        self.rate = rate
        self._start = time.time() if start is None else float(start)
        self._origin = time.monotonic()
        self._now = self._start
        self._timers: list[tuple[float, int, Timer]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._draining = False
        self._closed = False

    @classmethod
    def from_name(cls, name: str) -> SimulatedClock:
        """Make a clock from its name in the settings.

        Args:
            name: ``"fastest"``, ``"real"``, or ``"x10"`` for ten times faster.

        Raises:
            SimulatorError: The name is none of these.
        """
        if name == "fastest":
            return cls(None)
        if name == "real":
            return cls(1.0)
        match = re.fullmatch(r"x(\d+(?:\.\d+)?)", name)
        if match and float(match[1]) > 0:
            return cls(float(match[1]))
        raise SimulatorError(f"unknown clock {name!r}: choose 'fastest', 'real', or 'x10' for ten times faster")

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        if self.rate is None:
            return self._now
        return self._start + (time.monotonic() - self._origin) * self.rate

    def call_after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` once, ``seconds`` of simulated time from now.

        Args:
            seconds: When; 0 or less is as soon as possible.
            callback: What to call; must not block.

        Returns:
            The timer, which can be cancelled.

        Raises:
            ClockClosedError: The clock is closed.
        """
        with self._changed:
            if self._closed:
                raise ClockClosedError("the clock of the simulator is closed")
            timer = Timer(self.time() + max(0.0, seconds), callback, self._changed)
            heapq.heappush(self._timers, (timer.due, next(self._number), timer))
            if self.rate is not None:
                self._wake_thread()
                return timer
            if self._draining:
                return timer
            self._draining = True
        self._drain()
        return timer

    def close(self) -> None:
        """Forget what is still to come and end the thread."""
        with self._changed:
            self._closed = True
            self._timers.clear()
            thread = self._thread
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _drain(self) -> None:
        """Let time jump from one timer to the next until there are none (fastest)."""
        while True:
            with self._changed:
                if not self._timers:
                    self._draining = False
                    return
                due, _, timer = heapq.heappop(self._timers)
                if timer.callback is not None:
                    self._now = max(self._now, due)
            _fire(timer)

    def _wake_thread(self) -> None:
        """Tell the timer thread of a new timer; start it where there is none. Called with the lock held."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="simulated-clock", daemon=True)
            self._thread.start()
        else:
            self._changed.notify_all()

    def _run(self) -> None:
        """Call back at the right times until the clock is closed or idle."""
        while (timer := self._next_due()) is not None:
            _fire(timer)

    def _next_due(self) -> Timer | None:
        """Wait for the next timer that is due; None when the thread should end."""
        with self._changed:
            while not self._closed:
                while self._timers and self._timers[0][2].callback is None:
                    heapq.heappop(self._timers)
                if self._timers:
                    left = (self._timers[0][0] - self.time()) / (self.rate or 1.0)
                    if left <= 0:
                        return heapq.heappop(self._timers)[2]
                    self._changed.wait(left)
                elif not self._changed.wait(LINGER) and not self._timers:
                    break
            self._thread = None
            return None


def _fire(timer: Timer) -> None:
    """Call a timer's callback once; a failure is logged, for the clock must go on."""
    callback, timer.callback = timer.callback, None
    if callback is None:
        return
    try:
        callback()
    except Exception:
        logger.exception("A callback of the simulated clock failed")
